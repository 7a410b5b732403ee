"""PURE  Compare arms of several texts as samples of their kind, beside the comparison of these texts by people."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import hypot, sqrt
from statistics import fmean
from typing import Literal

from analytics.comparison import factorial
from analytics.comparison.compare import Comparison, PairComparison, difference
from analytics.comparison.correction import Corrected, correct
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.network_influence import ONE_NETWORK, largest_move
from analytics.comparison.text_means import ArmTexts, means_of, relative_ranks, score_answers
from analytics.comparison.verdict import CANNOT_TELL, WITHHELD, decide_verdict, networks_to_turn, too_few_reason
from analytics.stats.texts import looks, matched, nested, spread
from analytics.stats.texts.sizing import Design, WhatHelps, what_would_help
from analytics.stats.texts.values import Measured, TextMeans, within_sets
from analytics.stats.values import Estimate, Interval, NotEstimable


@dataclass(frozen=True, slots=True)
class TextRules:
    """How the texts of the arms relate, and this look's share of the error; `last_weight` is that of the last look."""

    design: Design
    weight: float = 1.0
    last_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class TextDetails:
    """What stands beside an estimate for texts of a kind.

    `texts` counts those of the treated arm, or sets. `spread` is the standard deviation between texts, or between sets'
    differences; `next_low` to `next_high` holds the difference in one more set, for matched sets.
    """

    design: Design
    texts: int
    control_texts: int
    decided_by: Literal["t", "sign-flip", "welch", "banerjee"]
    weight: float
    sign_flip_p: float | None = None
    smallest_sign_flip_p: float | None = None
    spread: float | None = None
    spread_low: float | None = None
    spread_high: float | None = None
    next_low: float | None = None
    next_high: float | None = None
    helps: Literal["people", "texts", "both", "neither", ""] = ""
    people_factor: float | None = None
    more_texts: int | None = None


@dataclass(frozen=True, slots=True)
class KindComparison:
    """A difference, or a contrast of the factorial (`treated` is its name), for texts of a kind, with its verdict."""

    treated: str
    control: str
    estimate: Estimate | NotEstimable
    p_adjusted: float | None
    verdict: str
    hold_reason: str
    details: TextDetails | None


@dataclass(frozen=True, slots=True)
class _Question:
    """One question about texts of a kind: its arms, the weights of their means, and the estimate of these texts."""

    treated: str
    control: str
    arms: tuple[ArmCounts, ...]
    texts: tuple[ArmTexts, ...]
    weights: tuple[float, ...]
    these: Callable[[float], Estimate | NotEstimable]
    bound: float

    @property
    def used(self) -> list[ArmTexts]:
        return [arm for arm, weight in zip(self.texts, self.weights, strict=True) if weight]


@dataclass(frozen=True, slots=True)
class _Family:
    """The rules of all questions of one outcome, and how many share the error."""

    rules: Rules
    text_rules: TextRules
    comparisons: int


def compare_kinds(
    comparison: Comparison, texts: Sequence[ArmTexts], rules: Rules, text_rules: TextRules
) -> tuple[KindComparison, ...]:
    """Answer each planned comparison of an outcome for texts of these kinds, by the plan's rules."""
    by_key, texts_by_key = {arm.key: arm for arm in comparison.arms}, {arm.key: arm for arm in texts}

    def these(row: PairComparison) -> Callable[[float], Estimate | NotEstimable]:
        def at_level(level: float) -> Estimate | NotEstimable:
            arms = (by_key[row.treated], by_key[row.control])
            found = difference(*arms, _at(rules, level), among=comparison.arms)
            is_shown = rules.correction == "dunnett" and level == rules.level
            if is_shown and isinstance(found, Estimate) and isinstance(row.estimate, Estimate):
                return replace(found, interval=row.estimate.interval)
            return found

        return at_level

    questions = [
        _Question(
            treated=row.treated,
            control=row.control,
            arms=(by_key[row.treated], by_key[row.control]),
            texts=(texts_by_key[row.treated], texts_by_key[row.control]),
            weights=(1.0, -1.0),
            these=these(row),
            bound=0.5 if rules.ordered else 1.0,
        )
        for row in comparison.comparisons
    ]
    return _judge_all(questions, rules, text_rules, withheld=comparison.withheld)


def factorial_kinds(
    arms: Sequence[ArmCounts], texts: Sequence[ArmTexts], rules: Rules, text_rules: TextRules, *, withheld: bool
) -> tuple[KindComparison, ...]:
    """Answer the contrasts of the factorial for texts of these kinds, with the arms neutral, victim, user and both.

    There is none where arms are compared in strata, as for these texts.
    """
    if rules.stratified or rules.ordered:
        return ()
    neutral, victim, user, both = arms

    def these(at: int) -> Callable[[float], Estimate | NotEstimable]:
        return lambda level: factorial.estimate_contrasts((neutral, victim, user, both), _at(rules, level))[at]

    questions = [
        _Question(name, "", tuple(arms), tuple(texts), weights, these(at), 2.0 if name == "interaction" else 1.0)
        for at, (name, weights) in enumerate(zip(factorial.NAMES, factorial.WEIGHTS, strict=True))
    ]
    return _judge_all(questions, rules, text_rules, withheld=withheld)


