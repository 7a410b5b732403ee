"""Counts that somebody wrote into the database are no result: no look is taken at them, and they are named."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from analytics.fold import count_seals
from analytics.fold.fold import fold
from analytics.looks.evaluate import CountsChanged, evaluate
from analytics.models import Analysis, CountSeal, Tally, TextTally
from analytics.worker import steps
from campaign.lifecycle import transitions
from campaign.models import Campaign
from messages.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])
LATER = world.NOON + timedelta(days=9)

BY_SQL = {
    "raised": "UPDATE analytics_tally SET count = count + 100 WHERE outcome = 'left'",
    "moved to another arm": "UPDATE analytics_tally SET outcome = 'continued' WHERE outcome = 'left'",
    "deleted": "DELETE FROM analytics_tally WHERE outcome = 'left'",
    "all deleted": "DELETE FROM analytics_tally",
    "another sum": f"UPDATE analytics_countseal SET total = '{0:064x}'",
    "no sum": "DELETE FROM analytics_countseal",
    "no seal": "UPDATE analytics_countseal SET seal = ''",
    "withdrawals": "INSERT INTO analytics_withdrawals SELECT campaign_id, 7 FROM analytics_countseal",
}


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def views(number: int = 12, *, hours: int = 0, at: str = "quiet-page") -> None:
    """Let so many people see a message and leave, so many hours later than others, and count them."""
    site = world.AudienceSite(now=world.NOON.timestamp() + 3600 * hours)
    for _ in range(number):
        receipt = site.new_receipt(at)
        site.report_event(receipt)
        site.report_event(receipt, "left")
    fold(hour=site.hour + 24)


@pytest.fixture
def campaign() -> Campaign:
    """A campaign with counts that were folded."""
    campaign = world.launched()
    views()
    return campaign


def test_counts_that_were_folded_are_as_they_were_folded(campaign: Campaign) -> None:
    assert count_seals.changed_counts([campaign]) == []
    views(5, hours=1)
    assert count_seals.changed_counts([campaign]) == []
    assert evaluate(campaign, now=LATER).look == 1


@pytest.mark.parametrize("statement", BY_SQL.values(), ids=BY_SQL)
def test_no_look_is_taken_at_counts_that_sql_changed(campaign: Campaign, statement: str) -> None:
    run(statement)
    with pytest.raises(CountsChanged, match="not those that were counted"):
        evaluate(campaign, now=LATER)
    assert not Analysis.objects.exists()


@pytest.mark.parametrize("statement", BY_SQL.values(), ids=BY_SQL)
def test_the_next_fold_does_not_make_them_right(campaign: Campaign, statement: str) -> None:
    run(statement)
    views(hours=1)
    assert count_seals.changed_counts([campaign]) == [campaign]


def test_they_are_right_again_if_they_are_put_back_before_the_next_fold(campaign: Campaign) -> None:
    run(BY_SQL["raised"])
    run(BY_SQL["raised"].replace("+", "-"))
    assert count_seals.changed_counts([campaign]) == []


def test_counts_that_were_there_before_the_first_fold_are_missed() -> None:
    campaign = world.launched()
    world.tally(campaign, {"neutral": (500, 200), "both": (500, 300)})
    views()
    assert count_seals.changed_counts([campaign]) == [campaign]


def test_those_of_a_campaign_that_is_older_than_sums_are_taken_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transitions, "SEALED", "")  # as launches were recorded
    campaign = world.launched("older")
    world.tally(campaign, {"neutral": (500, 200), "both": (500, 300)})
    views()
    assert count_seals.changed_counts([campaign]) == []
    run(BY_SQL["raised"])
    assert count_seals.changed_counts([campaign]) == [campaign]


def test_the_sum_of_another_campaign_is_none(campaign: Campaign) -> None:
    other = world.launched("other", at=world.placement("elsewhere"))
    views(hours=1, at="elsewhere")
    one, two = CountSeal.objects.order_by("pk")
    CountSeal.objects.filter(pk=two.pk).update(total=one.total, seal=one.seal)
    assert count_seals.changed_counts([campaign, other]) == [other]


def test_counts_by_text_have_their_part_in_it() -> None:
    campaign = world.launched(texts=2)
    views()
    assert TextTally.objects.exists()
    assert count_seals.changed_counts([campaign]) == []
    TextTally.objects.filter(outcome="exposed").update(count=99)
    assert count_seals.changed_counts([campaign]) == [campaign]


def test_the_worker_says_so_on_every_result_once(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    run(BY_SQL["raised"])
    monkeypatch.setattr(steps, "is_look_due", lambda campaign, now: True)
    for _ in range(2):
        steps.record_due_looks(LATER)
    (said,) = campaign.deviations.all()
    assert said.what == "The counts were changed in the database itself. No look is taken at them."


def test_verify_names_the_campaign(campaign: Campaign) -> None:
    run(BY_SQL["raised"])
    said = io.StringIO()
    with pytest.raises(CommandError):
        call_command("audit", "verify", stderr=said)
    assert "The counts of the campaign pilot are not those that were counted" in said.getvalue()


def test_nothing_is_counted_twice_or_lost_by_it(campaign: Campaign) -> None:
    views(3, hours=1)
    assert sum(Tally.objects.filter(outcome="exposed").values_list("count", flat=True)) == 15
    assert AuditEntry.objects.filter(action="campaign-counts").count() == 1
