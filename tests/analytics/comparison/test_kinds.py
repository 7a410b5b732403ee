"""Texts of a kind under a plan's rules."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from analytics.comparison.compare import compare
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.kinds import KindComparison, TextRules, compare_kinds
from analytics.comparison.network_influence import ONE_NETWORK
from analytics.comparison.text_means import ArmTexts, text_estimates
from analytics.stats import Counts, Estimate, NotEstimable
from analytics.stats.texts.sizing import Design

NEUTRAL = (Counts(1000, 400), Counts(1000, 450))
VICTIM = (Counts(2000, 950),)


def test_one_text_in_an_arm_shows_nothing_of_others() -> None:
    arms = [ArmCounts("neutral", Counts(2000, 850)), ArmCounts("victim", Counts(2000, 950))]
    texts = [ArmTexts("neutral", {"": NEUTRAL}), ArmTexts("victim", {"": VICTIM})]
    look = compare(arms, [("victim", "neutral")], Rules())
    (row,) = compare_kinds(look, texts, Rules(), TextRules("nested"))
    assert isinstance(row.estimate, NotEstimable)
    assert row.estimate.reason == "An arm has only one text, and one text says nothing about others of its kind."
    assert (row.verdict, row.details) == ("cannot-tell-yet", None)


def test_unequal_numbers_of_texts_are_judged_by_banerjee_and_equal_ones_by_welch() -> None:
    eight = tuple(Counts(1000, 470 + 9 * n) for n in range(8))
    verdicts = {}
    for victim in (eight, eight[:2]):
        arms = [ArmCounts("neutral", Counts(2000, 850)), ArmCounts("victim", sum(victim, Counts(0, 0)))]
        texts = [ArmTexts("neutral", {"": NEUTRAL}), ArmTexts("victim", {"": victim})]
        look = compare(arms, [("victim", "neutral")], Rules())
        (row,) = compare_kinds(look, texts, Rules(), TextRules("nested"))
        assert row.details is not None
        verdicts[len(victim)] = (row.details.decided_by, row.details.texts, row.details.control_texts)
    assert verdicts == {8: ("banerjee", 8, 2), 2: ("welch", 2, 2)}


def test_texts_are_listed_of_arms_that_have_several() -> None:
    texts = [ArmTexts("neutral", {"": (*NEUTRAL, Counts(1000, 420))}), ArmTexts("victim", {"": VICTIM})]
    rows = text_estimates(texts, Rules())
    assert [(row.arm, row.text) for row in rows] == [("neutral", name) for name in ("1", "2", "3", "next")]
    assert all(isinstance(row.estimate, Estimate) for row in rows)


def test_what_one_network_may_have_counted_is_taken_to_be_of_the_text_that_fewest_saw() -> None:
    neutral = tuple(Counts(1000, 400 + 5 * n) for n in range(4))
    victim = tuple(Counts(1000, 450 + 5 * n + n % 2) for n in range(4))
    texts = [ArmTexts("neutral", {"": neutral}), ArmTexts("victim", {"": victim})]
    arms = [ArmCounts("neutral", sum(neutral, Counts(0, 0))), ArmCounts("victim", sum(victim, Counts(0, 0)))]
    verdicts = []
    for views in (0, 300):
        rules = Rules(views_per_network=views)
        (row,) = compare_kinds(compare(arms, [("victim", "neutral")], rules), texts, rules, TextRules("matched"))
        verdicts.append((row.verdict, row.hold_reason))
    assert verdicts[0] == ("better", "")
    assert verdicts[1] == (
        "cannot-tell-yet",
        "One network alone could have changed this result, so there is no verdict yet.",
    )


def judged(
    neutral: list[Counts],
    victim: list[Counts],
    *,
    views: int,
    design: Design = "matched",
    smallest: float | None = None,
) -> KindComparison:
    texts = [ArmTexts("neutral", {"": tuple(neutral)}), ArmTexts("victim", {"": tuple(victim)})]
    arms = [ArmCounts("neutral", sum(neutral, Counts(0, 0))), ArmCounts("victim", sum(victim, Counts(0, 0)))]
    rules = Rules(views_per_network=views, smallest_difference=smallest)
    (row,) = compare_kinds(compare(arms, [("victim", "neutral")], rules), texts, rules, TextRules(design))
    return row


def test_what_would_help_is_clear_of_one_network_too() -> None:
    """With as many times the people as named, chance and one network both have less to say, and the verdict holds."""
    more = (78, 30, 62, 58)
    held = judged([Counts(1000, 400)] * 4, [Counts(1000, 400 + each) for each in more], views=50)
    assert (held.verdict, held.hold_reason) == ("cannot-tell-yet", ONE_NETWORK.reason)
    assert held.details is not None
    factor = held.details.people_factor
    assert factor is not None
    assert factor > 1.1
    people, mean = round(1000 * factor), sum(more) / 4000
    victim = [Counts(people, round(people * (0.4 + mean + (each / 1000 - mean) / factor**0.5))) for each in more]
    later = judged([Counts(people, round(people * 0.4))] * 4, victim, views=round(50 * factor**0.5))
    assert later.verdict == "better"


def test_one_network_that_makes_the_texts_more_alike_turns_no_verdict() -> None:
    """50 views of one text of four take the sets from p = 0.12 to p = 0.01, and move their mean by 0.7 of 100."""
    neutral, victim = [Counts(1250, 438)] * 4, [Counts(1250, 438 + more) for more in (42, 38, -10, 56)]
    honest = judged(neutral, victim, views=50)
    assert isinstance(honest.estimate, Estimate)
    assert honest.estimate.p_value == pytest.approx(0.12, abs=0.01)
    forged = judged(neutral, [*victim[:2], Counts(1300, 428 + 50), victim[3]], views=50)
    assert isinstance(forged.estimate, Estimate)
    assert forged.estimate.p_value == pytest.approx(0.01, abs=0.01)
    assert (forged.verdict, forged.hold_reason) == ("cannot-tell-yet", ONE_NETWORK.reason)


@pytest.mark.parametrize("design", ["matched", "nested"])
@pytest.mark.parametrize("texts", [3, 4])
def test_no_verdict_appears_through_the_views_of_one_network(design: Design, texts: int) -> None:
    """Whichever one or two texts it asks for, with or without the outcome: 72 or 128 forgeries of each of 4 trials."""
    chance, views = np.random.default_rng(texts), 40
    for _ in range(4):
        gaps = chance.normal(0.03, 0.02, texts)
        neutral = [Counts(1000, int(chance.binomial(1000, 0.35))) for _ in gaps]
        victim = [Counts(1000, int(chance.binomial(1000, 0.35 + gap))) for gap in gaps]
        if judged(neutral, victim, views=0, design=design, smallest=0.02).verdict != "cannot-tell-yet":
            continue
        for arm, (one, other), ends in product((0, 1), product(range(texts), repeat=2), product((0, 1), repeat=2)):
            arms = [list(neutral), list(victim)]
            for text, end in zip((one, other), ends, strict=True):
                arms[arm][text] += Counts(views // 2, views // 2 * end)
            row = judged(*arms, views=views, design=design, smallest=0.02)
            assert row.verdict == "cannot-tell-yet", (neutral, victim, arms)
