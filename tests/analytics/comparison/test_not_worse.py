"""Non-inferiority as a cross-check."""

from typing import Any

import pytest
from scipy.stats import norm, t

from analytics.comparison.compare import single_look_difference
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.not_worse import not_worse_p
from analytics.stats import Counts
from tests.analytics.stats.estimates import estimate_of

# Newcombe's example (a) with its arms exchanged: his table II (1998) prints a 95% interval that begins at -0.3382.
WORSE, BETTER = ArmCounts("worse", Counts(80, 48)), ArmCounts("better", Counts(70, 56))
GROUPS = {
    "x": (Counts(200, 60), Counts(210, 57)),
    "y": (Counts(90, 40), Counts(80, 38)),
    "z": (Counts(60, 9), Counts(70, 8)),
}


def grouped_arms(field: str) -> list[ArmCounts]:
    arms = []
    for side, key in enumerate(("treated", "control")):
        parts = {name: pair[side] for name, pair in GROUPS.items()}
        total = Counts(sum(part.n for part in parts.values()), sum(part.events for part in parts.values()))
        arms.append(ArmCounts(key, total, **{field: parts}))  # type: ignore[arg-type]
    return arms


def test_the_end_of_the_two_sided_interval_has_half_its_error() -> None:
    assert not_worse_p(WORSE, BETTER, Rules(), margin=0.3382) == pytest.approx(0.025, abs=5e-5)
    assert not_worse_p(BETTER, WORSE, Rules(better="lower"), margin=0.3382) == pytest.approx(0.025, abs=5e-5)


@pytest.mark.parametrize(
    ("field", "rules"), [("strata", {"stratified": True}), ("clusters", {"clusters": "crossed"})]
)  # fmt: skip
def test_strata_and_clusters_have_that_of_their_own_interval(field: str, rules: dict[str, Any]) -> None:
    treated, control = grouped_arms(field)
    for lower_is_better in (False, True):
        plan = Rules(**rules, better="lower" if lower_is_better else "higher")
        found = estimate_of(single_look_difference(treated, control, plan))
        assert found.standard_error is not None
        end = found.interval.high if lower_is_better else -found.interval.low
        assert not_worse_p(treated, control, plan, margin=end) == pytest.approx(0.025)
        z = ((-found.effect if lower_is_better else found.effect) + 0.05) / found.standard_error
        expected = norm.sf(z) if found.df is None else t.sf(z, found.df)
        assert not_worse_p(treated, control, plan, margin=0.05) == pytest.approx(expected)


def test_without_a_margin_or_people_there_is_none() -> None:
    empty = ArmCounts("nobody", Counts(0, 0))
    assert not_worse_p(WORSE, BETTER, Rules(), margin=None) is None
    assert not_worse_p(WORSE, BETTER, Rules(ordered=True), margin=0.1) is None
    assert not_worse_p(WORSE, empty, Rules(), margin=0.1) is None
    assert not_worse_p(empty, BETTER, Rules(clusters="nested"), margin=0.1) is None
