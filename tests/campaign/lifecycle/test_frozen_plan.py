"""A frozen plan stays what it was, in all of its tables, and a change past the triggers is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from analytics.looks.evaluate import PlanChanged, evaluate
from campaign.lifecycle import arm_pauses, clone, frozen_plan, transitions
from campaign.lifecycle.frozen_plan import canonical_json, changed_plans, fingerprint_of, plan_content
from campaign.models import AnalysisPlan, Arm, ArmText, Campaign, PlannedOutcome
from campaign.record_triggers import restore_triggers
from messages.audit import signed_head
from messages.audit.hash_chain import ChainEntry, Head, digest_of
from messages.models import AuditEntry, Rendition
from messages.review import workflow
from tests import world

pytestmark = pytest.mark.django_db

CHANGES: dict[str, tuple[Callable[[], object], str]] = {
    # each statement of SQL, and the key of the plan that it would change
    "another outcome": (lambda: PlannedOutcome.objects.filter(role="primary").update(outcome="left"), "outcomes"),
    "another margin": (lambda: PlannedOutcome.objects.filter(role="guardrail").update(harm_margin=0.5), "outcomes"),
    "one outcome less": (lambda: PlannedOutcome.objects.filter(role="guardrail").delete(), "outcomes"),
    "one outcome more": (
        lambda: PlannedOutcome.objects.create(plan=AnalysisPlan.objects.get(), outcome="left", role="secondary"),
        "outcomes",
    ),
    "another weight": (lambda: Arm.objects.filter(key="both").update(weight=9), "arms"),
    "another control": (lambda: Arm.objects.filter(key="neutral").update(is_control=False), "arms"),
    "other words": (
        lambda: ArmText.objects.filter(arm__key="both").update(revision=Arm.objects.get(key="user").first_revision),
        "arms",
    ),
    "arms in another order": (lambda: Arm.objects.filter(key="neutral").update(position=9), "arms"),
    "one arm more": (
        lambda: Arm.objects.create_with_texts(
            [Arm.objects.get(key="user").first_revision], campaign=Campaign.objects.get(), key="more", name="More"
        ),
        "arms",
    ),
    "one text more": (
        lambda: ArmText.objects.create(
            arm=Arm.objects.get(key="both"), position=1, revision=Arm.objects.get(key="user").first_revision
        ),
        "arms",
    ),
    "one arm less": (lambda: Arm.objects.filter(key="both").delete(), "arms"),
    "another name of an arm": (lambda: Arm.objects.filter(key="both").update(name="Victim"), "arms"),
    "another salt": (lambda: Campaign.objects.update(salt="chosen"), "salt_sha256"),
    "another hypothesis": (lambda: Campaign.objects.update(hypothesis="What we found."), "hypothesis"),
    "another unit": (lambda: Campaign.objects.update(unit="session"), "unit"),
    "another ethics board": (lambda: Campaign.objects.update(ethics_reference="Board 9"), "ethics"),
    "one place more": (lambda: Campaign.objects.get().placements.add(world.placement("side-page")), "placements"),
    "one place less": (lambda: Campaign.objects.get().placements.clear(), "placements"),
    "another design of texts": (lambda: AnalysisPlan.objects.update(texts="matched"), "texts"),
    "another level": (lambda: AnalysisPlan.objects.update(level=0.5), "level"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_refuses_to_change_any_part_of_a_frozen_plan(change: str) -> None:
    world.launched()
    with pytest.raises(IntegrityError, match="frozen plan"), transaction.atomic():
        CHANGES[change][0]()


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_lets_each_part_of_a_draft_be_changed(change: str) -> None:
    world.draft()
    CHANGES[change][0]()


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_past_the_triggers_is_found(change: str) -> None:
    act, key = CHANGES[change]
    campaign = world.launched()
    assert changed_plans([campaign.pk]) == {}
    world.drop_triggers()
    act()
    assert key in changed_plans([campaign.pk])[campaign.pk]


BESIDE = {
    # what sentences rest on beside the plan's own tables
    "what messages appeal to": "UPDATE messaging_message SET frame = 'other' WHERE frame = 'user'",
    "the set of a text": "UPDATE messaging_message SET matched_set = key WHERE frame = 'user'",
    "words below their digest": "UPDATE messaging_rendition SET body = 'Other words.'",
    "the claim of words": "UPDATE messaging_revision SET claim_strength = 'value'",
    "the position of a text": "UPDATE campaign_armtext SET position = 9 WHERE position = 1",
}


@pytest.mark.parametrize("statement", BESIDE)
def test_what_a_sentence_rests_on_beside_the_plan_is_refused_and_found(statement: str) -> None:
    campaign = world.launched(texts=2)
    with connection.cursor() as cursor:
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute(BESIDE[statement])
        world.drop_triggers()
        cursor.execute(BESIDE[statement])
    assert "arms" in changed_plans([campaign.pk])[campaign.pk]


def test_arms_that_swapped_their_names_are_found() -> None:
    campaign = world.launched()
    world.drop_triggers()
    with connection.cursor() as cursor:
        for name, other in (("Neutral", "x"), ("Victim", "Neutral"), ("x", "Victim")):
            cursor.execute("UPDATE campaign_arm SET name = %s WHERE name = %s", [other, name])
    assert changed_plans([campaign.pk]) == {campaign.pk: ["arms"]}


def rewrite(plan: AnalysisPlan) -> None:
    """Write a plan's text and hash anew, so that they agree with its rows."""
    plan.canonical = canonical_json(plan_content(plan))
    AnalysisPlan.objects.update(canonical=plan.canonical, fingerprint=fingerprint_of(plan.canonical))


