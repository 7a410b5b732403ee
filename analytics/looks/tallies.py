"""A campaign's tallies in memory, summed as estimators and disclosure control need them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from django.db.models import Sum

from analytics.comparison.inputs import ArmCounts
from analytics.models import Tally, Withdrawals
from analytics.stats import Counts, Levels
from analytics.suppression.cells import WHOLE_ARM, ExactCells, Parts
from analytics.text_exposures import text_exposures
from campaign.assignment.periods import DAY_HOURS
from campaign.models import AnalysisPlan, Arm, Placement, ServedCount
from campaign.outcomes import OUTCOMES

_EPOCH = date(1970, 1, 1)
COLUMN_FORMAT = "{} {}"  # a placement's key and a locale: neither holds a space


class CampaignTallies:
    """All tallies of the given arms, read by one query."""

    def __init__(self, arms: Sequence[Arm]) -> None:
        self.arms = arms
        self._cells: dict[tuple[int, str], dict[tuple[int, date], int]] = defaultdict(lambda: defaultdict(int))
        self._answers: dict[tuple[int, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
        self._columns: dict[tuple[int, str], dict[tuple[str, int], int]] = defaultdict(lambda: defaultdict(int))
        self._placements = dict(Placement.objects.filter(campaigns__arms__in=arms).values_list("pk", "key"))
        rows = (
            Tally.objects.filter(arm__in=arms)
            .order_by()
            .values_list("arm", "outcome", "placement", "locale", "day", "value")
            .annotate(Sum("count"))
        )
        for arm, outcome, placement, locale, day, value, count in rows:
            self._cells[arm, outcome][placement, day] += count
            self._answers[arm, outcome][value] += count
            column = COLUMN_FORMAT.format(self._placements.get(placement, placement), locale)
            self._columns[arm, outcome][column, value] += count
        sums = ServedCount.objects.filter(arm__in=arms).order_by().values_list("arm").annotate(Sum("count"))
        self.served_by_arm = {arm.pk: 0 for arm in arms} | dict(sums)
        withdrawn = Withdrawals.objects.filter(campaign__arms__in=arms).values_list("count", flat=True)
        self.withdrawn = withdrawn.first() or 0
        self._texts = text_exposures(arms)

    def total(self, arm: Arm, outcome: str) -> int:
        return sum(self._cells[arm.pk, outcome].values())

    def arm_counts(self, outcome: str, plan: AnalysisPlan) -> list[ArmCounts]:
        return [self._arm_counts(arm, outcome, plan) for arm in self.arms]

    def cells(self, arm: Arm, outcomes: Iterable[str]) -> ExactCells:
        """Divide one arm by placement and locale: exposures, and the parts of each outcome."""
        all_columns = {column for each in self.arms for column, _ in self._columns[each.pk, "exposed"]}
        counted = self._columns[arm.pk, "exposed"]
        seen = {column: counted.get((column, 0), 0) for column in sorted(all_columns) or [WHOLE_ARM]}
        parts = {key: {column: self._parts(arm, key, column, n) for column, n in seen.items()} for key in outcomes}
        return ExactCells(seen, parts)

    def _parts(self, arm: Arm, outcome: str, column: str, n: int) -> Parts:
        counted = self._columns[arm.pk, outcome]
        with_outcome = [counted.get((column, value), 0) for value in OUTCOMES[outcome].values or (0,)]
        return (*with_outcome, n - sum(with_outcome))

    def _clusters(self, cells: Mapping[tuple[str, str], Counts], plan: AnalysisPlan) -> dict[str, Counts]:
        """Sum the days of one arm by placement and day; of a plan with periods, by sets that show each arm once."""
        periods = plan.periods_from(plan.campaign.starts_at)
        if periods is None:
            return {f"{place} {day}": counts for (place, day), counts in cells.items()} if plan.clusters else {}
        sums: dict[str, Counts] = {}
        for (place, day), counts in cells.items():
            hour = (date.fromisoformat(day) - _EPOCH).days * DAY_HOURS
            block, slot = periods.set_of(periods.period_at(hour), len(self.arms))
            name = f"{place} {block} {slot}"
            sums[name] = sums.get(name, Counts(0, 0)) + counts
        return sums

    def _arm_counts(self, arm: Arm, outcome: str, plan: AnalysisPlan) -> ArmCounts:
        exposed, events = self._cells[arm.pk, "exposed"], self._cells[arm.pk, outcome]
        strata: dict[str, Counts] = {}
        for (placement, day), count in exposed.items():
            name = self._placements.get(placement, str(placement))
            strata[name] = strata.get(name, Counts(0, 0)) + Counts(count, events.get((placement, day), 0))
        cells = {
            (self._placements.get(place, str(place)), day.isoformat()): Counts(n, events.get((place, day), 0))
            for (place, day), n in exposed.items()
        }
        values = OUTCOMES[outcome].values
        answers = self._answers[arm.pk, outcome]
        return ArmCounts(
            arm.key,
            Counts(n=sum(exposed.values()), events=sum(events.values())),
            weight=arm.weight,
            strata=strata,
            clusters=self._clusters(cells, plan),
            cells=cells,
            levels=Levels([answers.get(value, 0) for value in values]) if values else None,
            was_paused=arm.pauses > 0,
            texts=self._texts.get(arm.pk, ()),
            stopped_texts=frozenset(_stopped_texts(arm)) if plan.texts else frozenset(),
        )


def _stopped_texts(arm: Arm) -> Iterator[tuple[int, date]]:
    """The places of an arm's stopped texts, and the days of their stops."""
    for text in arm.texts.all():
        if text.stopped_at:
            yield text.position, text.stopped_at.date()
