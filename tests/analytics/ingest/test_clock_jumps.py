"""The server's clock jumps, and the database is away now and then: nothing is lost, nothing is counted twice.

A ledger on the visitors' side (tests.crash.ledger) keeps what was acknowledged; each view counts on the day on which
its receipt was issued, whatever the clock says when it is counted.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from django.conf import settings

from analytics.ingest import open_views, writer
from analytics.ingest.spool import Spool
from analytics.models import Tally
from analytics.worker import steps
from campaign.models import Campaign
from campaign.serving.http import Refusal
from campaign.serving.routing import OutcomeEvent
from tests import world
from tests.crash.ledger import Cell, Ledger, ReportedOutcome, TrackedView

pytestmark = [pytest.mark.django_db(databases=["default", "audience"]), pytest.mark.slow]

HOUR, DAY, YEAR = 3600.0, 86_400.0, 365 * 86_400.0
_EPOCH = date(1970, 1, 1)
_OUTCOMES = [
    ReportedOutcome("exposed"),
    ReportedOutcome("left"),
    ReportedOutcome("continued"),
    ReportedOutcome("rating", 4),
    ReportedOutcome("dwell", 2),
    ReportedOutcome("annoyed"),
]


class Town:
    """Visitors who tell one thing after the other, a server whose clock jumps, and its worker."""

    def __init__(self, spool: Spool, *, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.ledger = Ledger()
        self.site = world.AudienceSite()
        self.away = False
        self._spool = spool
        self._telling: list[tuple[TrackedView, list[ReportedOutcome]]] = []
        self._latest = 0
        self.site.record = self._record

    def _record(self, events: Sequence[OutcomeEvent]) -> list[Refusal | None]:
        if self.away:
            return writer.spool_events(events, hour=self.site.hour, spool=self._spool)
        return writer.commit_events(events, hour=self.site.hour)

    def show(self, count: int = 3) -> None:
        """New views, each with something to tell of."""
        for _ in range(count):
            answer = self.site.decide()
            if answer.status != 200:
                continue
            view = TrackedView.of(answer.json["receipt"], self.site.receipt_signer)
            self._latest = max(self._latest, view.closes)
            telling = self.random.sample(_OUTCOMES, self.random.randint(1, 4))
            view.open = len(telling)
            self._telling.append((view, telling))

    def tell(self, share: float = 0.5) -> None:
        """Some of what is to be told."""
        for view, telling in self._telling:
            while telling and self.random.random() < share:
                told = telling.pop()
                value = {} if told.value is None else {"value": told.value}
                answer = self.site.report_event(view.receipt, told.outcome, **value)
                if answer.status == 200:
                    self.ledger.record_accepted(view, told)
                else:
                    assert answer.code == "receipt_expired"
                    self.ledger.record_refused(view, told)

    def work(self) -> None:
        """One round of the worker: what touches events."""
        if not self.away:
            for step in (steps.drain_spool, steps.fold_closed_views, steps.prune_expired_records):
                step(datetime.fromtimestamp(self.site.now, UTC))

    def end(self) -> dict[Cell, int]:
        """Everything is told, everything closes, everything is counted; what is counted then."""
        self.away = False
        self.tell(share=1)
        self.site.now = max(self.site.now, self._latest * HOUR)
        self.work()
        assert world.open_views() == 0
        rows = Tally.objects.values_list("day", "arm", "placement", "locale", "outcome", "value", "count")
        return {((row[0] - _EPOCH).days, row[1], row[2], row[3], row[4], row[5]): row[6] for row in rows}


@pytest.fixture
def spool(a_spool_of_its_own: None) -> Spool:
    return Spool(settings.SPOOL_DIRECTORY)


@pytest.fixture
def campaign() -> Campaign:
    return world.launched()


@pytest.fixture
def town(campaign: Campaign, spool: Spool) -> Town:
    return Town(spool)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


MOMENTS = {
    "noon": world.NOON.timestamp(),
    "just before midnight": at("2026-03-02 23:58"),
    "the last minutes of a year": at("2026-12-31 23:55"),
    "as summer time begins in Europe": at("2026-03-29 00:59"),
    "as summer time ends in Europe": at("2026-10-25 00:59"),
    "29 February": at("2028-02-29 23:59"),
}
JUMPS = {
    "back an hour": -HOUR,
    "back three days": -3 * DAY,
    "forward a day": DAY,
    "forward ten years": 10 * YEAR,
    "to before anything began": -40 * YEAR,
}


@pytest.mark.parametrize("away", [False, True], ids=["database there", "database away"])
@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_clock_that_jumps_and_comes_back_loses_and_doubles_nothing(
    town: Town, moment: str, jump: str, away: bool
) -> None:
    town.site.now = MOMENTS[moment]
    town.show()
    town.tell()
    town.work()
    town.site.now += JUMPS[jump]
    town.show()
    town.tell()
    town.work()
    town.away = away
    town.site.now += 20 * 60
    town.show()
    town.tell()
    town.site.now -= JUMPS[jump]
    town.tell()
    town.away = False
    town.work()
    town.away = away
    town.show()
    town.tell()
    assert town.ledger.compare(town.end()).clean
    assert town.ledger.acknowledged > 10


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_for_good_loses_and_doubles_nothing(town: Town, jump: str) -> None:
    town.show()
    town.tell()
    town.site.now += 4 * HOUR
    town.work()
    town.site.now += JUMPS[jump]
    for _ in range(6):
        town.show()
        town.tell()
        town.work()
        town.site.now += 40 * 60
    assert town.ledger.compare(town.end()).clean


_MORE = [pytest.param(seed, marks=pytest.mark.proof) for seed in range(2, 30)]


@pytest.mark.parametrize("seed", [*range(2), *_MORE])
def test_whatever_the_clock_does(campaign: Campaign, spool: Spool, seed: int) -> None:
    town = Town(spool, seed=seed)
    for _ in range(40):
        town.site.now += town.random.choice([0, 0, 600, HOUR, 3 * HOUR, 5 * HOUR])
        if town.random.random() < 0.15:
            town.site.now += town.random.choice([*JUMPS.values()])
        if town.random.random() < 0.2:
            town.site.now = world.NOON.timestamp() + town.random.uniform(-DAY, DAY)
        town.away = town.random.random() < 0.3
        town.show(2)
        town.tell(0.4)
        if town.random.random() < 0.6:
            town.work()
    assert town.ledger.compare(town.end()).clean


def test_a_view_counts_on_the_day_on_which_it_was_shown(town: Town) -> None:
    town.site.now = at("2026-12-31 23:55")
    town.site.report_event(town.site.new_receipt(), "left")
    town.site.now = at("2027-01-01 00:05")
    town.site.report_event(town.site.new_receipt(), "left")
    steps.fold_closed_views(datetime(2037, 1, 1, tzinfo=UTC))
    assert set(Tally.objects.filter(outcome="left").values_list("day", "count")) == {
        (date(2026, 12, 31), 1),
        (date(2027, 1, 1), 1),
    }


def test_the_spool_remembers_what_was_shut_before_the_clock_went_ahead(spool: Spool, town: Town) -> None:
    receipt = town.site.new_receipt()
    town.site.report_event(receipt, "left")
    town.site.now += 4 * HOUR
    town.work()
    town.site.now += 10 * YEAR
    town.site.report_event(town.site.new_receipt(), "left")
    town.site.now += 4 * HOUR
    town.work()
    town.site.now = world.NOON.timestamp()
    town.away = True
    assert town.site.report_event(receipt, "rating", value=4).code == "receipt_expired"
    assert not spool.holds_events


def test_the_spool_remembers_the_hours_that_were_shut_last(spool: Spool) -> None:
    for closes in range(2_000):
        spool.shut_hour(closes)
    remembered: set[int] = set()

    def select(shut: set[int]) -> list[open_views.OpenViewRow]:
        remembered.update(shut)
        return []

    spool.add(select)
    assert remembered >= set(range(1_600, 2_000))
    assert len(remembered) <= 800


def test_pruning_by_a_clock_ten_years_ahead_forgets_no_hour_that_may_come_again(town: Town) -> None:
    receipt = town.site.new_receipt()
    town.site.report_event(receipt, "left")
    town.site.now += 10 * YEAR
    town.work()
    town.site.now -= 10 * YEAR
    assert town.site.report_event(receipt, "rating", value=4).code == "receipt_expired"