def test_a_plan_whose_text_alone_was_replaced_is_found() -> None:
    campaign = world.launched()
    world.drop_triggers()
    AnalysisPlan.objects.update(canonical=campaign.plan.canonical.replace("0.95", "0.50"))
    assert changed_plans([campaign.pk]) == {campaign.pk: ["fingerprint"]}


@pytest.mark.parametrize("change", CHANGES)
def test_a_plan_whose_rows_text_and_hash_were_all_replaced_is_not_the_one_on_record(change: str) -> None:
    campaign = world.launched()
    world.drop_triggers()
    CHANGES[change][0]()
    rewrite(AnalysisPlan.objects.get())
    assert changed_plans([campaign.pk]) == {campaign.pk: ["fingerprint"]}


def test_nor_is_it_once_the_entry_of_the_launch_was_replaced_too_or_another_was_put_behind_it() -> None:
    campaign = world.launched()
    world.drop_triggers()
    AnalysisPlan.objects.update(level=0.5)
    rewrite(AnalysisPlan.objects.get())
    launch = AuditEntry.objects.get(action="campaign-launch")
    detail = {"plan": AnalysisPlan.objects.get().fingerprint}
    AuditEntry.objects.filter(pk=launch.pk).update(detail=detail)
    assert changed_plans([campaign.pk]) == {campaign.pk: ["fingerprint"]}
    last = AuditEntry.objects.latest("number")
    own = {field.name: getattr(launch, field.name) for field in fields(ChainEntry)}
    forged = ChainEntry(**own | {"number": last.number + 1, "detail": detail, "previous": last.digest})
    forged = replace(forged, digest=digest_of(forged))
    AuditEntry.objects.create(**asdict(forged))
    assert changed_plans([campaign.pk]) == {campaign.pk: ["fingerprint"]}


def test_what_one_network_may_count_for_stays_as_it_was_at_the_launch_until_the_campaign_is_closed() -> None:
    campaign = world.launched(at=world.placement(network_share=10))
    campaign.placements.update(network_share=50)
    assert changed_plans([campaign.pk]) == {campaign.pk: ["network_shares"]}
    transitions.close(campaign, by=world.person("mara"), now=world.NOON)
    assert changed_plans([campaign.pk]) == {}


