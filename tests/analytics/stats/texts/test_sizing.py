import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy.stats import nct, t

from analytics.stats import Estimate, NotEstimable
from analytics.stats.texts import matched, nested, sizing
from analytics.stats.texts.sizing import Design
from analytics.stats.texts.values import Measured

PLAN: dict[str, Any] = {"difference": 0.05, "control": 0.4, "spread": 0.03}


def simulated(design: Design, texts: int, people: int, trials: int = 1_500) -> float:
    """The share of trials, with normal text means, whose interval excludes no difference."""
    source, found = np.random.default_rng(7), 0
    own = 0.03 if design == "nested" else 0.03 / 2**0.5
    for _ in range(trials):
        arms = [
            [Measured(y) for y in source.normal(p, (own**2 + p * (1 - p) / people) ** 0.5, size=texts)]
            for p in (0.45, 0.4)
        ]
        method = matched.difference if design == "matched" else nested.difference
        estimate = method(treated=arms[0], control=arms[1])
        assert isinstance(estimate, Estimate)
        found += 0.0 not in estimate.interval
    return found / trials


@pytest.mark.parametrize(
    ("design", "texts", "tolerance"),
    # Standard error 0.013. With seven sets t at the level of the sign-flip test is 2 to 3 points above it.
    [("matched", 4, 0.04), ("matched", 6, 0.04), ("matched", 7, 0.06), ("nested", 3, 0.04), ("nested", 6, 0.04)],
)
def test_power_is_what_simulation_finds(design: Design, texts: int, tolerance: float) -> None:
    planned = sizing.power(**PLAN, people_per_text=1000, texts=texts, design=design)
    assert planned == pytest.approx(simulated(design, texts, 1000), abs=tolerance)


@pytest.mark.parametrize("numbers", [(2, 8), (3, 4), (12, 6)])
def test_power_with_unequal_numbers_is_what_simulation_finds(numbers: tuple[int, int]) -> None:
    source, found, people = np.random.default_rng(17), 0, 4_000
    texts, control_texts = numbers
    for _ in range(1_500):
        arms = [
            [Measured(y) for y in source.normal(p, (0.03**2 + p * (1 - p) * k / people) ** 0.5, size=k)]
            for p, k in zip((0.45, 0.4), numbers, strict=True)
        ]
        estimate = nested.difference(treated=arms[0], control=arms[1])
        assert isinstance(estimate, Estimate)
        found += 0.0 not in estimate.interval
    planned = sizing.power(
        **PLAN, people_per_text=people // texts, texts=texts, control_texts=control_texts, design="nested"
    )
    assert planned == pytest.approx(found / 1_500, abs=0.04)


def test_people_needed_with_unequal_numbers_reach_the_power() -> None:
    plan: dict[str, Any] = {"difference": 0.08, "control": 0.4, "texts": 3, "spread": 0.02, "design": "nested"}
    needed = sizing.people_needed(**plan, control_texts=6)
    assert isinstance(needed, int)
    assert sizing.power(**plan, control_texts=6, people_per_text=needed) == pytest.approx(0.8, abs=0.01)
    assert sizing.people_needed(**plan, control_texts=3) == sizing.people_needed(**plan)
    assert sizing.people_needed(**plan, control_texts=1) == sizing.MORE_TEXTS_NEEDED
    assert sizing.power(**plan, control_texts=1, people_per_text=1_000) == 0.0


def test_more_texts_for_unequal_numbers_are_as_many_for_each() -> None:
    found = sizing.what_would_help(difference=0.03, spread=0.01, noise=0.03, texts=3, design="nested", unequal=(3, 6))
    equal = sizing.what_would_help(difference=0.03, spread=0.01, noise=0.03, texts=5, design="nested")
    assert found.texts == equal.texts


def test_below_six_sets_it_is_the_noncentral_t() -> None:
    # scipy.stats.nct at t.ppf(0.975, 3), the shift by hand.
    shift = 0.05 / ((0.03**2 + (0.24 + 0.2475) / 1000) / 4) ** 0.5
    critical = t.ppf(0.975, 3)
    theirs = nct.sf(critical, 3, shift) + nct.cdf(-critical, 3, shift)
    assert sizing.power(**PLAN, people_per_text=1000, texts=4) == pytest.approx(theirs, abs=2e-4)


