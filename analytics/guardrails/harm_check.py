"""Judge an arm or a text beside the control, and say as which counts the answer may be told.

What is told of a text is taken as a table of its arm by text: who saw each text, and who had the outcome of those that
were judged. An arm of which a text was stopped is judged by the others, and told as that table too. What was counted of
a stopped text after its stop is left out of the table while it is few, so that it never keeps an arm from being paused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings

from analytics.comparison.design_effect import DesignEffect, design_effect
from analytics.comparison.harm import HarmfulArm, find_harmful_arms, least_harmful
from analytics.disclosure import released_cells
from analytics.disclosure.released_cells import ArmCells
from analytics.guardrails.counts import GuardedCounts, days_since, read_counts, read_periods
from analytics.guardrails.trial_control import control_of_trial
from analytics.stats import Counts
from analytics.suppression import suppress
from analytics.suppression.cells import ReleasedCells, is_small
from campaign.models import AnalysisPlan, Arm, ArmText, PlannedOutcome
from campaign.outcomes import OUTCOMES


@dataclass(frozen=True, slots=True)
class SureHarm:
    """An arm, or one text of it, whose harm is sure; `people` are those of the smaller side."""

    arm: Arm
    text: ArmText | None
    outcome: str
    harm: HarmfulArm
    people: int
    needs_one_placement: bool
    cells: ArmCells
    may_be_told: bool

    def as_stored(self) -> dict[str, list[int | None] | dict[str, list[int | None]]]:
        """The cells as a GuardEvent stores them."""
        return {key: _as_json(cells, self.outcome) for key, cells in self.cells.items()}


class HarmCheck:
    """One guardrail of a plan with the counts of all arms, and what was told of them before."""

    def __init__(
        self,
        plan: AnalysisPlan,
        outcome: PlannedOutcome,
        arms: Sequence[Arm],
        *,
        views: int,
        told: Sequence[ArmCells],
        bounds: int,
    ) -> None:
        assert outcome.harm_margin is not None
        self.outcome, self.margin = outcome.outcome, outcome.harm_margin
        self._counts: GuardedCounts = read_counts(arms, outcome.outcome)
        use = plan.campaign
        control = next(arm for arm in arms if arm.is_control)
        self._trial_control = control_of_trial(use, control, outcome.outcome)
        periods = plan.periods_from(use.starts_at)
        if self._trial_control:  # its people came on other days
            periods = periods or days_since(use)
        self._periods = None if periods is None else read_periods(arms, outcome.outcome, periods)
        if self._periods and self._trial_control:
            self._periods[control.key] = self._trial_control.periods
        self._per_arm, self._views, self._told = plan.planned_per_arm, views, told
        self._error = (1 - plan.level) / bounds
        self._lower_is_better = OUTCOMES[outcome.outcome].better == "lower"

    def judge_arm(self, arm: Arm, texts: Sequence[ArmText], control: Arm, *, allowed: float) -> SureHarm | None:
        """Judge an arm, by the texts that it still shows; None unless it surely does more harm than is allowed."""
        stopped = [text for text in texts if text.stopped_at is not None]
        level = 1 - self._error / (2 if len(texts) > 1 else 1)

        def counts(without: int | None = None) -> Counts:
            if not stopped:
                return self._counts.of_arm(arm, without=without)
            return sum(
                (
                    self._with_least_harm(self._counts.of_text(text, without=without))
                    for text in texts
                    if text not in stopped
                ),
                Counts(0, 0),
            )

        cells = (
            self._cells_by_text(arm, texts, [text for text in texts if text not in stopped])
            if stopped
            else self._cells_of(counts())
        )
        return self._judge(arm, None, control, counts, cells, level=level, planned=2 * self._per_arm, allowed=allowed)

    def judge_text(
        self, arm: Arm, text: ArmText, texts: Sequence[ArmText], control: Arm, *, allowed: float
    ) -> SureHarm | None:
        """Judge one text of an arm beside the whole control."""

        def counts(without: int | None = None) -> Counts:
            return self._counts.of_text(text, without=without)

        return self._judge(
            arm,
            text,
            control,
            counts,
            self._cells_by_text(arm, texts, [text]),
            level=1 - self._error / (2 * len(texts)),
            planned=self._per_arm + self._per_arm // len(texts),
            allowed=allowed,
        )

    def _judge(
        self,
        arm: Arm,
        text: ArmText | None,
        control: Arm,
        counts: Callable[[int | None], Counts],
        cells: ReleasedCells,
        *,
        level: float,
        planned: int,
        allowed: float,
    ) -> SureHarm | None:
        def harm(without: int | None = None) -> HarmfulArm | None:
            found = find_harmful_arms(
                {arm.key: counts(without), control.key: self._of_control(control, without)},
                control=control.key,
                margin=allowed,
                level=level,
                n_planned=planned,
                lower_is_better=self._lower_is_better,
                views_per_network=self._views,
                smallest_cell=settings.SMALL_CELL,
                luck=self._luck(without),
            )
            return found[0] if found else None

        found = harm()
        if found is None:
            return None
        told = {arm.key: cells, control.key: self._cells_of(self._counts.of_arm(control))}
        places = self._counts.placements
        return SureHarm(
            arm=arm,
            text=text,
            outcome=self.outcome,
            harm=found,
            people=min(counts(None).n, self._of_control(control, None).n),
            needs_one_placement=len(places) > 1 and not all(harm(place) for place in places),
            cells=told,
            may_be_told=self._is_tellable(told),
        )

    def _of_control(self, control: Arm, without: int | None) -> Counts:
        """The counts of the control; where nobody sees it any more, those of its trial, of all placements."""
        return self._trial_control.counts if self._trial_control else self._counts.of_arm(control, without=without)

    def _luck(self, without: int | None) -> DesignEffect | None:
        """What people of one period share, at all placements but one; None where each person was assigned alone.

        Whoever is compared with the control of a trial came on other days, and those of a day share their luck.
        """
        if self._periods is None:
            return None
        return design_effect(
            {
                arm: [counts for (place, _), counts in periods.items() if place != without]
                for arm, periods in self._periods.items()
            }
        )

    def _with_least_harm(self, counts: Counts) -> Counts:
        return least_harmful(counts, smallest_cell=settings.SMALL_CELL, lower_is_better=self._lower_is_better)

    def _is_tellable(self, cells: ArmCells) -> bool:
        """Whether these cells could be released beside all that was told before."""
        ever = [self.outcome, *(key for each in self._told for arm in each.values() for key in arm.totals)]
        related = released_cells.joint_tables(tuple(dict.fromkeys(ever)))
        return suppress.tellable_arms(cells, self._told, related, least=settings.SMALL_CELL) == cells.keys()

    def _cells_of(self, counts: Counts) -> ReleasedCells:
        """The counts as a look could show them: without the outcome in an arm where it has a small part."""
        parts = None if _has_small_part(counts) else (counts.events, counts.n - counts.events)
        return ReleasedCells(counts.n, {self.outcome: parts})

    def _cells_by_text(self, arm: Arm, texts: Sequence[ArmText], judged: Sequence[ArmText]) -> ReleasedCells:
        table: dict[str, tuple[int, int | None]] = {}
        for text in texts:
            name, counts = str(text.position + 1), self._counts.of_text(text)
            if text in judged:
                table[name] = (counts.n, None if _has_small_part(counts) else counts.events)
                continue
            before = released_cells.last_told_text(self._told, arm.key, name, self.outcome)
            more = counts.n - before[0]
            is_late = text.stopped_at is not None and is_small(more, settings.SMALL_CELL)
            table[name] = before if is_late or not more else (counts.n, None)
        return released_cells.text_cells(self.outcome, table)


def _has_small_part(counts: Counts) -> bool:
    return any(is_small(part, settings.SMALL_CELL) for part in (counts.events, counts.n - counts.events))


def _as_json(cells: ReleasedCells, outcome: str) -> list[int | None] | dict[str, list[int | None]]:
    if not cells.by_text:
        parts = cells.totals[outcome]
        return [cells.n, None if parts is None else parts[0]]
    by_text = cells.parts[outcome].items()
    return {text: [cells.seen[text], None if parts is None else parts[0]] for text, parts in by_text}
