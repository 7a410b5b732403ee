"""PURE  Is an arm shown to be no worse than another by a margin? A cross-check, as for a single look."""

from dataclasses import replace

from scipy.special import stdtr

from analytics.comparison.compare import single_look_difference
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.stats import Estimate, NotEstimable, equivalence
from analytics.stats.numerics.critical_values import upper_tail_p


def not_worse_p(treated: ArmCounts, control: ArmCounts, rules: Rules, *, margin: float | None) -> float | None:
    """The one-sided p-value of non-inferiority; None without a margin or a direction, or where it cannot be told.

    Plain counts have the score test of `equivalence.non_inferiority`; strata and clusters that of their own estimate
    and its standard error.
    """
    if not margin or not margin < 1.0 or rules.ordered or rules.better == "none":
        return None
    if not rules.is_grouped:
        tested = equivalence.non_inferiority(
            treated=treated.counts, control=control.counts, margin=margin, lower_is_better=rules.better == "lower"
        )
        return None if isinstance(tested, NotEstimable) else tested.p_value
    # The permutation test has no t: each period is then a cluster of its own.
    by_period = replace(rules, clusters="nested") if rules.clusters == "periods" else rules
    found = single_look_difference(treated, control, by_period)
    if not isinstance(found, Estimate) or not found.standard_error:
        return None
    gain = -found.effect if rules.better == "lower" else found.effect
    statistic = (gain + margin) / found.standard_error
    return upper_tail_p(statistic) if found.df is None else float(stdtr(found.df, -statistic))
