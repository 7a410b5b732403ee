"""What worked is put to use at its places, with a holdout, under the approval of a second person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client

from campaign.follow_up.use import put_to_use
from campaign.lifecycle import arm_pauses, frozen_plan, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.draft_versions import may_approve
from campaign.models import Campaign
from campaign.placements.changes import placement_status
from campaign.serving.snapshot import compile_snapshot
from campaign.serving.snapshot_file import SnapshotFile
from campaign.wizard.sample_size import SampleSizeInputs, needed_people
from tests import world

pytestmark = pytest.mark.django_db

PLAN = {"expected_rate": 0.35, "smallest_difference": 0.05, "planned_per_arm": 4_000, "monitoring": "group-sequential"}


def use_of(trial: Campaign, key: str = "victim", holdout: int = 10) -> Campaign:
    return put_to_use(
        trial, key, holdout=holdout, placements=list(trial.placements.all()), by=world.person("mara", "manager")
    )


def launch(campaign: Campaign) -> None:
    campaign.refresh_from_db()
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara", "manager"), now=world.NOON - timedelta(hours=1))


def shares(site: world.AudienceSite, campaign: Campaign, *, draws: int = 400) -> dict[str, int]:
    for _ in range(draws):
        site.decide(locale="en")
    return world.served_counts(campaign, site)


def shown(site: world.AudienceSite) -> set[int]:
    """Of which campaigns forty visitors are shown a message."""
    hour, given = int(site.now) // 3600, [site.decide(locale="en").json["receipt"] for _ in range(40)]
    return {site.receipt_signer.verify(receipt, hour=hour).campaign for receipt in given}


def database_is_away(*_arguments: object) -> object:
    raise OperationalError("connection refused")


class TestItsPlan:
    def test_is_that_of_the_trial_for_one_comparison_that_may_be_looked_at_any_time(self) -> None:
        trial = world.launched(plan=PLAN, margins={"annoyed": 0.05})
        plan = use_of(trial).plan
        assert (plan.comparisons, plan.monitoring, plan.looks) == ([["victim", "neutral"]], "always-valid", [0.1, 1.0])
        told = [(each.outcome, each.role, each.harm_margin) for each in plan.outcomes.all()]
        assert told == [("turned_back", "primary", None), ("annoyed", "guardrail", 0.05)]

    def test_asks_for_more_people_because_few_keep_the_control(self) -> None:
        # 1 of 10 keeps it: the shares .9 and .1 have 1/(.9 x .1) = 11.1 times the variance of one arm, equal ones 4.
        trial = world.launched(plan=PLAN)
        tenth, twentieth = use_of(trial).plan, use_of(trial, holdout=5).plan
        assert 2.6 < tenth.planned_people / needed_by_equal_shares() < 2.95
        assert 1.8 < twentieth.planned_people / tenth.planned_people < 2.0

    def test_says_that_it_is_in_use_and_a_trial_does_not_turn_into_one(self) -> None:
        trial = world.launched(plan=PLAN)
        use = use_of(trial)
        launch(use)
        assert frozen_plan.current_plan_content(use.plan)["purpose"] == "use"
        assert not frozen_plan.changed_plans([trial.pk, use.pk])
        Campaign.objects.filter(pk=trial.pk).update(purpose="use")
        Campaign.objects.filter(pk=use.pk).update(purpose="trial")
        assert set(frozen_plan.changed_plans([trial.pk, use.pk])) == {trial.pk, use.pk}


def needed_by_equal_shares() -> int:
    return needed_people(
        SampleSizeInputs(
            expected_rate=0.35, smallest_difference=0.05, weights=(1, 1), per_day=0, monitoring="always-valid"
        )
    )


class TestItsApproval:
    def test_it_waits_for_a_second_person(self) -> None:
        use = use_of(world.launched(plan=PLAN))
        assert use.state == Campaign.State.SUBMITTED
        world.person("mara", "reviewer")
        with pytest.raises(ActionRefused, match="You cannot approve a campaign that you changed"):
            world.approve(use, by=world.person("mara"))
        launch(use)
        assert use.state == Campaign.State.RUNNING

    @pytest.mark.parametrize(("key", "holdout"), [("neutral", 10), ("nobody", 10), ("victim", 50)])
    def test_nothing_else_can_be_put_to_use(self, key: str, holdout: int) -> None:
        trial = world.launched(plan=PLAN)
        with pytest.raises(ActionRefused):
            use_of(trial, key, holdout)
        assert Campaign.objects.count() == 1

    def test_nor_can_a_message_that_was_stopped_for_harm(self) -> None:
        trial = world.launched(plan=PLAN)
        arm = trial.arms.get(key="victim")
        arm_pauses.pause_arm(arm, reason="It hurts.", by=world.person("mara", "manager"), now=world.NOON)
        with pytest.raises(ActionRefused, match="is stopped in the trial"):
            use_of(trial)


class TestWhatVisitorsSee:
    def test_nine_of_ten_see_the_message_and_one_keeps_the_control(self) -> None:
        trial = world.launched(plan=PLAN)
        use = use_of(trial)
        transitions.close(trial, by=world.person("mara", "manager"), now=world.NOON)
        launch(use)
        counts = shares(world.AudienceSite(), use)
        assert 0.04 < counts["neutral"] / 400 < 0.17  # 0.1, and four standard errors of 400 draws

    def test_nobody_keeps_the_control_without_a_holdout(self) -> None:
        trial = world.launched(plan=PLAN)
        use = use_of(trial, holdout=0)
        transitions.close(trial, by=world.person("mara", "manager"), now=world.NOON)
        launch(use)
        assert shares(world.AudienceSite(), use, draws=60) == {"victim": 60}

    def test_all_of_its_texts_are_shown_in_turn_but_for_one_that_was_stopped(self) -> None:
        trial = world.launched(plan=PLAN, texts=3)
        arm = trial.arms.get(key="victim")
        arm_pauses.stop_text(arm.texts.get(position=1), reason="x", by=world.person("mara", "manager"), now=world.NOON)
        use = use_of(trial)
        assert [arm.texts.count() for arm in use.arms.order_by("position")] == [3, 2]

    def test_a_matched_set_is_left_out_whole_if_one_of_its_texts_was_stopped(self) -> None:
        trial = world.launched(plan=PLAN, texts=3, design="matched")
        arm = trial.arms.get(key="victim")
        arm_pauses.stop_text(arm.texts.get(position=1), reason="x", by=world.person("mara", "manager"), now=world.NOON)
        use = use_of(trial)
        assert [arm.texts.count() for arm in use.arms.order_by("position")] == [2, 2]

    def test_whoever_stopped_a_text_chose_those_that_are_left_and_does_not_approve_them(self) -> None:
        trial = world.launched(plan=PLAN, texts=3)
        stopped = trial.arms.get(key="victim").texts.get(position=1)
        arm_pauses.stop_text(stopped, reason="x", by=world.person("ruth", "reviewer"), now=world.NOON)
        use = use_of(trial)
        assert not may_approve(use, world.person("ruth"))
        assert may_approve(use, world.person("rafael", "reviewer"))

    def test_a_trial_goes_before_it_and_it_comes_back(self) -> None:
        trial = world.launched(plan=PLAN)
        use = use_of(trial)
        launch(use)
        site, place = world.AudienceSite(), trial.placements.get()
        assert shares(site, use, draws=5) == {}
        status = placement_status(place, now=world.NOON)
        assert status.campaign == trial
        transitions.close(trial, by=world.person("mara", "manager"), now=world.NOON)
        site.refresh()
        assert sum(shares(site, use, draws=5).values()) == 5

    def test_it_is_shown_until_a_trial_that_waits_for_its_start_has_begun(self) -> None:
        trial = world.launched("first", plan=PLAN)
        use = use_of(trial)
        transitions.close(trial, by=world.person("mara", "manager"), now=world.NOON)
        launch(use)
        later = world.draft("second", plan=PLAN)
        Campaign.objects.filter(pk=later.pk).update(starts_at=world.NOON + timedelta(days=1))
        later.refresh_from_db()
        transitions.submit(later, by=world.person("mara", "manager"))
        launch(later)
        assert later.state == Campaign.State.SCHEDULED
        site = world.AudienceSite()
        assert sum(shares(site, use, draws=5).values()) == 5
        transitions.start_due_campaigns(now=world.NOON + timedelta(days=1))
        site.now += 86_400
        site.refresh()
        assert sum(shares(site, later, draws=5).values()) == 5

    @pytest.mark.parametrize("slots", [(1, 100), (1, 60)])
    def test_the_clock_alone_begins_and_ends_a_trial_above_it(self, slots: tuple[int, int]) -> None:
        """No worker runs, and the database is away: nothing is compiled anew."""
        first = world.launched("first", plan=PLAN)
        use = use_of(first)
        transitions.close(first, by=world.person("mara", "manager"), now=world.NOON)
        launch(use)
        begins, ends = world.NOON + timedelta(days=1), world.NOON + timedelta(days=2)
        later = world.draft("second", plan=PLAN, slots=slots)
        Campaign.objects.filter(pk=later.pk).update(starts_at=begins, ends_at=ends)
        later.refresh_from_db()
        transitions.submit(later, by=world.person("mara", "manager"))
        launch(later)
        site = world.AudienceSite()
        beside = {later.pk} if slots == (1, 100) else {later.pk, use.pk}
        with connection.execute_wrapper(database_is_away):
            for moment, campaigns in ((world.NOON, {use.pk}), (begins, beside), (ends, {use.pk})):
                for seconds in (0, 3600):
                    site.now = moment.timestamp() + seconds
                    assert shown(site) == campaigns

    def test_a_trial_ahead_and_what_is_in_use_are_both_kept_on_the_disk(self, tmp_path: Path) -> None:
        first = world.launched("first", plan=PLAN)
        launch(use_of(first))
        compiled, file = compile_snapshot(), SnapshotFile(tmp_path / "kept", key_directory=tmp_path)
        file.write(compiled)
        assert file.read() == compiled
        assert compiled.placements["quiet-page"].otherwise is not None

    def test_two_are_not_in_use_at_one_place(self) -> None:
        trial = world.launched(plan=PLAN)
        launch(use_of(trial))
        other = use_of(trial, "user")
        with pytest.raises(ActionRefused, match="is already running at one of these placements"):
            launch(other)


def test_the_launch_page_says_that_a_running_trial_is_shown_first(client: Client) -> None:
    trial = world.launched(plan=PLAN)
    use = use_of(trial)
    world.approve(use)
    world.sign_in(client, world.person("mara", "manager"))
    shown_first = "Where a trial is running, once that trial ends: The pilot."
    at_once = "Immediately: the next visitor sees one of its messages."
    html = client.get(f"/campaigns/{use.slug}/launch/").content.decode()
    assert shown_first in html
    assert at_once not in html
    transitions.close(trial, by=world.person("mara", "manager"), now=world.NOON)
    html = client.get(f"/campaigns/{use.slug}/launch/").content.decode()
    assert at_once in html
    assert shown_first not in html
