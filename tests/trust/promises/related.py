"""Related outcomes tell of nobody: release generated campaigns, and attack what one view's outcomes say of each other.

The attacker knows that who turned back pressed leave and did not continue, and asks integer programs for every group of
1 to 9 people, over all looks, tables and days; and for those who took their view back, from the messages that were sent
and not counted. The faults: each outcome is attacked alone before it is released; withdrawals are not attacked.
"""

from __future__ import annotations

from unittest.mock import patch

from analytics.disclosure.released_cells import joint_tables
from analytics.suppression import unseen_messages
from analytics.suppression.cells import RelatedOutcomes
from tests.analytics.suppression import related_search, withdrawal_search
from tests.trust.bench import Bench
from tests.trust.result import Result

ONE_BY_ONE, UNATTACKED = "outcomes-attacked-one-by-one", "withdrawals-not-attacked"


def check(bench: Bench) -> Result:
    """Release campaigns and attack them."""
    found = related_search.search(
        range(bench.scaled(200, 10)), _one_by_one if bench.fault_name == ONE_BY_ONE else joint_tables
    )
    taken_back = _search_withdrawals(bench)
    told = [f"recovered {len(found.exact)} of {found.small} small groups: {', '.join(found.exact[:3])}"]
    closely = [f"{len(found.narrow)} known more closely than to ten people: {', '.join(found.narrow[:3])}"]
    withdrawn = [f"withdrawals: {taken_back}: {', '.join(taken_back.narrow[:3])}"]
    return Result(
        n=f"{found.campaigns} campaigns, {found.moments:,} looks and days, {found.shown:,} counts shown, "
        f"{found.small:,} small groups; {taken_back.campaigns} campaigns and {taken_back.small:,} small groups of "
        "withdrawals",
        figure=f"recovered {len(found.exact) + len(taken_back.exact)}",
        broken=(
            *(told if found.exact else ()),
            *(closely if found.narrow else ()),
            *(withdrawn if taken_back.narrow else ()),
            *(() if found.small and found.shown and taken_back.small else ("nothing was shown or hidden",)),
        ),
    )


def _search_withdrawals(bench: Bench) -> withdrawal_search.SearchResult:
    numbers = range(bench.scaled(200, 60))
    if bench.fault_name != UNATTACKED:
        return withdrawal_search.search(numbers)
    with patch.object(unseen_messages, "find_inferable_withdrawals", lambda *_, **__: []):
        return withdrawal_search.search(numbers)


def _one_by_one(outcomes: tuple[str, ...]) -> list[RelatedOutcomes]:
    """The fault: no outcome is related to another."""
    return [each for outcome in outcomes for each in joint_tables((outcome,))]