def test_four_sets_of_a_thousand_beat_one_of_four_thousand() -> None:
    one, two, four = (sizing.power(**PLAN, people_per_text=4000 // k, texts=k) for k in (1, 2, 4))
    assert one == 0.0
    assert two < four / 3


def test_matched_sets_need_fewer_people_than_texts_of_their_own() -> None:
    # The texts of a set differ by 3 points in both designs; matched ones differ by less in their differences.
    plan: dict[str, Any] = {"difference": 0.05, "control": 0.4, "people_per_text": 1000, "texts": 4}
    assert sizing.power(**plan, spread=0.01) > 1.5 * sizing.power(**plan, spread=0.03, design="nested")


def test_without_a_difference_power_is_the_error_of_the_test() -> None:
    plan: dict[str, Any] = {"difference": 0.0, "control": 0.4, "people_per_text": 1000, "spread": 0.03}
    assert sizing.power(**plan, texts=4) == pytest.approx(0.05, abs=1e-4)
    assert sizing.power(**plan, texts=6) == pytest.approx(2 / 64)
    # Welch's test stays below its level with three texts: 3.5% of 200,000 simulated trials.
    assert sizing.power(**plan, texts=3, design="nested") == pytest.approx(0.035, abs=0.003)


@pytest.mark.parametrize("design", ["matched", "nested"])
def test_people_needed_are_the_first_to_reach_the_power(design: Design) -> None:
    plan: dict[str, Any] = {"difference": 0.08, "control": 0.4, "texts": 5, "spread": 0.02}
    needed = sizing.people_needed(**plan, design=design)
    assert isinstance(needed, int)
    reached = [sizing.power(**plan, people_per_text=n, design=design) for n in (needed - 1, needed)]
    assert reached[0] < 0.8 <= reached[1]


def test_with_few_texts_that_differ_no_number_of_people_is_enough() -> None:
    assert sizing.people_needed(difference=0.05, control=0.4, texts=3, spread=0.05) == sizing.MORE_TEXTS_NEEDED
    assert isinstance(sizing.people_needed(difference=0.05, control=0.4, texts=1, spread=0.0), NotEstimable)


@pytest.mark.parametrize(
    ("spread", "noise", "texts", "design", "first"),
    [
        (0.0, 0.03, 8, "matched", "people"),
        (0.03, 0.005, 4, "matched", "texts"),
        (0.02, 0.002, 2, "nested", "texts"),
        (0.04, 0.2, 4, "matched", "both"),
        (0.2, 0.01, 4, "matched", "neither"),
        (0.0, 0.02, 1, "matched", "texts"),
        (0.06, 0.2, 12, "matched", "neither"),
    ],
)
def test_what_helps_follows_from_what_limits(
    spread: float, noise: float, texts: int, design: Design, first: str
) -> None:
    assert (
        sizing.what_would_help(difference=0.03, spread=spread, noise=noise, texts=texts, design=design).first == first
    )


def test_what_was_named_as_needed_is_enough() -> None:
    found = sizing.what_would_help(difference=0.03, spread=0.01, noise=0.03, texts=4)
    assert found.people_factor is not None
    assert found.texts is not None
    half = float(t.ppf(0.975, 3)) * ((0.01**2 + 0.03**2 / found.people_factor) / 4) ** 0.5
    assert half == pytest.approx(0.03, rel=1e-4)


@pytest.mark.parametrize("wrong", [{"control": 1.2}, {"people_per_text": 0}, {"spread": -0.1}, {"alpha": 0.0}])
def test_impossible_plans_are_refused(wrong: dict[str, Any]) -> None:
    plan: dict[str, Any] = {**PLAN, "people_per_text": 100, "texts": 4, **wrong}
    with pytest.raises(ValueError, match=r"between 0 and 1"):
        sizing.power(**plan)
    with pytest.raises(ValueError, match="other than 0"):
        sizing.what_would_help(difference=0.0, spread=0.1, noise=0.1, texts=4)


@pytest.mark.process
def test_pages_may_import_it() -> None:
    code = "import sys, analytics.stats.texts.sizing; sys.exit(any(n in sys.modules for n in ('numpy', 'scipy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
