"""PURE  Whether the messages of all arms reach the screen equally often once they are served, asked at any time."""

from collections.abc import Sequence

from analytics.comparison.compare import difference
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.stats import Counts, Estimate


def unequal_reach_p(reach: Sequence[Counts], *, planned_per_arm: int) -> float | None:
    """The p-value of the message seen most unlike the others, valid however often one looks; None if none was served.

    `reach` counts the messages served of each arm, with those that were seen as events. Each arm is compared with all
    others together, and Bonferroni's correction taken.
    """
    everything = sum(reach, Counts(0, 0))
    rules = Rules(monitoring="always-valid", planned_per_arm=max(planned_per_arm * len(reach) // 2, 1))
    p_values = []
    for each in reach:
        others = Counts(everything.n - each.n, everything.events - each.events)
        found = difference(ArmCounts("one", each), ArmCounts("others", others), rules)
        if isinstance(found, Estimate) and found.p_value is not None:
            p_values.append(found.p_value)
    return min(1.0, len(reach) * min(p_values)) if p_values else None
