"""Related outcomes tell of nobody: release generated campaigns, and attack what one view's outcomes say of each other.

The attacker knows that who turned back pressed leave and did not continue, and asks integer programs for every group of
1 to 9 people, over all looks, tables and days. The fault: each outcome is attacked alone before it is released.
"""

from __future__ import annotations

from analytics.disclosure.told_cells import joint_tables
from analytics.suppression.cells import RelatedOutcomes
from tests.analytics.suppression.related_search import search
from tests.trust.bench import Bench
from tests.trust.result import Result


def check(bench: Bench) -> Result:
    """Release campaigns and attack them."""
    found = search(range(bench.scaled(200, 10)), _one_by_one if bench.fault else joint_tables)
    told = [f"recovered {len(found.exact)} of {found.small} small groups: {', '.join(found.exact[:3])}"]
    closely = [f"{len(found.narrow)} known more closely than to ten people: {', '.join(found.narrow[:3])}"]
    return Result(
        n=f"{found.campaigns} campaigns, {found.moments:,} looks and days, {found.shown:,} counts shown, "
        f"{found.small:,} small groups",
        figure=f"recovered {len(found.exact)}",
        broken=(
            *(told if found.exact else ()),
            *(closely if found.narrow else ()),
            *(() if found.small and found.shown else ("nothing was shown or hidden",)),
        ),
    )


def _one_by_one(outcomes: tuple[str, ...]) -> list[RelatedOutcomes]:
    """The fault: no outcome is related to another."""
    return [each for outcome in outcomes for each in joint_tables((outcome,))]
