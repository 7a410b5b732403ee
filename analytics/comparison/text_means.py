"""PURE  The texts of arms: what was counted of each, their means, and each in the light of the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum

from analytics.comparison.inputs import Rules
from analytics.stats.texts import spread
from analytics.stats.texts.values import Outcome, Ratings, TextMeans, text_means, text_means_in_strata
from analytics.stats.values import Counts, Estimate, Interval, Levels, NotEstimable

NEW_TEXT = "next"
Counted = Counts | Levels


@dataclass(frozen=True, slots=True)
class ArmTexts:
    """What was counted of each text of an arm, in order, by stratum."""

    key: str
    strata: Mapping[str, tuple[Counted, ...]]

    @property
    def totals(self) -> tuple[Counted, ...]:
        """What was counted of each text over all strata."""
        return tuple(_sum(text) for text in zip(*self.strata.values(), strict=True))


@dataclass(frozen=True, slots=True)
class TextEstimate:
    """The result of one text of an arm, drawn towards the others; or where that of one more text would lie."""

    arm: str
    text: str
    n: int | None
    events: int | None
    estimate: Estimate | NotEstimable


def text_estimates(texts: Sequence[ArmTexts], rules: Rules) -> tuple[TextEstimate, ...]:
    """Estimate each text of each arm with several, drawn towards the others of its arm, and one more of each arm.

    An ordered outcome has mean answers. Texts stand in their own order: which of them is best is mostly chance.
    """
    several = [arm for arm in texts if len(arm.totals) > 1]
    if not several:
        return ()
    means = means_of(several, rules, _mean_answers)
    known = means if isinstance(means, NotEstimable) else spread.shrunken(means, level=rules.level)
    new = means if isinstance(means, NotEstimable) else spread.new_text(means, level=rules.level)
    rows = []
    for at, arm in enumerate(several):
        for number, counted in enumerate(arm.totals):
            estimate = known if isinstance(known, NotEstimable) else known[at][number]
            events = counted.events if isinstance(counted, Counts) else counted.n
            rows.append(TextEstimate(arm.key, str(number + 1), counted.n, events, _inside(estimate, rules)))
        one_more = new if isinstance(new, NotEstimable) else new[at]
        rows.append(TextEstimate(arm.key, NEW_TEXT, None, None, _inside(one_more, rules)))
    return tuple(rows)


def means_of(
    texts: Sequence[ArmTexts], rules: Rules, as_outcome: Callable[[Counted], Counted | Outcome]
) -> TextMeans | NotEstimable:
    """Text means of arms, standardised to one mix of strata where the plan compares within strata."""
    if not rules.stratified:
        return text_means([[_outcome(as_outcome(text)) for text in arm.totals] for arm in texts])
    names = sorted({name for arm in texts for name in arm.strata})
    return text_means_in_strata(
        [[[_outcome(as_outcome(text)) for text in arm.strata[name]] for arm in texts] for name in names]
    )


def _outcome(value: Counted | Outcome) -> Outcome:
    if isinstance(value, Levels):
        raise TypeError("answers need scores before they have a mean")
    return value


def _mean_answers(counted: Counted) -> Outcome:
    return Ratings.of(counted) if isinstance(counted, Levels) else counted


def relative_ranks(texts: Sequence[Counted]) -> list[float]:
    """Score each answer by the share of all people who answered lower, ties counted half (Bross 1958's ridits).

    The difference of two arms' mean scores is then the chance that one answers higher than the other, less one half:
    the scale on which these texts are compared.
    """
    counts = [sum(level) for level in zip(*(text.counts for text in texts if isinstance(text, Levels)), strict=True)]
    everyone, below, ranks = max(sum(counts), 1), 0, []
    for count in counts:
        ranks.append((below + count / 2) / everyone)
        below += count
    return ranks


def score_answers(counted: Counted, scores: Sequence[float]) -> Outcome:
    if isinstance(counted, Counts):
        return counted
    pairs = list(zip(scores, counted.counts, strict=True))
    return Ratings(counted.n, fsum(s * count for s, count in pairs), fsum(s * s * count for s, count in pairs))


def _inside(estimate: Estimate | NotEstimable, rules: Rules) -> Estimate | NotEstimable:
    """Cut a rate and its interval at 0 and 1; a mean answer is not cut."""
    if isinstance(estimate, NotEstimable) or rules.ordered:
        return estimate
    low, effect, high = (
        min(max(x, 0.0), 1.0) for x in (estimate.interval.low, estimate.effect, estimate.interval.high)
    )
    return replace(estimate, effect=effect, interval=Interval(low, high, estimate.interval.level))


def _sum(counted: Sequence[Counted]) -> Counted:
    first, *others = counted
    for other in others:
        first = first + other  # type: ignore[operator]  # of one kind
    return first