def test_a_share_that_was_declared_for_one_network_after_the_launch_is_found() -> None:
    campaign = world.launched()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE campaign_placement SET network_share = 100")
    assert changed_plans([campaign.pk]) == {campaign.pk: ["network_shares"]}


def approve_spanish(campaign: Campaign) -> None:
    for arm in campaign.arms.all():
        spanish = Rendition.objects.create(revision=arm.first_revision, locale="es", headline="Hola", body="Palabras.")
        workflow.submit(spanish, now=world.NOON)
        workflow.approve(spanish, by=None, now=world.NOON)


def test_a_language_that_was_approved_later_is_found_once_sql_offers_it() -> None:
    campaign = world.launched()
    approve_spanish(campaign)
    assert changed_plans([campaign.pk]) == {}
    world.drop_triggers()
    with connection.cursor() as cursor:
        cursor.execute("""UPDATE campaign_campaign SET locales = '["en", "es"]'""")
    assert changed_plans([campaign.pk]) == {campaign.pk: ["arms"]}


class TestACampaignWithoutAnEntry:
    """The launch is looked up by the campaign's name: whoever holds the database can change that too."""

    def renamed(self, **fields: object) -> Campaign:
        """A campaign whose name, level, text and hash were all replaced."""
        campaign = world.launched()
        world.drop_triggers()
        Campaign.objects.update(slug="another", **fields)
        AnalysisPlan.objects.update(level=0.5)
        rewrite(AnalysisPlan.objects.get())
        return campaign

    def test_is_not_as_it_was_launched(self) -> None:
        campaign = self.renamed(launched_at=timezone.now())
        assert changed_plans([campaign.pk]) == {campaign.pk: ["campaign"]}

    def test_nor_if_it_says_that_it_is_older_than_the_record(self) -> None:
        campaign = self.renamed(launched_at=datetime(2020, 1, 1, tzinfo=UTC))
        assert changed_plans([campaign.pk]) == {campaign.pk: ["campaign"]}

    def test_nor_if_another_campaign_was_given_its_name(self) -> None:
        campaign = self.renamed(launched_at=datetime(2020, 1, 1, tzinfo=UTC))
        world.draft(at=world.placement("side-page"))
        assert campaign.pk in changed_plans([campaign.pk])

    def test_nor_if_another_took_over_its_name_its_salt_and_its_plan(self) -> None:
        campaign = world.launched()
        old, decoy = campaign.plan, clone.clone_campaign(campaign, by=world.person("mara"))
        world.drop_triggers()
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        fields = {"locales": campaign.locales, "salt": campaign.salt, "state": "closed", "launched_at": long_ago}
        Campaign.objects.filter(pk=campaign.pk).update(slug="moved", launched_at=long_ago)
        Campaign.objects.filter(pk=decoy.pk).update(slug="pilot", **fields)
        frozen = {"canonical": old.canonical, "fingerprint": old.fingerprint, "frozen_at": long_ago}
        AnalysisPlan.objects.filter(campaign=decoy).update(**frozen)
        moved = AnalysisPlan.objects.get(campaign=campaign)
        moved.level = 0.5
        moved.save()
        canonical = canonical_json(plan_content(moved))
        AnalysisPlan.objects.filter(pk=moved.pk).update(canonical=canonical, fingerprint=fingerprint_of(canonical))
        both = [campaign.pk, decoy.pk]
        assert changed_plans(both) == {pk: ["campaign"] for pk in both}

    def test_that_is_older_than_the_record_keeps_its_results(self) -> None:
        campaign = world.launched()
        world.drop_triggers()
        AuditEntry.objects.all().delete()
        Campaign.objects.update(launched_at=datetime(2020, 1, 1, tzinfo=UTC))
        world.launched("later", at=world.placement("side-page"))
        assert changed_plans([campaign.pk]) == {campaign.pk: ["campaign"]}  # here it was sealed from the start
        last = AuditEntry.objects.latest("number")
        signed_head.write_note(signed_head.Note(Head(last.number, last.digest), sealed_from=2))
        assert changed_plans([campaign.pk]) == {}

    def test_that_was_frozen_and_marked_as_running_by_sql_alone_is_not_older_than_the_record(self) -> None:
        campaign = world.draft()
        content = canonical_json(plan_content(campaign.plan))
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        frozen = {"canonical": content, "fingerprint": fingerprint_of(content), "frozen_at": long_ago}
        AnalysisPlan.objects.update(**frozen)
        Campaign.objects.update(state="running", launched_at=long_ago, starts_at=long_ago, locales=["en"])
        assert changed_plans([campaign.pk])
        with pytest.raises(PlanChanged):
            evaluate(campaign, now=world.NOON)

    @pytest.mark.parametrize("state", ["running", "closed", "draft"])
    def test_that_was_launched_and_says_that_it_was_not(self, state: str) -> None:
        campaign = world.launched()
        world.drop_triggers()
        AnalysisPlan.objects.update(frozen_at=None, level=0.5)
        Campaign.objects.update(launched_at=None, state=state)
        assert changed_plans([campaign.pk])
        AnalysisPlan.objects.update(frozen_at=world.NOON)
        assert changed_plans([campaign.pk])


