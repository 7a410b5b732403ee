"""Section of `manage.py simulate` about sentences: how often each rule is taken, and how often it is then false."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from analytics.comparison.compare import compare
from analytics.comparison.factorial import factorial_contrasts
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.management.analyse_output import comparison_numbers
from analytics.simulation_study.error_rates import SimulatedShare
from analytics.stats import Counts, Estimate
from analytics.wording import COMPARISON_RULES, CONTRAST_RULES, ContrastNumbers
from analytics.wording.comparisons import SentenceRule, choose_rule

_MARGIN = 0.02
_ARMS = ("neutral", "victim", "user", "both")
# What each harm adds alone, and what both add: the sum, one cancels the other, less and more than the sum, hardly any.
_TOGETHER = ((0.05, 0.05, 0.1), (0.03, 0.03, 0.03), (0.07, 0.07, 0.1), (0.05, 0.05, 0.14), (0.01, 0.01, 0.01))
# Whether a rule's sentence is false of the true rates. Of rules that are not here, none can be.
_FALSE_OF_A_PAIR: dict[str, Callable[[float], bool]] = {
    "a difference": lambda true: true <= 0,
    "fewer of what is good": lambda true: true >= 0,
    "too small to matter": lambda true: abs(true) >= _MARGIN,
}
_FALSE_OF_BOTH: dict[str, Callable[[float, float, float], bool]] = {
    "more than the sum": lambda victim, user, both: both <= victim + user,
    "less than the sum, and more than each": lambda victim, user, both: (
        both >= victim + user or both <= max(victim, user)
    ),
    "less than one of them alone": lambda victim, user, both: both >= max(victim, user),
    "less than the sum": lambda victim, user, both: both >= victim + user,
    "they add up": lambda victim, user, both: abs(both - victim - user) >= _MARGIN or both <= max(victim, user),
    "too small to matter, and may cancel": lambda victim, user, both: abs(both - victim - user) >= _MARGIN,
}


def sentences_section(trials: int) -> list[str]:
    """Simulate looks at known rates, and count the sentences by their rules."""
    return [
        "",
        "## Sentences",
        "",
        "20,000 people in each of four arms, one look at the end, less than 2 in 100 too small to matter, Holm. How",
        "often does a comparison with the control get [each sentence](statistics.md#what-each-sentence-says), and how",
        "often is that false of the true rates? The true difference is the same for all three messages.",
        "",
        *_table(COMPARISON_RULES, _pairs(trials)),
        "",
        "Both harms together, beside what each does alone, with 40,000 people in each arm. The true differences from",
        "the control are those of each alone, and of both, in points.",
        "",
        *_table(CONTRAST_RULES, _interactions(trials // 4)),
    ]


def _pairs(trials: int) -> Iterator[tuple[str, Counter[str], Counter[str]]]:
    rules = Rules(smallest_difference=_MARGIN)
    for true in (0.0, 0.01, _MARGIN, 0.05):
        said, false = Counter[str](), Counter[str]()
        for arms in _draw((0.35, *[0.35 + true] * 3), people=20_000, count=trials // 4):
            look = compare(arms, [(key, "neutral") for key in _ARMS[1:]], rules)
            for pair in look.comparisons:
                numbers = comparison_numbers(look, pair, rules, {})
                assert numbers is not None
                name = choose_rule(COMPARISON_RULES, numbers).name
                said[name] += 1
                false[name] += name in _FALSE_OF_A_PAIR and _FALSE_OF_A_PAIR[name](true)
        yield f"{100 * true:g} in 100", said, false


def _interactions(trials: int) -> Iterator[tuple[str, Counter[str], Counter[str]]]:
    rules = Rules(smallest_difference=_MARGIN)
    for victim, user, both in _TOGETHER:
        said, false = Counter[str](), Counter[str]()
        rates = (0.35, 0.35 + victim, 0.35 + user, 0.35 + both)
        for neutral, first, second, together in _draw(rates, people=40_000, count=trials):
            found = factorial_contrasts(
                neutral=neutral, victim=first, user=second, both=together, rules=rules, withheld=False
            )[2]
            assert isinstance(found.estimate, Estimate)
            base = neutral.counts.proportion
            numbers = ContrastNumbers(
                term=found.name,
                verdict=found.verdict,
                effect=found.estimate.effect,
                low=found.estimate.interval.low,
                high=found.estimate.interval.high,
                level=rules.level,
                p_value=found.estimate.p_value,
                p_adjusted=found.p_adjusted,
                smallest_difference=_MARGIN,
                victim=first.counts.proportion - base,
                user=second.counts.proportion - base,
                both=together.counts.proportion - base,
            )
            name = choose_rule(CONTRAST_RULES, numbers).name
            said[name] += 1
            false[name] += name in _FALSE_OF_BOTH and _FALSE_OF_BOTH[name](victim, user, both)
        yield f"{100 * victim:g}, {100 * user:g}; {100 * both:g}", said, false


def _draw(rates: Sequence[float], *, people: int, count: int) -> Iterator[list[ArmCounts]]:
    """Draw the counts of four arms, seeded."""
    source = np.random.default_rng(800)
    for events in source.binomial(people, rates, size=(count, len(rates))):
        yield [ArmCounts(key, Counts(people, int(x))) for key, x in zip(_ARMS, events, strict=True)]


def _table(rules: Sequence[SentenceRule[Any]], rows: Iterable[tuple[str, Counter[str], Counter[str]]]) -> list[str]:
    """A row for each truth, a column for each rule that is ever taken: its share, and that which is false."""
    counted = list(rows)
    names = [rule.name for rule in rules if any(said[rule.name] for _, said, _ in counted)]
    return [
        f"| true | {' | '.join(names)} |",
        "|---" * (len(names) + 1) + "|",
        *(f"| {true} | {' | '.join(_cell(said, false, name) for name in names)} |" for true, said, false in counted),
    ]


def _cell(said: Counter[str], false: Counter[str], name: str) -> str:
    total = said.total()
    share = SimulatedShare(said[name] / total, total).in_percent()
    return f"{share}, false {false[name] / total:.1%}" if false[name] else share if said[name] else "–"