def _judge_all(
    questions: Sequence[_Question], rules: Rules, text_rules: TextRules, *, withheld: bool
) -> tuple[KindComparison, ...]:
    """Estimate and correct all questions of one outcome together, and judge each.

    Dunnett's correction is made for people as the sample, so Bonferroni's, which is never bolder, stands in for it.
    """
    correction = "bonferroni" if rules.correction == "dunnett" else rules.correction
    family = _Family(rules, text_rules, 1 if correction == "none" else len(questions))
    means = [_text_means(question, rules) for question in questions]
    estimates = [_estimate(*each, family, level=rules.level) for each in zip(questions, means, strict=True)]
    corrected = correct(
        estimates,
        correction,
        level=rules.level,
        smallest_difference=rules.smallest_difference,
        at_level=lambda at, level: _estimate(questions[at], means[at], family, level=level),
    )
    return tuple(
        _judge(question, text_means, estimate, claim, family, withheld=withheld)
        for question, text_means, estimate, claim in zip(questions, means, estimates, corrected, strict=True)
    )


def _judge(
    question: _Question,
    means: TextMeans | NotEstimable,
    estimate: Estimate | NotEstimable,
    claim: Corrected,
    family: _Family,
    *,
    withheld: bool,
) -> KindComparison:
    rules = family.rules
    reason = too_few_reason(question.arms, rules) if rules.ordered or rules.clusters else ""
    verdict = decide_verdict(estimate, claim, rules, hold_reason=reason, withheld=withheld)
    if isinstance(estimate, NotEstimable) or isinstance(means, NotEstimable):
        return KindComparison(question.treated, question.control, estimate, claim.p_adjusted, verdict, reason, None)
    if verdict not in (WITHHELD, CANNOT_TELL) and _is_turned_by_one_network(
        question, means, estimate, claim, verdict, family
    ):
        verdict, reason = CANNOT_TELL, ONE_NETWORK.reason
    details = _details(question, means, estimate, family)
    if verdict == CANNOT_TELL and (
        helps := _what_helps(
            question, means, estimate, details.spread, family, clear_of_network=reason == ONE_NETWORK.reason
        )
    ):
        details = replace(details, helps=helps.first, people_factor=helps.people_factor, more_texts=helps.texts)
    return KindComparison(question.treated, question.control, estimate, claim.p_adjusted, verdict, reason, details)


def _at(rules: Rules, level: float) -> Rules:
    """The same rules for one comparison at another level, without a correction that needs all at once."""
    return replace(rules, level=level, correction="none")


def _estimate(
    question: _Question, means: TextMeans | NotEstimable, family: _Family, *, level: float
) -> Estimate | NotEstimable:
    """The answer for texts of these kinds at this look, never surer than that for these texts."""
    these = question.these(level)
    if isinstance(these, NotEstimable):
        return these
    if isinstance(means, NotEstimable):
        return means
    within, comparisons = (-question.bound, question.bound), family.comparisons

    def over_texts(one_level: float) -> Estimate | NotEstimable:
        if family.text_rules.design == "nested":
            return nested.contrast(means, question.weights, level=one_level, within=within)
        return matched.contrast(means, question.weights, level=one_level, comparisons=comparisons, within=within)

    kind = looks.at_look(over_texts, weight=family.text_rules.weight, level=level)
    if isinstance(kind, NotEstimable):
        return kind
    # Levels that went through a share of the error may differ in their last digit.
    same_level = Interval(these.interval.low, these.interval.high, kind.interval.level)
    return looks.no_surer_than(replace(these, interval=same_level), kind)


def _text_means(question: _Question, rules: Rules) -> TextMeans | NotEstimable:
    """The mean result of each text, on the scale on which these texts are compared."""
    if min(len(arm.totals) for arm in question.used) < 2:
        return nested.ONE_TEXT
    if not rules.ordered:
        return means_of(question.texts, rules, lambda counted: counted)
    ranks = relative_ranks([text for arm in question.texts for text in arm.totals])
    return means_of(question.texts, rules, lambda levels: score_answers(levels, ranks))


def _details(question: _Question, means: TextMeans, estimate: Estimate, family: _Family) -> TextDetails:
    groups, level = _groups(question, means, family), family.rules.level
    details = TextDetails(
        design=family.text_rules.design,
        texts=len(question.used[0].totals),
        control_texts=len(question.used[-1].totals),
        decided_by=_decided_by(estimate),
        weight=family.text_rules.weight,
    )
    if isinstance(estimate, matched.SetsEstimate):
        details = replace(details, sign_flip_p=estimate.sign_flip_p, smallest_sign_flip_p=estimate.smallest_sign_flip_p)
    between = spread.between_texts(groups, level=level)
    if isinstance(between, Estimate):
        low, high = between.interval.low, between.interval.high
        details = replace(details, spread=between.effect, spread_low=low, spread_high=high)
    elif between == spread.TOO_ALIKE:
        details = replace(details, spread=0.0)
    new = spread.new_text(groups, level=level) if len(groups) == 1 else spread.TOO_FEW_TO_SHRINK
    if not isinstance(new, NotEstimable):
        low, high = max(new[0].interval.low, -question.bound), min(new[0].interval.high, question.bound)
        details = replace(details, next_low=low, next_high=high)
    return details


