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
    """Rates and differences of one outcome; and for a guardrail with a margin, whether arms are no worse by it."""

    outcome: Outcome
    role: str
    rates: tuple[RateRow, ...]
    differences: tuple[DifferenceRow, ...]
    smallest_difference: float | None
    not_worse: tuple[NotWorseRow, ...] = ()


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

    `difference` is that of the plan, to read the others beside it. Of these, `lift` is the ratio less 1,
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
