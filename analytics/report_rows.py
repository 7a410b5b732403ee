"""Rows of a report: plain values that pages, API and terminal show."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from campaign.outcomes import Outcome

Status = Literal["ok", "caution", "alarm", "unknown"]


@dataclass(frozen=True, slots=True)
class RateRow:
    """One arm: `events` of `n` exposed units. Shares are None if not estimable, counts if suppressed (`hidden`)."""

    key: str
    name: str
    frame: str
    is_control: bool
    served: int | None
    n: int | None
    events: int | None
    rate: float | None
    low: float | None
    high: float | None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """Treated minus control, in shares (0.09 is 9 more in 100). Numbers are None where `reason` says why."""

    treated: str
    treated_name: str
    treated_frame: str
    control: str
    control_name: str
    control_phrase: str
    effect: float | None
    low: float | None
    high: float | None
    p_value: float | None
    p_adjusted: float | None
    verdict: str
    verdict_name: str
    sentence: str
    more_per_arm: int | None
    more_per_arm_low: int | None
    more_per_arm_high: int | None
    reason: str
    method: str
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class KindDetails:
    """How texts of a kind were compared, how they differ, and what would help; numbers are None where not known.

    `texts` are those of the treated arm, or sets. `spread` is the standard deviation between them, `next_low` to
    `next_high` holds the difference in one more set. `weight` is this answer's share of the error.
    """

    design: str
    texts: int
    control_texts: int
    decided_by: str
    weight: float
    sign_flip_p: float | None
    smallest_sign_flip_p: float | None
    spread: float | None
    spread_low: float | None
    spread_high: float | None
    next_low: float | None
    next_high: float | None
    helps: str
    people_factor: float | None
    more_texts: int | None


@dataclass(frozen=True, slots=True)
class KindRow(DifferenceRow):
    """The same question for texts of this kind. Its sentence gives both answers; `differing` says how texts differ."""

    differing: str = ""
    details: KindDetails | None = None


@dataclass(frozen=True, slots=True)
class TextResultRow:
    """One text of an arm, drawn towards the others of its arm: a share, or a mean answer. "next" is one more text."""

    arm: str
    arm_name: str
    frame: str
    text: str
    name: str
    n: int | None
    events: int | None
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class QualityItem:
    """One check of the data: its name, its status and a sentence that explains it."""

    label: str
    status: Status
    detail: str


@dataclass(frozen=True, slots=True)
class FactorialRow:
    """One contrast of the victim x user factorial, in shares; None where it cannot be estimated."""

    term: str
    name: str
    effect: float | None
    low: float | None
    high: float | None
    p_value: float | None
    p_adjusted: float | None
    method: str
    verdict: str
    verdict_name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class NotWorseRow:
    """Whether an arm is shown to be no worse than the control by a margin, as for a single look; shares."""

    treated: str
    control: str
    margin: float
    p_value: float
    sentence: str


@dataclass(frozen=True, slots=True)
class OutcomeBlock:
    """Rates and differences of one outcome; and for a guardrail with a margin, whether arms are no worse by it.

    Where arms have several texts (`design`), differences are of these texts and `kinds` of texts of their kind, which
    `kind_note` says when to expect while they have not been judged.
    """

    outcome: Outcome
    role: str
    rates: tuple[RateRow, ...]
    differences: tuple[DifferenceRow, ...]
    smallest_difference: float | None
    not_worse: tuple[NotWorseRow, ...] = ()
    design: str = ""
    kinds: tuple[KindRow, ...] = ()
    texts: tuple[TextResultRow, ...] = ()
    kind_note: str = ""
    analysis_id: int | None = None  # the look whose numbers these are, if they are stored

    @property
    def answers(self) -> tuple[DifferenceRow, ...]:
        """The comparisons on which the verdict rests."""
        return self.kinds or self.differences


@dataclass(frozen=True, slots=True)
class EffectRange:
    """An effect and its interval. `effect` and `high` are None where the interval has no upper end."""

    effect: float | None
    low: float
    high: float | None


@dataclass(frozen=True, slots=True)
class HomogeneityRow:
    """The test that a comparison has one odds ratio at all placements."""

    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True)
class CrossCheckRow:
    """Cross-checks of one comparison, each as for a single look. The verdict does not depend on them.

    `difference` is that of the plan, to read the others beside it. `without` names placements as people do,
    `without_by_key` as programs do: keys never change. Of the others, `lift` is the ratio less 1,
    `after_stopping` the difference if the campaign ended at this look, the next two are odds ratios, and
    the last is the difference with periods as clusters.
    """

    treated: str
    treated_name: str
    treated_frame: str
    control: str
    control_name: str
    exact_p: float | None
    tipping: str
    without: str
    without_by_key: str
    one_network: str
    design_effect: float | None
    difference: EffectRange | None
    ratio: EffectRange | None
    lift: EffectRange | None
    homogeneity: HomogeneityRow | None
    after_stopping: EffectRange | None
    odds_within_days: EffectRange | None
    odds_within_weekdays: EffectRange | None
    by_clusters: EffectRange | None


@dataclass(frozen=True, slots=True)
class PosteriorRow:
    """The posterior probability that an arm is best, and the expected loss from choosing it, as shares."""

    name: str
    frame: str
    best: float
    loss: float


@dataclass(frozen=True, slots=True)
class DeviationRow:
    """A deviation from the frozen plan, and the reason."""

    at: datetime
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class PooledRow:
    """One comparison pooled over campaigns, as shares: mean, interval, and prediction interval of the next."""

    name: str
    campaigns: int
    effect: float
    low: float
    high: float
    next_low: float
    next_high: float
