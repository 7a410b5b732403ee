"""The counts that a guardrail is judged by: of each arm and each text, by placement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Sum

from analytics.models import Tally, TextTally
from analytics.stats import Counts
from campaign.assignment.periods import DAY_HOURS, Periods
from campaign.models import AnalysisPlan, Arm, ArmText, Campaign

_NONE = Counts(0, 0)
_EPOCH = date(1970, 1, 1)
PeriodCounts = dict[tuple[int, int], Counts]  # by placement and period
ByPlacement = Mapping[int, Mapping[int, Counts]]  # placement -> arm or text -> its counts


@dataclass(frozen=True, slots=True)
class GuardedCounts:
    """Who saw each arm and each text of arms that have several, and had the outcome.

    Without one placement, its parts that are smaller than `smallest_cell` stay: what follows tells nothing of them.
    """

    arms: ByPlacement
    texts: ByPlacement
    smallest_cell: int

    @property
    def placements(self) -> set[int]:
        return {*self.arms}

    def of_arm(self, arm: Arm, *, without: int | None = None) -> Counts:
        """The counts of an arm, of all placements but one."""
        return self._sum(self.arms, arm.pk, without)

    def of_text(self, text: ArmText, *, without: int | None = None) -> Counts:
        """The counts of a text, of all placements but one."""
        return self._sum(self.texts, text.pk, without)

    def _sum(self, counts: ByPlacement, unit: int, without: int | None) -> Counts:
        total = sum((cells.get(unit, _NONE) for cells in counts.values()), _NONE)
        if without is None:
            return total
        cell = counts.get(without, {}).get(unit, _NONE)
        events, others = (n if n >= self.smallest_cell else 0 for n in (cell.events, cell.n - cell.events))
        return Counts(total.n - events - others, total.events - events)


def read_counts(arms: Sequence[Arm], outcome: str) -> GuardedCounts:
    """Read the counts of arms and texts, each in one query: a concurrent fold is in all of them or in none."""
    by_arm = Tally.objects.filter(arm__in=arms, outcome__in=["exposed", outcome]).order_by()
    by_text = TextTally.objects.filter(text__arm__in=arms, outcome__in=["exposed", outcome]).order_by()
    return GuardedCounts(
        arms=_by_placement(by_arm.values_list("placement", "arm", "outcome").annotate(Sum("count")), outcome),
        texts=_by_placement(by_text.values_list("placement", "text", "outcome").annotate(Sum("count")), outcome),
        smallest_cell=settings.SMALL_CELL,
    )


def _by_placement(rows: Iterable[tuple[Any, ...]], outcome: str) -> ByPlacement:
    sums = {(placement, unit, key): count for placement, unit, key, count in rows}
    found: dict[int, dict[int, Counts]] = {}
    for placement, unit, _ in sums:
        found.setdefault(placement, {})[unit] = Counts(
            sums.get((placement, unit, "exposed"), 0), sums.get((placement, unit, outcome), 0)
        )
    return found


def days_since(campaign: Campaign) -> Periods:
    """The days of a campaign as periods, from its start on."""
    plan = AnalysisPlan(campaign=campaign, period=AnalysisPlan.Period.DAY)
    periods = plan.periods_from(campaign.starts_at)
    assert periods is not None  # it was launched
    return periods


def read_periods(arms: Sequence[Arm], outcome: str, periods: Periods) -> dict[str, PeriodCounts]:
    """Read the counts of each arm by placement and period, where a placement shows one arm at a time."""
    rows = Tally.objects.filter(arm__in=arms, outcome__in=["exposed", outcome]).order_by()
    keys = {arm.pk: arm.key for arm in arms}
    seen: dict[str, dict[tuple[int, int], dict[str, int]]] = {arm.key: {} for arm in arms}
    for arm, placement, day, key, count in rows.values_list("arm", "placement", "day", "outcome").annotate(
        Sum("count")
    ):
        period = periods.period_at((day - _EPOCH).days * DAY_HOURS)
        counted = seen[keys[arm]].setdefault((placement, period), {})
        counted[key] = counted.get(key, 0) + count
    return {
        arm: {place: Counts(each.get("exposed", 0), each.get(outcome, 0)) for place, each in counted.items()}
        for arm, counted in seen.items()
    }
