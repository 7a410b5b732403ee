"""Every sentence about texts of a kind is true of the numbers: read as a reader would, over many tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pytest
from django.utils import translation

from analytics import wording
from analytics.comparison.compare import Comparison, PairComparison, all_pairs, compare
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.kinds import KindComparison, TextRules, compare_kinds
from analytics.comparison.text_means import ArmTexts
from analytics.stats import Counts, Estimate
from campaign.i18n.catalogs import translated_languages
from campaign.outcomes import OUTCOMES
from tests.analytics.wording.test_grid import check_gap, check_interval, draw_counts, read

TABLES = 150
AMOUNT = re.compile(r"(as many|less than 1 more|less than 1 fewer|[\d,.]+ more|[\d,.]+ fewer) in ([\d,]+) \(")
SMALLER = re.compile(r"(?:any difference is smaller than|That is less than the) ([\d,.]+) in ([\d,]+)")
TIMES, TEXTS = re.compile(r"about ([\d,.]+) times as many"), re.compile(r"about ([\d,]+) (?:sets|texts|of each)")
SCALE = wording.PeopleScale(1_000)


@dataclass(frozen=True)
class Told:
    """A comparison with both answers, and the second one in words."""

    rules: Rules
    text_rules: TextRules
    look: Comparison
    these: PairComparison
    kind: KindComparison
    sentence: str


def draw_table(random: Random) -> Iterator[Told]:
    """Two or three arms of two to eight texts, alike or not, of whom few or many did it."""
    design = random.choice(["matched", "nested"])
    texts, n = random.choice([2, 3, 4, 6, 8]), random.choice([60, 400, 3_000, 40_000])
    base, spread = random.choice([0.02, 0.3, 0.6]), random.choice([0.0, 0.002, 0.02, 0.06])
    gains = [0.0, random.choice([0.0, 0.004, 0.03, 0.1, -0.05]), random.choice([0.0, 0.05])]
    arms, by_text = [], []
    for key, gain in zip("abc"[: random.choice([2, 3])], gains, strict=False):
        rates = [min(max(base + gain + random.gauss(0, spread), 0.0), 1.0) for _ in range(texts)]
        counted = tuple(draw_counts(random, n, rate) for rate in rates)
        arms.append(ArmCounts(key, sum(counted, Counts(0, 0))))
        by_text.append(ArmTexts(key, {"": counted}))
    correction = random.choice(["holm", "none", "dunnett"])
    rules = Rules(
        level=random.choice([0.9, 0.95]),
        smallest_difference=random.choice([None, 0.005, 0.02, 0.1]),
        better=random.choice(["higher", "lower", "none"]),
        correction=correction,  # type: ignore[arg-type]  # one of the literals
        monitoring="fixed" if correction == "dunnett" else random.choice(["fixed", "always-valid"]),
        planned_per_arm=n * texts,
        views_per_network=random.choice([0, 0, n // 50]),
    )
    text_rules = TextRules(design=design, weight=random.choice([1.0, 0.8, 0.05]), last_weight=0.8)  # type: ignore[arg-type]
    pairs = [pair for pair in all_pairs([arm.key for arm in arms], "a") if correction != "dunnett" or pair[1] == "a"]
    look = compare(arms, pairs, rules)
    for these, kind in zip(look.comparisons, compare_kinds(look, by_text, rules, text_rules), strict=True):
        yield Told(rules, text_rules, look, these, kind, say(rules, these, kind))


def say(rules: Rules, these: PairComparison, kind: KindComparison) -> str:
    if not isinstance(kind.estimate, Estimate):
        return wording.no_kind_sentence(kind.estimate.reason)
    outcome = next(each for each in OUTCOMES.values() if each.better == rules.better and each.kind == "yes-no")
    details = kind.details
    numbers = wording.KindNumbers(
        outcome=outcome,
        these=these.verdict,
        verdict=kind.verdict,
        effect=kind.estimate.effect,
        low=kind.estimate.interval.low,
        high=kind.estimate.interval.high,
        level=rules.level,
        p_value=kind.estimate.p_value,
        p_adjusted=kind.p_adjusted,
        smallest_difference=rules.smallest_difference,
        reason=kind.hold_reason,
        helps=details.helps if details else "",
        people_factor=details.people_factor if details else None,
        more_texts=details.more_texts if details else None,
    )
    return wording.kind_sentence(numbers, SCALE, design=details.design if details else "matched")


def draw(count: int, *, seed: int) -> list[Told]:
    random = Random(seed)
    return [told for _ in range(count) for told in draw_table(random)]


@pytest.fixture(scope="module")
def all_told() -> list[Told]:
    return draw(TABLES, seed=20_261_130)


def check(told: Told) -> None:
    estimate, sentence = told.kind.estimate, told.sentence
    if not isinstance(estimate, Estimate):
        assert "we cannot tell yet: " in sentence
        return
    assert told.kind.p_adjusted is not None
    low, high, alpha = estimate.interval.low, estimate.interval.high, 1 - told.rules.level
    check_interval(sentence, low * SCALE.base, high * SCALE.base)
    if amount := AMOUNT.search(sentence):
        check_gap(amount[1], estimate.effect * SCALE.base)
    smaller = SMALLER.search(sentence)
    cannot = "annot tell" in sentence or "for messages of this kind either" in sentence
    if smaller:
        margin = told.rules.smallest_difference
        assert margin is not None
        assert read(smaller[1]) / read(smaller[2]) == pytest.approx(margin)
        assert -margin < low <= high < margin
    elif not cannot:
        assert amount
        assert low > 0 or high < 0
        assert told.kind.p_adjusted < alpha
    if "looks like" in sentence:
        assert low > 0 or high < 0
    if "whether that holds" in sentence:
        assert told.these.verdict in (*wording.CLAIMS, "no-meaningful-difference")
    if "for messages of this kind either" in sentence:
        assert told.these.verdict == "cannot-tell-yet"
        assert low <= 0 <= high
    worse = {"higher": estimate.effect < 0, "lower": estimate.effect > 0, "none": False}[told.rules.better]
    assert ("worse" in sentence) == (worse and not cannot and not smaller)
    check_help(told, cannot=cannot)
    check_never_surer(told, low, high)


def check_help(told: Told, *, cannot: bool) -> None:
    details, sentence = told.kind.details, told.sentence
    assert details is not None
    says_what_helps = any(words in sentence for words in ("would tell", "would not tell", "would help"))
    assert not says_what_helps or cannot
    if times := TIMES.search(sentence):
        assert details.people_factor is not None
        assert read(times[1]) == pytest.approx(details.people_factor, rel=0.06, abs=0.06)
        assert details.people_factor > 1
    if texts := TEXTS.search(sentence):
        assert read(texts[1]) == details.more_texts
        assert details.texts < details.more_texts <= 12
    if "more people would not" in sentence:
        assert details.people_factor is None
    if "twelve" in sentence or "neither alone" in sentence:
        assert (details.people_factor, details.more_texts) == (None, None)


def check_never_surer(told: Told, low: float, high: float) -> None:
    these = told.these.estimate
    assert isinstance(these, Estimate)
    assert low <= these.interval.low + 1e-12
    assert high >= these.interval.high - 1e-12
    if told.kind.verdict in wording.CLAIMS:
        assert these.interval.low > 0 or these.interval.high < 0


def test_every_sentence_is_true(all_told: list[Told]) -> None:
    for told in all_told:
        check(told)
    for words in (
        *(
            "That is worse.",
            "This kind of message did worse.",
            "any difference is smaller",
            "because several questions",
        ),
        *(
            "). We cannot tell yet. ",
            "whether that holds",
            "for messages of this kind either",
            "More texts would help",
            "times as many people with these",
        ),
        *("neither alone", "even twelve", "more people would not"),
    ):
        assert any(words in told.sentence for told in all_told), words


@pytest.mark.proof
def test_every_sentence_over_very_many_tables_is_true() -> None:
    for told in draw(3_000, seed=7):
        check(told)


def test_a_claim_about_the_kind_is_one_about_these_texts_too(all_told: list[Told]) -> None:
    claims = [told for told in all_told if told.kind.verdict in wording.CLAIMS]
    assert len(claims) > 20
    # A difference too small to matter is one as well.
    assert {told.these.verdict for told in claims} <= {*wording.CLAIMS, "no-meaningful-difference"}


@pytest.mark.parametrize("language", ["en", *translated_languages()])
def test_every_language_has_every_sentence(language: str, all_told: list[Told]) -> None:
    with translation.override(language):
        for told in all_told:
            sentence = say(told.rules, told.these, told.kind)
            assert sentence
            assert not re.search(r"%\(|None|nan|inf\b", sentence)


def test_the_sentence_says_on_how_many_texts_it_rests() -> None:
    def said(design: str, texts: int, control_texts: int) -> str:
        return wording.these_texts_sentence("44 did.", design=design, texts=texts, control_texts=control_texts)

    assert said("matched", 4, 4) == "With these 4 sets of texts: 44 did."
    assert said("different", 3, 3) == "With these 3 texts of each message: 44 did."
    assert said("different", 3, 2) == "With these texts (3 and 2): 44 did."


def test_how_texts_differ_is_said_with_its_interval_or_as_no_more_than_chance() -> None:
    scale = wording.PeopleScale(100)
    assert wording.spread_sentence(0.03, 0.01, 0.09, scale, design="matched", level=0.95) == (
        "From set to set the difference varies by about 3.0 in 100 (1.0 to 9.0). This is a "
        "standard deviation, with its 95% interval."
    )
    assert "no more than chance" in wording.spread_sentence(0.0, 0.0, 0.06, scale, design="matched", level=0.95)
    assert "no more than chance" in wording.spread_sentence(0.0, None, None, scale, design="different", level=0.95)
