"""Concurrent changes by two people. PostgreSQL must give the same result as SQLite, which serializes writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from analytics.looks.evaluate import evaluate
from analytics.models import Analysis
from campaign.lifecycle import transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Campaign, Deviation
from campaign.placements import changes
from messages.audit import log
from messages.editor import save
from messages.help_links import directory
from messages.models import AuditEntry, HelpLink, Rendition, Revision
from messages.proposals import ProposalRefused, proposal_digest
from messages.review import workflow
from messages.stale_copies import StaleCopy, digest_of
from tests import world

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.only_on("postgresql", reason="SQLite lets one transaction write at a time"),
]
Meanwhile = Callable[[Callable[[], Any]], "Future[Any]"]


@pytest.fixture
def meanwhile() -> Iterator[Meanwhile]:
    """Run a function in another thread, on its own connections, and check that it waits."""

    def closing(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    def start(work: Callable[[], Any]) -> Future[Any]:
        future = pool.submit(closing, work)
        with pytest.raises(TimeoutError):
            future.result(timeout=0.5)
        return future

    with ThreadPoolExecutor(1) as pool:
        yield start


def approved(slug: str) -> Campaign:
    made = world.draft(slug)
    transitions.submit(made, by=world.person("mara", "manager"))
    world.approve(made)
    return made


def launch(campaign: Campaign) -> object:
    return transitions.launch(campaign, by=world.person("mara"), now=world.NOON - timedelta(days=1))


def test_two_campaigns_are_not_launched_at_one_placement(meanwhile: Meanwhile) -> None:
    first, second = approved("first"), approved("second")
    with transaction.atomic():
        launch(first)
        other = meanwhile(lambda: launch(second))
    with pytest.raises(ActionRefused, match="is already running"):
        other.result(timeout=10)


def test_a_campaign_is_launched_once(meanwhile: Meanwhile) -> None:
    campaign = approved("pilot")
    again = Campaign.objects.get(pk=campaign.pk)
    with transaction.atomic():
        launch(campaign)
        other = meanwhile(lambda: launch(again))
    with pytest.raises(ActionRefused, match="cannot launch"):
        other.result(timeout=10)


def submitted() -> Rendition:
    revision = Revision.objects.create(
        message=world.approved_revision("victim").message, number=2, claim_strength="none"
    )
    rendition = Rendition.objects.create(revision=revision, locale="en", headline="A headline", body="Words.")
    workflow.submit(rendition, now=world.NOON)
    return rendition


def edit(rendition: Rendition) -> int:
    return Rendition.objects.filter(pk=rendition.pk).update(headline="Other words")


def cite(rendition: Rendition) -> int:
    return Revision.objects.filter(pk=rendition.revision_id).update(sources=["Somebody 2020"])


@pytest.mark.parametrize("change", [edit, cite])
def test_words_and_sources_cannot_change_while_they_are_approved(
    change: Callable[[Rendition], int], meanwhile: Meanwhile
) -> None:
    rendition = submitted()
    with transaction.atomic():
        workflow.approve(rendition, by=None, now=world.NOON)
        other = meanwhile(lambda: change(rendition))
    with pytest.raises(IntegrityError, match="new revision"):
        other.result(timeout=10)
    assert workflow.is_approval_valid(Rendition.objects.get(pk=rendition.pk))


@pytest.mark.parametrize("change", [edit, cite])
def test_an_approval_is_of_the_words_that_an_edit_leaves(
    change: Callable[[Rendition], int], meanwhile: Meanwhile
) -> None:
    rendition = submitted()
    with transaction.atomic():
        change(rendition)
        other = meanwhile(lambda: workflow.approve(rendition, by=None, now=world.NOON))
    other.result(timeout=10)
    assert workflow.is_approval_valid(Rendition.objects.get(pk=rendition.pk))


def test_a_reviewer_does_not_approve_words_that_an_edit_under_way_leaves_unread(meanwhile: Meanwhile) -> None:
    rendition = submitted()
    rafael, read = world.person("rafael", "reviewer"), rendition.words_digest()
    with transaction.atomic():
        edit(rendition)
        other = meanwhile(
            lambda: workflow.approve(
                rendition, by=rafael, now=world.NOON, read_digest=read, checklist=world.CHECKLIST_ALL_YES
            )
        )
    with pytest.raises(workflow.ReviewRefused, match="changed while you were reading"):
        other.result(timeout=10)


def saved(revision: Revision, by: str, seen: save.EditBaseline) -> save.SaveResult:
    words = save.EditedText(f"The headline of {by}", "Words.", save.claims_of(revision))
    return save.save(revision.message, "en", words, baseline=seen, by=world.person(by))


def test_who_saves_second_overwrites_nothing_and_is_told(meanwhile: Meanwhile) -> None:
    revision = world.approved_revision("victim")
    seen = save.current_baseline(revision, "en")
    for name in ("mara", "rafael"):
        world.person(name)
    with transaction.atomic():
        first = saved(revision, "mara", seen)
        other = meanwhile(lambda: saved(revision, "rafael", seen))
    with pytest.raises(save.EditConflict) as overtaken:
        other.result(timeout=10)
    assert overtaken.value.current_revision == first.revision
    assert revision.message.revisions.count() == 2


def test_words_that_are_just_being_submitted_are_not_changed_in_place(meanwhile: Meanwhile) -> None:
    rendition = world.draft_rendition("mara")
    manager, seen = world.person("mara", "manager"), save.current_baseline(rendition.revision, "en")
    with transaction.atomic():
        workflow.submit(rendition, by=manager, now=world.NOON)
        other = meanwhile(lambda: saved(rendition.revision, "mara", seen))
    assert other.result(timeout=10).target == "new"
    assert Rendition.objects.get(pk=rendition.pk).headline == "A headline"


def test_an_entry_on_the_audit_record_waits_for_the_one_before(meanwhile: Meanwhile) -> None:
    def add() -> AuditEntry:
        return log.record(log.Action.KEY_CREATE, by="mara", kind=log.ObjectKind.KEY, ref="k", label="k")

    with transaction.atomic():
        first = add()
        other = meanwhile(add)
    second = other.result(timeout=10)
    assert (second.number, second.previous) == (2, first.digest)


def test_two_looks_get_two_numbers(meanwhile: Meanwhile) -> None:
    campaign = world.launched()
    world.tally(campaign, dict.fromkeys(("neutral", "victim", "user", "both"), (100, 10)))
    with transaction.atomic():
        evaluate(campaign, now=world.NOON)
        other = meanwhile(lambda: evaluate(campaign, now=world.NOON))
    other.result(timeout=10)
    assert sorted(Analysis.objects.values_list("look", flat=True)) == [1, 2]


def test_who_saves_a_placement_or_a_help_link_second_puts_nothing_back(meanwhile: Meanwhile) -> None:
    place = world.placement()
    world.mark_help_links_checked()
    link, mara = HelpLink.objects.all()[0], world.person("mara")
    seen = digest_of(place, changes.PLACEMENT_FIELDS), digest_of(link, directory.EDITABLE_FIELDS)

    def save_place(name: str) -> object:
        return changes.change_placement(place, {"name": name}, seen=seen[0], by=mara)

    def save_link(note: str) -> object:
        return directory.change(link, {"note": note}, seen=seen[1], by=mara)

    for save_one, row in ((save_place, place), (save_link, link)):
        with transaction.atomic():
            save_one("The first")
            other = meanwhile(lambda: save_one("The second"))  # noqa: B023  (called in this turn)
        with pytest.raises(StaleCopy):
            other.result(timeout=10)
        row.refresh_from_db()
    assert (place.name, link.note) == ("The first", "The first")


def lead_elsewhere(seen: str) -> object:
    place, mara = world.placement(), world.person("mara")
    return changes.change_placement(place, {"leave_url": "https://elsewhere.example/"}, seen=seen, by=mara)


def test_an_address_that_changes_while_a_campaign_is_launched_there_waits(meanwhile: Meanwhile) -> None:
    campaign, seen = approved("pilot"), digest_of(world.placement(), changes.PLACEMENT_FIELDS)
    with transaction.atomic():
        launch(campaign)
        other = meanwhile(lambda: lead_elsewhere(seen))
    assert other.result(timeout=10) == ([], ["leave_url"])


def test_a_campaign_is_not_launched_while_an_address_changes_there(meanwhile: Meanwhile) -> None:
    campaign, seen = approved("pilot"), digest_of(world.placement(), changes.PLACEMENT_FIELDS)
    with transaction.atomic():
        lead_elsewhere(seen)
        other = meanwhile(lambda: launch(campaign))
    with pytest.raises(ActionRefused, match="changed since the approval"):
        other.result(timeout=10)


def test_a_change_is_confirmed_once(meanwhile: Meanwhile) -> None:
    place = world.launched().placements.get()
    lead_elsewhere(digest_of(place, changes.PLACEMENT_FIELDS))
    place.refresh_from_db()
    seen, rafael = proposal_digest(place), world.person("rafael")
    with transaction.atomic():
        changes.confirm_proposal(place, seen=seen, by=rafael)
        other = meanwhile(lambda: changes.confirm_proposal(place, seen=seen, by=rafael))
    with pytest.raises(ProposalRefused):
        other.result(timeout=10)
    assert Deviation.objects.count() == 1