def test_a_launched_campaign_is_not_deleted_nor_its_plan() -> None:
    campaign = world.launched()
    with connection.cursor() as cursor:
        for table in ("campaign_analysisplan", "campaign_campaign"):
            with pytest.raises(IntegrityError), transaction.atomic():
                cursor.execute(f"DELETE FROM {table}")
    assert Campaign.objects.get() == campaign


def test_pauses_and_later_languages_are_no_change() -> None:
    campaign = world.launched()
    mara: User = world.person("mara", "manager")
    arm_pauses.pause_arm(campaign.arms.get(key="both"), by=mara, reason="It may frighten.", now=world.NOON)
    approve_spanish(campaign)
    workflow.withdraw(
        campaign.arms.get(key="user").first_revision.renditions.get(locale="en"),
        by=world.person("rafael", "reviewer"),
        now=world.NOON,
        reason="It may frighten.",
    )
    assert changed_plans([campaign.pk]) == {}


def test_a_plan_that_an_earlier_version_froze_with_fewer_keys_is_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    later = ("ethics", "power", "factorial", "network_shares")
    later_of_arms = ("name", "text", "frame", "matched_set")

    def fewer(plan: AnalysisPlan) -> dict[str, object]:
        content = plan_content(plan)
        arms = [{key: value for key, value in arm.items() if key not in later_of_arms} for arm in content["arms"]]
        return {key: value for key, value in content.items() if key not in later} | {"arms": arms}

    with monkeypatch.context() as patch:
        patch.setattr(frozen_plan, "plan_content", fewer)
        campaign = world.launched("earlier")
    assert "ethics" not in json.loads(campaign.plan.canonical)
    assert changed_plans([campaign.pk]) == {}


def test_a_plan_of_one_text_an_arm_has_no_key_for_the_design_so_that_older_ones_keep_their_fingerprint() -> None:
    assert "texts" not in plan_content(world.launched().plan)
    assert plan_content(world.draft("sets", texts=2, design="matched").plan)["texts"] == "matched"


def test_many_plans_take_as_many_queries_as_one(django_assert_num_queries: Callable[[int], object]) -> None:
    first = world.launched()
    second = world.launched("second", at=world.placement("side-page"))
    for pks in ([first.pk], [first.pk, second.pk]):
        changed_plans(pks)  # from now on, what it asks is what it asked
        with django_assert_num_queries(17):  # type: ignore[attr-defined]  # a context manager
            changed_plans(pks)


def test_triggers_are_back_after_they_were_dropped_for_a_migration() -> None:
    world.launched()
    world.drop_triggers()
    restore_triggers(using="default")
    with pytest.raises(IntegrityError, match="frozen plan"), transaction.atomic():
        Arm.objects.update(weight=2)
