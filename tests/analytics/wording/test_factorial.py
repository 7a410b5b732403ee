"""What is said of both harms together follows from the four rates, the interval and the verdict."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest
from django.utils import translation

from analytics import wording
from analytics.comparison.factorial import FactorialContrast, factorial_contrasts
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.verdict import TOO_FEW_EVENTS
from analytics.stats import Counts, Estimate
from campaign.i18n.catalogs import translated_languages

Rates = tuple[float, float, float, float]
COUNTED = re.compile(r"people: ([+−][\d.]+) together, ([+−][\d.]+) and ([+−][\d.]+) alone")


def contrasts(rates: Rates, n: int, rules: Rules) -> dict[str, FactorialContrast]:
    neutral, victim, user, both = (
        ArmCounts(key, Counts(n, round(n * rate))) for key, rate in zip("nvub", rates, strict=True)
    )
    found = factorial_contrasts(neutral=neutral, victim=victim, user=user, both=both, rules=rules, withheld=False)
    return {contrast.name: contrast for contrast in found}


def sentence(contrast: FactorialContrast, rates: Rates, rules: Rules) -> str:
    estimate = contrast.estimate
    assert isinstance(estimate, Estimate)
    neutral, victim, user, both = rates
    numbers = wording.ContrastNumbers(
        term=contrast.name,
        verdict=contrast.verdict,
        effect=estimate.effect,
        low=estimate.interval.low,
        high=estimate.interval.high,
        level=rules.level,
        p_value=estimate.p_value,
        p_adjusted=contrast.p_adjusted,
        smallest_difference=rules.smallest_difference,
        reason=contrast.hold_reason,
        victim=victim - neutral,
        user=user - neutral,
        both=both - neutral,
    )
    return wording.contrast_sentence(numbers, wording.choose_scale(rates))


def interaction(rates: Rates, n: int, **rules: object) -> str:
    given = Rules(**rules)  # type: ignore[arg-type]
    return sentence(contrasts(rates, n, given)["interaction"], rates, given)


def test_full_cancelling_is_not_called_adding_up() -> None:
    """The audit: "they add up, neither cancels the other" for -3.0 (-7 to 1) with 35, 38, 38 and 38%."""
    told = interaction((0.35, 0.38, 0.38, 0.38), 2_300, smallest_difference=0.10)
    assert told == (
        "Any difference from their sum is smaller than 10 in 100 (−7 to 1). It may still be as "
        "large as the effect of one of them alone, so we cannot tell yet whether one cancels the "
        "other. Compared with a text that names neither, of 100 people: +3.0 together, +3.0 and +3.0 alone."
    )
    told = interaction((0.35, 0.38, 0.38, 0.38), 2_300, smallest_difference=0.02)
    assert told.startswith(
        "We cannot tell yet whether together they do more or less than their sum: −3.0 in 100 (−7 to 1)."
    )


def test_both_may_do_less_than_their_sum_and_more_than_either() -> None:
    """The audit: "one takes away from the other" for 35, 42, 42 and 45%, where both beats each alone."""
    told = interaction((0.35, 0.42, 0.42, 0.45), 20_000, smallest_difference=0.01)
    assert told.startswith("Together they do less than their sum, but more than either alone: −4.0 in 100")
    assert told.endswith("Compared with a text that names neither, of 100 people: +10.0 together, +7.0 and +7.0 alone.")


def test_one_may_cancel_the_other() -> None:
    told = interaction((0.35, 0.42, 0.42, 0.40), 20_000, smallest_difference=0.01)
    assert told.startswith("Together they do less than their sum, and less than one of them alone: −9.0")
    told = interaction((0.35, 0.42, 0.42, 0.42), 20_000, smallest_difference=0.01)
    assert told.startswith("Together they do less than their sum: −7.0 in 100 (−8 to −6). We cannot tell yet whether")


def test_they_may_add_up() -> None:
    told = interaction((0.30, 0.40, 0.42, 0.52), 50_000, smallest_difference=0.03)
    assert told.startswith("Their effects add up. Any difference from their sum is smaller than 3 in 100 (−1 to 1).")


def test_they_may_do_more_than_their_sum_also_of_what_is_bad() -> None:
    assert interaction((0.30, 0.33, 0.33, 0.46), 20_000).startswith("Together they do more than their sum: +10.0")
    fewer = interaction((0.46, 0.43, 0.43, 0.30), 20_000, better="lower")
    assert fewer.startswith("Together they do more than their sum: −10.0")


def test_where_one_has_more_and_one_has_fewer_do_it_there_is_no_more_or_less() -> None:
    told = interaction((0.40, 0.45, 0.35, 0.50), 20_000)
    assert told.startswith("Their effects do not add up: +10.0")


def test_a_contrast_that_waits_says_why() -> None:
    rates, rules = (0.35, 0.42, 0.42, 0.45), Rules()
    few = replace(contrasts(rates, 2_000, rules)["interaction"], hold_reason=TOO_FEW_EVENTS.reason)
    assert sentence(few, rates, rules).endswith(TOO_FEW_EVENTS.reason)
    held = interaction((0.35, 0.42, 0.42, 0.45), 20_000, views_per_network=1_500)
    assert held.startswith(
        "It looks like −4.0 in 100 compared with their sum (−5 to −3), but the evidence is not strong enough. We cannot"
    )
    assert held.endswith("One network alone could have changed this result, so there is no verdict yet.")


def test_a_main_effect_is_its_number_and_its_verdict() -> None:
    rates = (0.30, 0.40, 0.42, 0.52)
    rules = Rules(smallest_difference=0.01)
    told = sentence(contrasts(rates, 50_000, rules)["victim"], rates, rules)
    assert told == "Harm to the victim, with or without the other harm: +10.0 in 100 (9.6 to 10.4). Better."


GRID = [
    (rates, n, margin, better)
    for rates in (
        *((p, p + a, p + b, p + a + b + i) for p in (0.3, 0.5) for a, b in ((0.07, 0.07), (0.03, 0.1), (0.0, 0.05))
          for i in (-0.15, -0.1, -0.05, -0.02, 0.0, 0.001, 0.06)),
        *((p, p - a, p - b, p - a - b + i) for p in (0.6,) for a, b in ((0.07, 0.07), (0.03, 0.1))
          for i in (-0.06, 0.0, 0.02, 0.05, 0.12)),
        *((0.4, 0.4 + a, 0.4 - a, 0.4 + i) for a in (0.05, 0.001) for i in (-0.1, 0.0, 0.1)),
        *((0.001, 0.002, 0.0015, both) for both in (0.001, 0.0025, 0.01)),
    )
    for n, margin, better in product((2_000, 50_000), (None, 0.02, 0.1), ("higher", "lower", "none"))
]  # fmt: skip


def test_every_sentence_about_both_together_is_true() -> None:
    told = []
    for rates, n, margin, better in GRID:
        rules = Rules(smallest_difference=margin, better=better)  # type: ignore[arg-type]
        contrast = contrasts(rates, n, rules)["interaction"]
        told.append(check(sentence(contrast, rates, rules), contrast, rates, rules))
    for words in (
        *("more than their sum:", "but more than either", "and less than one of them", "do not add up"),
        "whether they do more than one of them alone",
        *(
            "add up",
            "one cancels the other",
            "more or less than their sum",
            "not strong enough, because several questions were asked",
        ),
    ):
        assert any(words in each for each in told), words


def check(told: str, contrast: FactorialContrast, rates: Rates, rules: Rules) -> str:
    """Hold each claim against the four rates, without the rules that chose it."""
    assert isinstance(contrast.estimate, Estimate)
    low, high = contrast.estimate.interval.low, contrast.estimate.interval.high
    p_adjusted = contrast.p_adjusted
    assert p_adjusted is not None
    neutral, victim, user, both = rates
    alone, together = (victim - neutral, user - neutral), both - neutral
    counted = COUNTED.search(told)
    assert counted
    base = wording.choose_scale(rates).base
    for text, true in zip(counted.groups(), (together, *alone), strict=True):
        assert float(text.replace("−", "-")) == pytest.approx(true * base, abs=0.051)
    shown = low > 0 or high < 0
    if told.startswith("Together they do"):
        assert shown
        assert p_adjusted < 1 - rules.level
    if "more than their sum:" in told:
        assert abs(together) > abs(sum(alone))
        assert together * alone[0] > 0
    if "they do less than their sum" in told:
        assert min(alone) > 0 or max(alone) < 0
        assert (together - sum(alone)) * alone[0] < 0
    if "still more than either alone" in told:
        assert abs(together) > max(map(abs, alone))
        assert together * alone[0] > 0
        beyond = sorted(together - each if alone[0] > 0 else each - together for each in alone)
        error = (high - low) / 2  # of the interaction: larger than that of both less one
        assert ("but more than either" in told) == (beyond[0] > error)
        assert ("and less than one of them alone" in told) == (beyond[0] < -error)
    if "do not add up" in told:
        assert alone[0] * alone[1] <= 0
    if "smaller than" in told:
        assert rules.smallest_difference is not None
        assert -rules.smallest_difference < low <= high < rules.smallest_difference
        # With what the interval leaves open, does either add something to the other?
        adds = all(low + each > 0 or high + each < 0 for each in alone)
        assert ("effects add up" in told) == adds
    if "more or less than their sum" in told:
        assert not shown
    if "because several questions" in told:
        assert shown
        assert contrast.estimate.p_value is not None
        assert contrast.estimate.p_value < 1 - rules.level <= p_adjusted
    return told


@pytest.mark.parametrize("language", ["en", *translated_languages()])
def test_every_language_has_every_sentence(language: str) -> None:
    with translation.override(language):
        for rates, n, margin, better in GRID[::15]:
            rules = Rules(smallest_difference=margin, better=better)  # type: ignore[arg-type]
            for contrast in contrasts(rates, n, rules).values():
                assert not re.search(r"%\(|None|nan", sentence(contrast, rates, rules))
