from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test

from analytics.stats import Counts, NotEstimable, clusters, switchback
from analytics.stats.numerics.sign_flips import typical_means
from analytics.stats.switchback import SwitchbackEstimate, difference, forgeries_to_turn

TREATED = [Counts(120, 55), Counts(300, 99), Counts(70, 40), Counts(210, 100), Counts(150, 39), Counts(80, 33)]
CONTROL = [Counts(100, 31), Counts(250, 66), Counts(180, 62), Counts(90, 33), Counts(140, 21), Counts(95, 37)]
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]

counts = st.integers(1, 60).flatmap(lambda n: st.builds(Counts, st.just(n), st.integers(0, n)))
sets = st.lists(st.tuples(counts, counts), min_size=2, max_size=7)


def known(value: object) -> SwitchbackEstimate:
    assert isinstance(value, SwitchbackEstimate), value
    return value


def pooled(treated: list[Counts], control: list[Counts]) -> float:
    one, other = sum(treated, Counts(0, 0)), sum(control, Counts(0, 0))
    return one.events / one.n - other.events / other.n


def p_of_effect(effect: float, treated: list[Counts], control: list[Counts]) -> float:
    """The p-value of an effect by its definition: take it off the treated periods, and try every order."""
    rows = [[(c.n, c.events / c.n - effect) for c in treated], [(c.n, c.events / c.n) for c in control]]
    found = []
    for order in range(2 ** len(treated)):
        turned = [order >> place & 1 for place in range(len(treated))]
        sides = [[rows[side ^ flip][place] for place, flip in enumerate(turned)] for side in (0, 1)]
        one, other = (sum(n * rate for n, rate in side) / sum(n for n, _ in side) for side in sides)
        found.append(one - other)
    return float(np.mean(np.abs(found) >= abs(found[0]) - 1e-12))


def test_periods_of_one_size_agree_with_scipys_permutation_test() -> None:
    # scipy.stats.permutation_test((rates,), mean, permutation_type="samples"): all 2^9 signs of the differences.
    one, other = [31, 44, 25, 38, 52, 47, 29, 41, 36], [28, 39, 27, 30, 41, 49, 22, 37, 33]
    ours = known(switchback.difference(treated=[Counts(100, x) for x in one], control=[Counts(100, x) for x in other]))
    differences = np.array(one) - np.array(other)
    theirs = permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=10_000)
    assert ours.p_value == pytest.approx(theirs.pvalue, abs=1e-12)
    assert ours.effect == pytest.approx(differences.mean() / 100)


def test_darwins_pairs_have_the_p_value_of_fisher() -> None:
    # Fisher 1935, The Design of Experiments, section 21: 863 of 32,768 orders on each side.
    treated = [Counts(1000, 500 + d) for d in DARWIN]
    found = known(switchback.difference(treated=treated, control=[Counts(1000, 500)] * 15))
    assert found.p_value == 2 * 863 / 32_768


