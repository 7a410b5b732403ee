"""Texts of a kind under a plan's rules."""

from __future__ import annotations

from analytics.comparison.compare import ArmCounts, Rules, compare
from analytics.comparison.kinds import TextRules, compare_kinds
from analytics.comparison.text_means import ArmTexts, text_estimates
from analytics.stats import Counts, Estimate, NotEstimable

NEUTRAL = (Counts(1000, 400), Counts(1000, 450))
VICTIM = (Counts(2000, 950),)


def test_one_text_in_an_arm_shows_nothing_of_others() -> None:
    arms = [ArmCounts("neutral", Counts(2000, 850)), ArmCounts("victim", Counts(2000, 950))]
    texts = [ArmTexts("neutral", {"": NEUTRAL}), ArmTexts("victim", {"": VICTIM})]
    look = compare(arms, [("victim", "neutral")], Rules())
    (row,) = compare_kinds(look, texts, Rules(), TextRules("nested"))
    assert isinstance(row.estimate, NotEstimable)
    assert row.estimate.reason == "An arm has one text, and one text shows nothing about others of its kind."
    assert (row.verdict, row.details) == ("cannot-tell-yet", None)


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
    assert verdicts[1] == ("cannot-tell-yet", "One network alone could have turned this, so it is not called yet.")
