"""Which units were assigned, and what is shown of arms that come in strata or clusters."""

from collections.abc import Mapping

import numpy as np
import pytest

from analytics.comparison.compare import compare
from analytics.comparison.factorial import factorial_contrasts
from analytics.comparison.grouped import NO_OMNIBUS, NeitherDesign, find_cluster_design
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.sensitivity import CrossChecks, run_cross_checks
from analytics.stats import Counts, Estimate, NotEstimable


def total(groups: Mapping[str, Counts]) -> Counts:
    return Counts(sum(c.n for c in groups.values()), sum(c.events for c in groups.values()))


def days(*counts: tuple[int, int]) -> dict[str, Counts]:
    return {f"day {number}": Counts(*each) for number, each in enumerate(counts, start=1)}


def clustered(**arms: Mapping[str, Counts]) -> list[ArmCounts]:
    return [ArmCounts(key, total(groups), clusters=groups) for key, groups in arms.items()]


# Which design it is


def units(**sizes: int) -> dict[str, Counts]:
    return {name: Counts(n, 0) for name, n in sizes.items()}


def test_clusters_in_one_arm_each_are_nested() -> None:
    assert find_cluster_design([units(h1=3, h2=2), units(h3=4, h4=1)]) == "nested"
    assert find_cluster_design([units(h1=3, h3=0), units(h3=4, h1=0)]) == "nested"


def test_clusters_with_every_arm_are_crossed() -> None:
    assert find_cluster_design([units(d1=30, d2=20), units(d1=33, d2=17)]) == "crossed"


def test_small_clusters_may_lack_an_arm_by_chance() -> None:
    source = np.random.default_rng(3)
    cells = [source.multinomial(size, [1 / 3] * 3) for size in (1, 2, 3, 4, 6, 9, 300) for _ in range(40)]
    arms = [{str(name): Counts(int(cell[arm]), 0) for name, cell in enumerate(cells)} for arm in range(3)]
    assert find_cluster_design(arms) == "crossed"


def test_one_household_in_both_arms_is_neither() -> None:
    arms = [units(**{f"h{n}": 2 for n in range(21)}), units(**{f"h{n}": 2 for n in range(20, 40)})]
    with pytest.raises(NeitherDesign, match="39 of 40 clusters lack an arm, such as “h0”"):
        find_cluster_design(arms)


def test_one_large_cluster_that_lacks_an_arm_is_neither() -> None:
    arms = [units(**{f"d{n}": 50 for n in range(100)}), units(**{f"d{n}": 50 for n in range(99)})]
    with pytest.raises(NeitherDesign, match="1 of 100 clusters lack an arm, such as “d99”"):
        find_cluster_design(arms)


# What respects it

NESTED = clustered(
    a={f"a{n}": Counts(40, x) for n, x in enumerate((10, 0, 40, 0, 0, 30))},
    b={f"b{n}": Counts(60, x) for n, x in enumerate((0, 60, 20, 10, 60, 60))},
)
CROSSED = clustered(
    a=days((200, 10), (200, 120), (190, 30), (210, 70)), b=days((210, 22), (195, 130), (200, 40), (190, 75))
)
STRATIFIED = [ArmCounts(arm.key, arm.counts, strata=arm.clusters) for arm in CROSSED]


def test_whole_clusters_are_what_the_split_counts() -> None:
    # 6 and 6 households of 40 and of 60 people: 240 against 360 people would be an alarm (chi-square 24, p 1e-6).
    look = compare(NESTED, [("b", "a")], Rules(clusters="nested"))
    assert not isinstance(look.sample_ratio, NotEstimable)
    assert look.sample_ratio.p_value == 1.0
    crossed = compare(NESTED, [("b", "a")], Rules(clusters="crossed"))
    assert crossed.withheld


def test_days_that_saw_both_arms_are_compared_within_themselves() -> None:
    within = compare(CROSSED, [("b", "a")], Rules(clusters="crossed")).comparisons[0].estimate
    across = compare(CROSSED, [("b", "a")], Rules(clusters="nested")).comparisons[0].estimate
    assert isinstance(within, Estimate)
    assert isinstance(across, Estimate)
    assert (within.effect, within.method) == (across.effect, "cr2")
    assert (within.standard_error or 1) < 0.1 * (across.standard_error or 0)


@pytest.mark.parametrize(
    ("arms", "rules"),
    [(NESTED, Rules(clusters="nested")), (CROSSED, Rules(clusters="crossed")), (STRATIFIED, Rules(stratified=True))],
)
def test_methods_for_plain_counts_are_not_shown(arms: list[ArmCounts], rules: Rules) -> None:
    assert compare(arms, [("b", "a")], rules).omnibus == NO_OMNIBUS
    checks = run_cross_checks(arms, [("b", "a")], rules)
    assert checks.arms == ()
    (pair,) = checks.pairs
    assert (pair.exact_p, pair.was_significant, pair.tips_at) == (None, None, None)
    assert (pair.lowest is not None) == rules.stratified
    assert isinstance(run_cross_checks(arms, [], Rules()), CrossChecks)


def test_rates_of_clusters_have_wider_intervals() -> None:
    for arms, rules in ((NESTED, Rules(clusters="nested")), (CROSSED, Rules(clusters="crossed"))):
        for found, plain in zip(
            compare(arms, [("b", "a")], rules).rates, compare(arms, [("b", "a")], Rules()).rates, strict=True
        ):
            assert isinstance(found, Estimate)
            assert isinstance(plain, Estimate)
            assert found.effect == plain.effect
            assert found.interval.width > 2 * plain.interval.width


def test_the_factorial_respects_clusters_and_is_none_with_strata() -> None:
    neutral, victim = CROSSED
    user, both = clustered(
        u=days((205, 20), (190, 119), (200, 36), (200, 70)), b=days((200, 33), (200, 138), (195, 49), (205, 92))
    )
    arms = {"neutral": neutral, "victim": victim, "user": user, "both": both}
    plain, within = (
        {each.name: each.estimate for each in factorial_contrasts(**arms, rules=rules, withheld=False)}
        for rules in (Rules(), Rules(clusters="crossed"))
    )
    for name, one in plain.items():
        other = within[name]
        assert isinstance(one, Estimate)
        assert isinstance(other, Estimate)
        assert other.effect == pytest.approx(one.effect)
        assert other.method == "cr2"
    assert factorial_contrasts(**arms, rules=Rules(stratified=True), withheld=False) == ()


@pytest.mark.parametrize(
    "rules",
    [
        Rules(clusters="crossed", monitoring="always-valid", planned_per_arm=1000),
        Rules(clusters="crossed", monitoring="group-sequential", planned_per_arm=1600, looks=(0.5,)),
    ],
)
def test_repeated_looks_stretch_the_error_of_few_clusters(rules: Rules) -> None:
    # The error is first stretched so that the normal gives the p-value of Student's t with about 3 degrees of freedom.
    single = compare(CROSSED, [("b", "a")], Rules(clusters="crossed")).comparisons[0].estimate
    repeated = compare(CROSSED, [("b", "a")], rules).comparisons[0].estimate
    assert isinstance(single, Estimate)
    assert isinstance(repeated, Estimate)
    assert (repeated.standard_error or 0) > (single.standard_error or 1)
