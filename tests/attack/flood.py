"""A flood from a few networks on a campaign of the demo's size: four messages, 20,000 views in four days, +9.0.

Honest visitors and hostile networks ask the same server, day by day. The honest views' outcomes are pinned in the
tallies; what the hostile networks report goes the way of all events. The flood wants to turn "better" into "worse": it
reports that people turned back after the neutral message, and that they did not after the other. Who is `selective`
first finds units that are assigned one of these two arms, by requests that are not counted; else it takes the arms as
they come. It asks all at once (fast), or spread over the day, twice as often as counts (slow).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from django.db import transaction

from analytics.fold import count_seals
from analytics.looks.evaluate import evaluate
from analytics.models import Tally
from campaign.models import Campaign
from messages.text.rendering import body_html
from tests.attack.words import words_of

DAYS, VIEWS_PER_DAY = 4, 5_000
PLANNED_PER_ARM = DAYS * VIEWS_PER_DAY // 4
RATES = {"neutral": 0.35, "victim": 0.40, "user": 0.38, "both": 0.44}
TREATED, CONTROL = "both", "neutral"
FAST_ASKS = 3_000
MAX_EVENTS = 500
MAX_UNITS = 1_000


@dataclass(frozen=True, slots=True)
class Attack:
    """Who floods, and how."""

    networks: int = 1
    fast: bool = True
    selective: bool = True

    def __str__(self) -> str:
        pace, choice = "all at once" if self.fast else "slowly", "chosen arms" if self.selective else "any arm"
        return f"{self.networks} network{'s' * (self.networks > 1)}, {pace}, {choice}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The comparison that the flood wants to turn."""

    effect: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a flood achieved."""

    attack: Attack
    accepted: int  # events that were answered with yes
    before: Verdict
    after: Verdict

    @property
    def moved(self) -> float:
        """How far the estimate moved, as a share of its interval's width."""
        return abs(self.after.effect - self.before.effect) / (self.before.high - self.before.low)

    @property
    def holds(self) -> bool:
        """Whether one network changed no verdict, and moved the estimate by less than a quarter of its interval."""
        return self.after.verdict == self.before.verdict and self.moved < 0.25

    def __str__(self) -> str:
        return (
            f"{self.attack}: {self.accepted:,} events accepted; "
            f"{100 * self.before.effect:+.1f} ({self.before.verdict}) "
            f"became {100 * self.after.effect:+.1f} ({self.after.verdict}), moved by {self.moved:.2f} of its interval"
        )


class Site(Protocol):
    """A server, asked as if from any address."""

    def decide(self, address: str, *, unit: str = "", counted: bool = True) -> tuple[str, str | None]:
        """The words of the message, as `words_of` names them, and its receipt."""
        ...

    def report(self, address: str, events: Sequence[dict[str, str]]) -> int:
        """How many of these events were accepted."""
        ...


def pin_honest_views(campaign: Campaign, *, first_day: date) -> None:
    """Tally what the honest visitors of all days do, alike each day."""
    placement = campaign.placements.order_by("key")[0]
    seen = VIEWS_PER_DAY // len(RATES)
    for number in range(DAYS):
        for key, rate in RATES.items():
            common: dict[str, Any] = {
                "day": first_day + timedelta(days=number),
                "arm": campaign.arms.get(key=key),
                "placement": placement,
                "locale": "en",
            }
            Tally.objects.create(**common, outcome="exposed", count=seen)
            Tally.objects.create(**common, outcome="turned_back", count=round(seen * rate))
            Tally.objects.create(**common, outcome="left", count=round(seen * rate))
    count_seals.seal_counts([campaign])


def arms_by_words(campaign: Campaign) -> dict[str, str]:
    """The key of each arm, by the words of its messages."""
    return {
        words_of(rendition.headline, body_html(rendition.body)): arm.key
        for arm in campaign.arms.with_texts()
        for text in arm.texts.all()
        for rendition in text.revision.renditions.all()
    }


def flood_one_day(site: Site, attack: Attack, *, arms_by_words: dict[str, str], day: int) -> int:
    """One day of honest requests and of the flood; how many of its events were accepted."""
    hostile = [f"203.0.{network}" for network in range(attack.networks)]
    units = _units_of_the_two_arms(site, arms_by_words, day) if attack.selective else [""]
    asks = FAST_ASKS if attack.fast else max(VIEWS_PER_DAY // 200, 1)
    every = VIEWS_PER_DAY // asks if not attack.fast else 0
    events: list[dict[str, str]] = []
    done = 0
    for number in range(VIEWS_PER_DAY):
        site.decide(f"10.{number >> 8}.{number & 255}.1")
        many = asks if attack.fast and number == VIEWS_PER_DAY - 1 else int(bool(every) and number % every == 0)
        for _ in range(many):
            for network in hostile:
                done += 1
                words, receipt = site.decide(f"{network}.{done % 250}", unit=units[done % len(units)])
                if receipt is not None:
                    events += _forged_events(receipt, arms_by_words[words])
    return sum(
        site.report(f"{hostile[0]}.1", events[start : start + MAX_EVENTS])
        for start in range(0, len(events), MAX_EVENTS)
    )


def _units_of_the_two_arms(site: Site, arms_by_words: dict[str, str], day: int) -> list[str]:
    """Units of the treated arm and of the control, found by asking not to be counted."""
    found: dict[str, str] = {}
    for number in range(MAX_UNITS):
        unit = f"key-{day}-{number}"
        words, _ = site.decide("203.1.0.1", unit=unit, counted=False)
        found.setdefault(arms_by_words[words], unit)
        if found.keys() >= {TREATED, CONTROL}:
            return [found[TREATED], found[CONTROL]]
    raise AssertionError(f"of {MAX_UNITS} units none meets one of the arms")


def _forged_events(receipt: str, arm: str) -> Iterator[dict[str, str]]:
    if arm == CONTROL:
        yield {"receipt": receipt, "outcome": "left"}
    else:  # the other arms too, so that the split looks as planned
        yield {"receipt": receipt, "outcome": "exposed"}


def read_verdict(campaign: Campaign, *, now: datetime) -> Verdict:
    """What a look would say now. Nothing of it stays on record."""
    with transaction.atomic():
        analysis = evaluate(campaign, now=now)
        row = analysis.estimates.get(
            kind="difference", outcome=analysis.outcome, treated__key=TREATED, control__key=CONTROL
        )
        transaction.set_rollback(True)
    assert row.effect is not None
    assert row.low is not None
    assert row.high is not None
    return Verdict(row.effect, row.low, row.high, str(row.verdict))


def flood(
    campaign: Campaign, attack: Attack, *, open_site: Callable[[int], Site], fold: Callable[[], object], now: datetime
) -> Outcome:
    """Flood a campaign for all its days. `open_site` gives the server of a day, `fold` counts all that was reported."""
    first_day = (now - timedelta(days=DAYS)).astimezone(UTC).date()
    pin_honest_views(campaign, first_day=first_day)
    before = read_verdict(campaign, now=now)
    told_apart = arms_by_words(campaign)
    accepted = sum(flood_one_day(open_site(day), attack, arms_by_words=told_apart, day=day) for day in range(DAYS))
    fold()
    return Outcome(attack, accepted, before, read_verdict(campaign, now=now))