def _decided_by(estimate: Estimate) -> Literal["t", "sign-flip", "welch", "banerjee"]:
    if isinstance(estimate, matched.SetsEstimate):
        return estimate.decided_by
    return "banerjee" if estimate.method == nested.BANERJEE else "welch"


def _groups(question: _Question, means: TextMeans, family: _Family) -> list[list[Measured]]:
    """What varies: the sets' differences, or the texts of each arm."""
    if family.text_rules.design == "matched":
        return [within_sets(means, question.weights)]
    return [list(arm) for arm, weight in zip(means, question.weights, strict=True) if weight]


def _what_helps(
    question: _Question,
    means: TextMeans,
    estimate: Estimate,
    between: float | None,
    family: _Family,
    *,
    clear_of_network: bool,
) -> WhatHelps | None:
    """Whether more people or more texts would tell a difference of this size, or of the smallest that matters.

    What one network may have counted shrinks with the people as chance does, so it is added to their noise: at worst
    it moves the text that fewest saw, away from the others.
    """
    told = max(family.rules.smallest_difference or 0.0, abs(estimate.effect))
    if told == 0.0 or between is None:
        return None
    groups, numbers = _groups(question, means, family), [len(arm.totals) for arm in question.used]
    texts, is_unequal = min(numbers), len(set(numbers)) > 1
    if is_unequal:
        # What people add to the variance of the arms' means, as of texts that were all seen by as many.
        by_arm = sum(sum(text.variance for text in group) / len(group) ** 2 for group in groups)
        noise = sqrt(by_arm / sum(1.0 / number for number in numbers))
    else:
        noise = sqrt(fmean(text.variance for group in groups for text in group))
    if clear_of_network:
        move = _network_move(question, family.rules)
        # The furthest of a few texts is about one standard deviation out. Moved on from there by `texts` times as much
        # as their mean, it adds this to the variance between them.
        added = texts * move**2 + 2.0 * texts * move * hypot(between, noise) / (texts - 1)
        told, noise = max(told - move, told / 2.0), sqrt(noise**2 + added)
    return what_would_help(
        difference=told,
        spread=between,
        noise=noise,
        texts=texts,
        design=family.text_rules.design,
        alpha=(1.0 - family.rules.level) * family.text_rules.last_weight,
        comparisons=family.comparisons,
        unequal=numbers if is_unequal else (),
    )


def _is_turned_by_one_network(
    question: _Question, means: TextMeans, estimate: Estimate, claim: Corrected, verdict: str, family: _Family
) -> bool:
    """Whether the verdict could fall without the views of one network, wherever they lie.

    They move the mean over texts, and may make texts more alike than people make them. The differences that are a given
    number of standard errors from zero form a convex set: a claim that stands without the views on each one text stands
    without views on several.
    """
    rules = family.rules
    if networks_to_turn(estimate, claim, verdict, rules, move=_network_move(question, rules)) == 1:
        return True
    correction = (claim.p_adjusted or 1.0) / (estimate.p_value or 1.0)
    equivalence = claim.equivalence_interval
    for without in _means_without_network(question, means, rules.views_per_network):
        found = _estimate(question, without, family, level=rules.level)
        narrower = found if equivalence is None else _estimate(question, without, family, level=equivalence.level)
        if isinstance(found, NotEstimable) or isinstance(narrower, NotEstimable):
            return True
        p = None if found.p_value is None else min(found.p_value * correction, 1.0)
        corrected = Corrected(p, None if equivalence is None else narrower.interval)
        if decide_verdict(found, corrected, rules, hold_reason="", withheld=False) != verdict:
            return True
    return False


def _means_without_network(question: _Question, means: TextMeans, views: int) -> Iterator[TextMeans]:
    """The means of the texts without so many views of one text, which all had the outcome or all had not."""
    if not views:
        return
    for at, (arm, texts, weight) in enumerate(zip(means, question.texts, question.weights, strict=True)):
        for number, (text, counted) in enumerate(zip(arm, texts.totals, strict=True)):
            if weight:
                share = min(views / (counted.n - views), 1.0) if counted.n > views else 1.0
                for end in (0.0, 1.0):
                    moved = replace(text, value=min(max(text.value + (text.value - end) * share, 0.0), 1.0))
                    changed = (*arm[:number], moved, *arm[number + 1 :])
                    yield (*means[:at], changed, *means[at + 1 :])


def _network_move(question: _Question, rules: Rules) -> float:
    """How far one network moves a mean of text means, if all its views are of the text that fewest saw."""
    sizes = [len(arm.totals) * min(text.n for text in arm.totals) for arm in question.used]
    rates = [1.0 if rules.ordered or not arm.counts.n else arm.counts.proportion for arm in question.arms]
    furthest = max(max(rate, 1.0 - rate) for rate in rates)
    return largest_move(sizes, [furthest] * len(sizes), views=rules.views_per_network)
