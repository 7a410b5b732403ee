"""PURE  Decide the verdict on an estimate: what holds it back, and how many hostile networks could turn it."""

from collections.abc import Sequence

from analytics.comparison import grouped, network_influence
from analytics.comparison.correction import Corrected
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.text_mixes import MIXED_TEXTS
from analytics.stats import equivalence
from analytics.stats.values import Counts, Estimate, Levels, NotEstimable

WITHHELD = "withheld"
CANNOT_TELL = "cannot-tell-yet"

# Asymptotic intervals for repeated looks are not valid with fewer events or non-events than this in an arm. Until then
# plain counts have an exact interval, and any other verdict is held. `make simulate` shows the false claims.
MIN_EVENTS = 10
# The same for the answers to an ordered outcome.
MIN_ANSWERS = 50
TOO_FEW_EVENTS = NotEstimable(
    "Each message needs at least 10 people who did it and 10 who did not before there can be a "
    "verdict that holds at every look."
)
TOO_FEW_ANSWERS = NotEstimable(
    "Each message needs at least 50 answers before there can be a verdict that holds at every look."
)


def decide_verdict(
    estimate: Estimate | NotEstimable, corrected: Corrected, rules: Rules, *, hold_reason: str, withheld: bool
) -> str:
    """The verdict on one estimate: withheld, cannot tell yet, or that of `equivalence.verdict`."""
    if withheld:
        return WITHHELD
    if hold_reason:
        return CANNOT_TELL
    verdict = equivalence.verdict(
        estimate,
        rules.smallest_difference,
        p_adjusted=corrected.p_adjusted,
        better=rules.better,
        equivalence_interval=corrected.equivalence_interval,
    )
    return str(verdict)


def mixed_texts_reason(arms: Sequence[ArmCounts]) -> str:
    """Why people alone cannot compare arms of several texts: one lost a text that another kept, or earlier."""
    return MIXED_TEXTS.reason if len({arm.stopped_texts for arm in arms}) > 1 else ""


def too_few_reason(arms: Sequence[ArmCounts], rules: Rules, *, factor: float = 1.0) -> str:
    """Why a verdict waits for more units, now or with `factor` times as many; empty if it does not."""
    if rules.ordered:
        return too_few_answers_reason(
            [Levels([round(count * factor) for count in arm.answers.counts]) for arm in arms], rules
        )
    return too_few_events_reason(
        [Counts(round(arm.counts.n * factor), round(arm.counts.events * factor)) for arm in arms], rules
    )


def too_few_events_reason(cells: Sequence[Counts], rules: Rules) -> str:
    """Why an asymptotic interval for repeated looks is not valid yet; empty if it is."""
    if rules.monitoring == "fixed" or min(min(c.events, c.n - c.events) for c in cells) >= MIN_EVENTS:
        return ""
    return TOO_FEW_EVENTS.reason


def too_few_answers_reason(arms: Sequence[Levels], rules: Rules) -> str:
    """Why an interval for repeated looks at an ordered outcome is not valid yet; empty if it is."""
    if rules.monitoring == "fixed" or min(levels.n for levels in arms) >= MIN_ANSWERS:
        return ""
    return TOO_FEW_ANSWERS.reason


def influence_of_one_network(
    arms: Sequence[ArmCounts], estimate: Estimate | NotEstimable, corrected: Corrected, verdict: str, rules: Rules
) -> tuple[float, int | None]:
    """How far one network could have moved the estimate, and how many it would take to turn the verdict."""
    if isinstance(estimate, NotEstimable):
        return 0.0, None
    if rules.ordered:
        sizes = [arm.answers.n for arm in arms]
        rates = [0.5 + abs(estimate.effect)] * len(arms)
    else:
        sizes, rates = [arm.counts.n for arm in arms], [arm.counts.proportion for arm in arms]
    move = network_influence.largest_move(sizes, rates, views=rules.views_per_network)
    if rules.clusters == "periods" and move and verdict not in (WITHHELD, CANNOT_TELL):
        return move, _networks_to_turn_periods(arms, estimate, corrected, verdict, rules)
    return move, networks_to_turn(estimate, corrected, verdict, rules, move=move)


def _networks_to_turn_periods(
    arms: Sequence[ArmCounts], estimate: Estimate, corrected: Corrected, verdict: str, rules: Rules
) -> int:
    """The same where periods were drawn: orders that are nearly as extreme must not be what a verdict rests on."""
    if verdict == equivalence.Verdict.NO_MEANINGFUL_DIFFERENCE:
        level = (corrected.equivalence_interval or estimate.interval).level
        ruled_out = [rules.smallest_difference or 0.0, -(rules.smallest_difference or 0.0)]
    else:
        correction = (corrected.p_adjusted or 1.0) / (estimate.p_value or 1.0)
        level, ruled_out = 1 - (1 - estimate.interval.level) / max(correction, 1.0), [0.0]
    treated, control = (arm.clusters for arm in arms)
    return grouped.forgeries_to_turn(treated, control, ruled_out, level=level, views=rules.views_per_network)


def networks_to_turn(estimate: Estimate, corrected: Corrected, verdict: str, rules: Rules, move: float) -> int | None:
    """How many networks that each move an estimate so far it takes to turn its verdict; None without a verdict."""
    if verdict in (WITHHELD, CANNOT_TELL):
        return None
    if verdict == equivalence.Verdict.NO_MEANINGFUL_DIFFERENCE:
        interval = corrected.equivalence_interval or estimate.interval
        margin = (rules.smallest_difference or 0.0) - max(abs(interval.low), abs(interval.high))
    else:
        margin = network_influence.margin_from_zero(estimate, corrected.p_adjusted)
    return network_influence.networks_to_turn(margin, move)