def test_periods_of_one_size_have_hartigans_interval() -> None:
    # Hartigan 1969, by another algorithm of this library: the means of all subsets of the differences.
    treated = [Counts(1000, 500 + d) for d in DARWIN[:11]]
    found = known(switchback.difference(treated=treated, control=[Counts(1000, 500)] * 11))
    low, high = typical_means([d / 1000 for d in DARWIN[:11]], 0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_the_interval_holds_the_effects_that_the_test_does_not_reject(level: float) -> None:
    found = known(switchback.difference(treated=TREATED, control=CONTROL, level=level))
    assert found.p_value == p_of_effect(0.0, TREATED, CONTROL)
    for inside, outside in (
        (found.interval.low + 1e-6, found.interval.low - 1e-6),
        (found.interval.high - 1e-6, found.interval.high + 1e-6),
    ):
        assert p_of_effect(inside, TREATED, CONTROL) > 1 - level + 1e-9
        assert p_of_effect(outside, TREATED, CONTROL) <= 1 - level + 1e-9


def test_the_effect_is_that_of_the_cluster_estimator() -> None:
    beside = clusters.difference(treated=TREATED, control=CONTROL)
    assert isinstance(beside, clusters.ClusterEstimate)
    assert known(switchback.difference(treated=TREATED, control=CONTROL)).effect == pytest.approx(beside.effect)


@given(sets)
@settings(max_examples=50, deadline=None)
def test_swapped_arms_flip_the_sign(pairs: list[tuple[Counts, Counts]]) -> None:
    treated, control = map(list, zip(*pairs, strict=True))
    one = switchback.difference(treated=treated, control=control)
    other = switchback.difference(treated=control, control=treated)
    if isinstance(one, NotEstimable):
        assert one == other
        return
    other = known(other)
    assert (one.effect, one.p_value) == pytest.approx((-other.effect, other.p_value))
    assert (one.interval.low, one.interval.high) == pytest.approx((-other.interval.high, -other.interval.low))


@given(sets, st.sampled_from([0.5, 0.8, 0.95]))
@settings(max_examples=50, deadline=None)
def test_the_interval_holds_the_effect_and_leaves_out_zero_as_the_p_value_says(
    pairs: list[tuple[Counts, Counts]], level: float
) -> None:
    treated, control = map(list, zip(*pairs, strict=True))
    found = switchback.difference(treated=treated, control=control, level=level)
    if isinstance(found, NotEstimable):
        return
    assert found.effect == pytest.approx(pooled(treated, control))
    assert found.effect in found.interval
    assert (0.0 not in found.interval) == (found.p_value is not None and found.p_value < 1 - level)
    assert found.smallest_p <= (found.p_value or 0.0) <= 1.0


def test_too_few_sets_exclude_nothing() -> None:
    treated, control = [Counts(1000, 900)] * 5, [Counts(1000, n) for n in (100, 101, 102, 103, 104)]
    found = known(switchback.difference(treated=treated, control=control))
    assert (found.p_value, found.smallest_p) == (0.0625, 0.0625)
    assert (found.interval.low, found.interval.high) == (-1.0, 1.0)


def test_many_sets_are_drawn_with_a_fixed_seed() -> None:
    source = np.random.default_rng(1)
    treated = [Counts(100, int(x)) for x in source.binomial(100, 0.5, size=84)]
    control = [Counts(100, int(x)) for x in source.binomial(100, 0.4, size=84)]
    one, other = (known(switchback.difference(treated=treated, control=control)) for _ in range(2))
    assert one == other
    assert one.p_value == one.smallest_p == 1 / (switchback.DRAWS + 1)


def test_orders_drawn_at_random_agree_with_all_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    treated, control = TREATED * 2, CONTROL * 2
    full = known(switchback.difference(treated=treated, control=control))
    monkeypatch.setattr(switchback, "MOST_SETS_IN_FULL", 3)
    drawn = known(switchback.difference(treated=treated, control=control))
    # Four Monte Carlo errors of a share near a half are 2%.
    assert drawn.p_value == pytest.approx(full.p_value, abs=0.02)
    assert drawn.interval.low == pytest.approx(full.interval.low, abs=0.01)
    assert drawn.standard_error == pytest.approx(full.standard_error, rel=0.03)


def test_sets_without_units_change_nothing() -> None:
    none = Counts(0, 0)
    one = switchback.difference(treated=TREATED, control=CONTROL)
    assert switchback.difference(treated=[none, *TREATED], control=[none, *CONTROL]) == one


def test_a_period_whose_partner_is_missing_counts_too() -> None:
    more = [*CONTROL, Counts(0, 0)]
    found = known(switchback.difference(treated=[*TREATED, Counts(50, 20)], control=more))
    assert found.sets == 7
    assert found.effect == pytest.approx(pooled([*TREATED, Counts(50, 20)], CONTROL))


def test_an_empty_arm_or_periods_that_are_all_alike_cannot_be_compared() -> None:
    assert switchback.difference(treated=[Counts(0, 0)], control=[Counts(5, 1)]) == NotEstimable(
        "The treated arm is empty."
    )
    alike = [Counts(100, 10)] * 6
    assert switchback.difference(treated=alike, control=alike) is switchback.SAME_DIFFERENCE


def test_arms_need_as_many_periods() -> None:
    with pytest.raises(ValueError, match="as many control periods"):
        switchback.difference(treated=TREATED, control=CONTROL[:-1])


def test_no_p_value_is_smaller_than_the_number_of_orders_allows() -> None:
    assert [switchback.smallest_p(sets) for sets in (1, 5, 6)] == [1.0, 0.0625, 0.03125]
    assert floor(1 / switchback.smallest_p(14)) == 8192


def test_a_forger_who_decides_the_sets_of_a_small_placement_is_found() -> None:
    """14 views in each week of a placement with 21 people: some of 200 trials now reject, and each is told."""
    chance, turned = np.random.default_rng(1), 0
    for _ in range(200):
        sizes = [7_000] * 3 + [21] * 3
        treated, control = ([Counts(n, int(chance.binomial(n, chance.normal(0.3, 0.05)))) for n in sizes] for _ in "ab")
        forged = [c + Counts(14, 14) if c.n == 21 else c for c in treated]
        beside = [c + Counts(14, 0) if c.n == 21 else c for c in control]
        honest, found = difference(treated=treated, control=control), difference(treated=forged, control=beside)
        before, after = (known(each).p_value for each in (honest, found))
        if before and after and before > 0.05 >= after:
            turned += 1
            assert forgeries_to_turn(treated=forged, control=beside, effect=0.0, level=0.95, views=84) == 1
    assert turned > 5


def test_an_effect_that_orders_of_equal_periods_rule_out_takes_many_forgers() -> None:
    treated = [Counts(1000, 500 + gain) for gain in (110, 90, 95, 105, 120, 80)]
    control = [Counts(1000, 500)] * 6
    # The next order turns the weakest set around: 0.1 against 0.0733. Each forger moves both by 10 of 5,990 people, of
    # whom at most 60.0% and 58.67% did or did not.
    found = forgeries_to_turn(treated=treated, control=control, effect=0.0, level=0.95, views=10)
    assert found == ceil((0.1 - (600 - 2 * 80) / 6000) / ((0.6 + 3520 / 6000) * 10 / 5990))


def test_without_an_effect_the_test_rejects_at_most_alpha() -> None:
    source, claims = np.random.default_rng(5), 0
    for _ in range(400):
        rates = np.clip(0.4 + 0.1 * source.normal(size=(2, 8)), 0, 1)
        one, other = ([Counts(200, int(source.binomial(200, p))) for p in side] for side in rates)
        claims += 0.0 not in known(switchback.difference(treated=one, control=other)).interval
    # 5% of 400 and four standard deviations; 12 of 256 orders are rejected, so 4.7% are expected.
    assert 5 <= claims <= 37
