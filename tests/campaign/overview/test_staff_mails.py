"""Mails about what waits, once a day at most and never the same twice, and a weekly digest; one can switch them off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from campaign.lifecycle import transitions
from campaign.overview.staff_mails import queue_staff_mails
from messages.models import Mailbox, QueuedMail
from messages.staff_mail import mailboxes
from tests import world

pytestmark = pytest.mark.django_db
TUESDAY, MONDAY = world.NOON + timedelta(days=1), world.NOON + timedelta(days=7)
TASKS, DIGEST = "Waiting for you at Second Thought", "Your week at Second Thought"


@pytest.fixture
def rafael() -> User:
    """A reviewer with a confirmed address, for whom one campaign waits."""
    reviewer = world.person("rafael", "reviewer")
    mailboxes.confirm(reviewer, "rafael@ngo.example")
    transitions.submit(world.draft(), by=world.person("mara", "manager"))
    return reviewer


def subjects(person: User) -> list[str]:
    return list(QueuedMail.objects.filter(person=person).values_list("subject", flat=True))


def test_what_waits_is_mailed_once_however_often_the_worker_looks(rafael: User) -> None:
    for hours in range(12):
        queue_staff_mails(now=TUESDAY.replace(hour=0) + timedelta(hours=2 * hours))
    assert subjects(rafael) == [TASKS]
    text = QueuedMail.objects.get(person=rafael).text
    assert "Read “The pilot” and decide whether to approve it" in text
    assert "/account/mail/" in text, "how to switch it off"


def test_nobody_is_woken_at_night(rafael: User) -> None:
    assert queue_staff_mails(now=TUESDAY.replace(hour=5)) == 0


def test_the_same_is_not_repeated_on_the_next_day_but_something_new_is_told(rafael: User) -> None:
    queue_staff_mails(now=TUESDAY)
    queue_staff_mails(now=TUESDAY + timedelta(days=1))
    assert subjects(rafael) == [TASKS]
    transitions.submit(world.draft("second"), by=world.person("mara", "manager"))
    queue_staff_mails(now=TUESDAY + timedelta(days=2))
    assert subjects(rafael) == [TASKS, TASKS]


def test_ones_own_drafts_are_no_reason_for_a_mail() -> None:
    world.draft()
    queue_staff_mails(now=TUESDAY)
    assert subjects(world.person("mara")) == []


def test_an_address_that_never_answered_gets_none(rafael: User) -> None:
    User.objects.filter(username="rafael").update(email="rafael@elsewhere.example")
    queue_staff_mails(now=MONDAY)
    assert subjects(rafael) == []


def test_both_can_be_switched_off(rafael: User) -> None:
    Mailbox.objects.filter(user=rafael).update(wants_tasks=False, wants_digest=False)
    queue_staff_mails(now=MONDAY)
    assert subjects(rafael) == []


class TestTheDigest:
    def test_comes_on_mondays_and_once(self, rafael: User) -> None:
        Mailbox.objects.filter(user=rafael).update(wants_tasks=False)
        world.launched("other", at=world.placement("other-page"))
        for day in range(9):
            queue_staff_mails(now=MONDAY + timedelta(days=day - 1))
        assert subjects(rafael) == [DIGEST, DIGEST], "on two Mondays"

    def test_says_what_staff_did_and_what_runs_and_no_number_of_visitors(self, rafael: User) -> None:
        campaign = world.launched("other", at=world.placement("other-page"))
        world.tally(campaign, {"neutral": (7_411, 3_077), "victim": (7_411, 3_177)})
        queue_staff_mails(now=MONDAY)
        text = QueuedMail.objects.get(person=rafael, subject=DIGEST).text
        assert "Running now:\n- The pilot: " in text
        assert "launched the campaign “The pilot”\n" in text
        assert "/campaigns/other/watch/" in text
        assert not any(number in text for number in ("7411", "7,411", "3077", "3,077"))

    def test_is_not_sent_about_nothing(self) -> None:
        ana = world.person("ana", "analyst")
        mailboxes.confirm(ana, "ana@ngo.example")
        assert queue_staff_mails(now=MONDAY) == 0
