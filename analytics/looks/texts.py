"""Judge texts of a kind at the points that a plan has for them, and record the answers beside those of a look."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from analytics.comparison.compare import Comparison
from analytics.comparison.inputs import Rules
from analytics.comparison.kinds import KindComparison, TextRules, compare_kinds, factorial_kinds
from analytics.comparison.text_means import ArmTexts, Counted, TextEstimate, text_estimates
from analytics.looks.estimate_rows import common_fields, estimate_fields
from analytics.models import Analysis, Estimate, TextTally
from analytics.stats import Counts, Levels
from analytics.stats.texts.looks import Checkpoint, last_checkpoint, planned_look_weight
from analytics.suppression.cells import ExactCells
from campaign.lifecycle.frozen_plan import factorial_arms, smallest_difference_of
from campaign.models import AnalysisPlan, Arm, PlannedOutcome
from campaign.outcomes import OUTCOMES


@dataclass(frozen=True, slots=True)
class KindsLook:
    """What a look says of texts: each outcome's answers for their kind, the texts one by one, and their counts."""

    share: float
    kinds: Mapping[str, Sequence[KindComparison]]
    contrasts: Sequence[KindComparison]
    texts: Mapping[str, Sequence[TextEstimate]]
    cells: Mapping[str, ExactCells]


def judge_texts(
    plan: AnalysisPlan,
    arms: Sequence[Arm],
    comparisons: Mapping[str, Comparison],
    rules: Mapping[str, Rules],
    *,
    information: float,
) -> KindsLook | None:
    """Answer the questions of a plan for texts of these kinds; None where it has one text an arm, or no point is due.

    Between two points the answers of the last stand. A point whose answers could not be shown is judged anew.
    """
    point = _due_point(plan, information=information) if plan.texts else None
    if point is None:
        return None
    text_rules = TextRules(
        design="matched" if plan.texts == AnalysisPlan.Texts.MATCHED else "nested",
        weight=point.weight,
        last_weight=planned_points(plan)[-1].weight,
    )
    tallies = TextTallies(arms)
    by_outcome = {key: tallies.arm_texts(key) for key in comparisons}
    primary = next(iter(comparisons))
    frames = factorial_arms(plan.campaign)
    contrasts: Sequence[KindComparison] = ()
    if frames is not None:
        keys = [frames[frame].key for frame in ("neutral", "victim", "user", "both")]
        counts = {arm.key: arm for arm in comparisons[primary].arms}
        texts = {arm.key: arm for arm in by_outcome[primary]}
        contrasts = factorial_kinds(
            [counts[key] for key in keys],
            [texts[key] for key in keys],
            rules[primary],
            text_rules,
            withheld=comparisons[primary].withheld,
        )
    return KindsLook(
        share=point.share,
        kinds={
            key: compare_kinds(comparison, by_outcome[key], rules[key], text_rules)
            for key, comparison in comparisons.items()
        },
        contrasts=contrasts,
        texts={key: text_estimates(texts, rules[key]) for key, texts in by_outcome.items()},
        cells=tallies.cells(list(comparisons)),
    )


def planned_points(plan: AnalysisPlan) -> list[Checkpoint]:
    """The points up to the planned people at which texts of a kind are judged, with their shares of the error."""
    if plan.monitoring == AnalysisPlan.Monitoring.FIXED:
        return [Checkpoint(1.0, 1.0)]
    if plan.monitoring == AnalysisPlan.Monitoring.GROUP_SEQUENTIAL:
        return [
            Checkpoint(float(share), planned_look_weight(look=number, looks=len(plan.looks)))
            for number, share in enumerate(plan.looks, start=1)
        ]
    return [point for share in (0.25, 0.5, 0.75, 1.0) if (point := last_checkpoint(share))]


def _due_point(plan: AnalysisPlan, *, information: float) -> Checkpoint | None:
    """The point that was passed last, unless a look that shows what it says has answered it."""
    if plan.monitoring == AnalysisPlan.Monitoring.ALWAYS_VALID:
        passed = last_checkpoint(information)
    else:
        passed = next((each for each in planned_points(plan)[::-1] if each.share <= information), None)
    if passed is None:
        return None
    answered = Analysis.objects.filter(
        campaign=plan.campaign, texts_judged_at__gte=passed.share, release__is_withheld=False
    ).filter(release__texts__isnull=False)
    return None if answered.exists() else passed


class TextTallies:
    """The counts of each text of the given arms, read by one query; arms with one text have none."""

    def __init__(self, arms: Sequence[Arm]) -> None:
        self._arms = arms
        self._counts: dict[tuple[int, str], dict[tuple[int, int], int]] = defaultdict(lambda: defaultdict(int))
        rows = TextTally.objects.filter(text__arm__in=arms).values_list(
            "text", "outcome", "placement", "value", "count"
        )
        for text, outcome, placement, value, count in rows:
            self._counts[text, outcome][placement, value] += count
        self._placements = sorted({place for counts in self._counts.values() for place, _ in counts}) or [0]

    def arm_texts(self, outcome: str) -> list[ArmTexts]:
        """What each text of each arm had of an outcome, by placement."""
        return [
            ArmTexts(
                arm.key,
                {
                    str(place): tuple(self._counts_at(text.pk, outcome, place) for text in arm.texts.all())
                    for place in self._placements
                },
            )
            for arm in self._arms
        ]

    def cells(self, outcomes: Sequence[str]) -> dict[str, ExactCells]:
        """Divide each arm that has several texts by text: exposures, and the parts of each outcome."""
        cells = {}
        for arm in self._arms:
            texts = {str(text.position + 1): text.pk for text in arm.texts.all()}
            if len(texts) > 1:
                seen = {name: self._total(pk, "exposed", 0) for name, pk in texts.items()}
                parts = {
                    key: {name: self._parts(pk, key, seen[name]) for name, pk in texts.items()} for key in outcomes
                }
                cells[arm.key] = ExactCells(seen, parts)
        return cells

    def _parts(self, text: int, outcome: str, n: int) -> tuple[int, ...]:
        had = [self._total(text, outcome, value) for value in OUTCOMES[outcome].values or (0,)]
        return (*had, n - sum(had))

    def _total(self, text: int, outcome: str, value: int) -> int:
        counted = self._counts[text, outcome]
        return sum(counted.get((place, value), 0) for place in self._placements)

    def _counts_at(self, text: int, outcome: str, place: int) -> Counted:
        counted = self._counts[text, outcome]
        if values := OUTCOMES[outcome].values:
            return Levels([counted.get((place, value), 0) for value in values])
        return Counts(self._counts[text, "exposed"].get((place, 0), 0), counted.get((place, 0), 0))


def record_texts(analysis: Analysis, outcomes: Sequence[PlannedOutcome], found: KindsLook, arms: Sequence[Arm]) -> None:
    """Record what a look says of texts: the primary outcome comes first."""
    by_key, frames = {arm.key: arm for arm in arms}, factorial_arms(analysis.campaign) or {}
    rows = []
    for outcome in outcomes:
        common, smallest = common_fields(analysis, outcome), smallest_difference_of(analysis.campaign.plan, outcome)
        rows += [
            Estimate(
                **common,
                **_kind_fields(row),
                kind=Estimate.Kind.DIFFERENCE,
                position=position,
                treated=by_key[row.treated],
                control=by_key[row.control],
                smallest_difference=smallest,
            )
            for position, row in enumerate(found.kinds[outcome.outcome])
        ]
        rows += [
            Estimate(
                **common,
                kind=Estimate.Kind.TEXT,
                position=position,
                term=text.text,
                treated=by_key[text.arm],
                n=text.n,
                events=text.events,
                **estimate_fields(text.estimate),
            )
            for position, text in enumerate(found.texts[outcome.outcome])
        ]
    rows += [
        Estimate(
            **common_fields(analysis, outcomes[0]),
            **_kind_fields(row),
            kind=Estimate.Kind.FACTORIAL,
            position=position,
            term=row.treated,
            treated=frames.get(row.treated, frames["both"]),
            smallest_difference=analysis.smallest_difference,
        )
        for position, row in enumerate(found.contrasts)
    ]
    Estimate.objects.bulk_create(rows)


def _kind_fields(row: KindComparison) -> dict[str, Any]:
    return {
        "about": Estimate.About.KIND,
        "p_adjusted": row.p_adjusted,
        "verdict": row.verdict,
        "texts": asdict(row.details) if row.details else None,
        "reason": row.hold_reason,
    } | estimate_fields(row.estimate)
