"""PURE  Work out anew the numbers of a look that follow from its released counts.

What needs counts that are never released cannot follow: comparisons by placement or day, several campaigns, and
what rests on how many views one network may have had, such as how many more people it takes.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict
from typing import Any

from analytics.bundle_check.numbers import Value
from analytics.bundle_check.rules import arms_of, hidden_arms, is_plain, rules_of, shares_at
from analytics.bundle_check.texts import numbers_of_texts
from analytics.comparison.compare import Comparison, compare, rejudge_without_arms
from analytics.comparison.factorial import factorial_contrasts
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.network_influence import ONE_NETWORK
from analytics.comparison.not_worse import not_worse_p
from analytics.comparison.sensitivity import run_cross_checks
from analytics.comparison.text_mixes import MIXED_TEXTS
from analytics.stats import Estimate, omnibus, sample_ratio

# What holds a verdict, though the released counts do not say so.
HOLD_REASONS = (ONE_NETWORK.reason, MIXED_TEXTS.reason)
_CHECKED_RANGES = ("ratio", "lift", "after_stopping")


def numbers_that_follow(
    plan: Mapping[str, Any], looks: Sequence[Mapping[str, Any]], look: Mapping[str, Any], *, ever_paused: Sequence[str]
) -> dict[str, Value]:
    """Return by name what the counts of a look give under the frozen plan; looks are those of the bundle, in order."""
    return dict(_follow(plan, looks, look, ever_paused)) if is_plain(plan) and not look["withheld"] else {}


def _follow(
    plan: Mapping[str, Any], looks: Sequence[Mapping[str, Any]], look: Mapping[str, Any], ever_paused: Sequence[str]
) -> Iterator[tuple[str, Value]]:
    planned = {each["outcome"]: each for each in plan["outcomes"]}
    for block in look["outcomes"]:
        shown = next((each for each in looks if each["look"] == block["look"]), None)
        shares = None if shown is None else shares_at(plan, looks, shown)
        asked = planned.get(block["outcome"])
        if block["kind"] == "ordered" or shown is None or shares is None or asked is None:
            continue
        rules, arms = rules_of(plan, asked, shown, shares), arms_of(plan, block["rates"])
        hidden = hidden_arms(block["rates"])
        if arms is None or (hidden and plan["correction"] == "dunnett"):
            continue
        pairs = [(treated, control) for treated, control in plan["comparisons"]]
        comparison = rejudge_without_arms(compare(arms, pairs, rules), hidden, rules)
        path = f"outcomes/{block['outcome']}"
        yield from _rates(path, comparison, hidden)
        yield from _differences(path, comparison, block)
        yield from _not_worse(path, block, arms, rules)
        if block["kinds"] and not hidden:
            yield from numbers_of_texts(plan, look, block, comparison, rules)
        if block["role"] == "primary" and not hidden:
            yield from _of_all_arms(plan, look, comparison, rules, ever_paused)


def _rates(path: str, comparison: Comparison, hidden: Set[str]) -> Iterator[tuple[str, Value]]:
    for arm, rate in zip(comparison.arms, comparison.rates, strict=True):
        if isinstance(rate, Estimate) and arm.key not in hidden:
            start = f"{path}/rates/{arm.key}"
            yield from _range(start, rate, effect="rate")


def _differences(path: str, comparison: Comparison, block: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    held = {(row["treated"], row["control"]) for row in block["comparisons"] if row["reason"] in HOLD_REASONS}
    for row in comparison.comparisons:
        start = f"{path}/comparisons/{row.treated}/{row.control}"
        if isinstance(row.estimate, Estimate):
            yield from _range(start, row.estimate)
            yield f"{start}/p_value", row.estimate.p_value
            yield f"{start}/p_adjusted", row.p_adjusted
            if (row.treated, row.control) not in held:
                yield f"{start}/verdict", row.verdict


def _not_worse(
    path: str, block: Mapping[str, Any], arms: Sequence[ArmCounts], rules: Rules
) -> Iterator[tuple[str, Value]]:
    by_key = {arm.key: arm for arm in arms}
    for row in block["not_worse"]:
        found = not_worse_p(by_key[row["treated"]], by_key[row["control"]], rules, margin=row["margin"])
        yield f"{path}/not_worse/{row['treated']}/{row['control']}/p_value", found


def _of_all_arms(
    plan: Mapping[str, Any], look: Mapping[str, Any], comparison: Comparison, rules: Rules, ever_paused: Sequence[str]
) -> Iterator[tuple[str, Value]]:
    """What needs the counts of every arm for the primary outcome."""
    if isinstance(comparison.omnibus, omnibus.Omnibus):
        yield "omnibus/statistic", comparison.omnibus.statistic
        yield "omnibus/df", comparison.omnibus.df
        yield "omnibus/p_value", comparison.omnibus.p_value
    if isinstance(comparison.sample_ratio, sample_ratio.SampleRatio) and not ever_paused:
        yield "sample_ratio/p_value", comparison.sample_ratio.p_value
        if comparison.sample_ratio.status != "alarm":
            yield "sample_ratio/status", comparison.sample_ratio.status
    yield from _checks(comparison, rules, look)
    frames = {arm["frame"]: arm["arm"] for arm in plan["arms"]}
    if plan["factorial"]:
        by_key = {arm.key: arm for arm in comparison.arms}
        neutral, victim, user, both = (by_key[frames[name]] for name in ("neutral", "victim", "user", "both"))
        held = {row["term"] for row in look["factorial"] if any(each in row["sentence"] for each in HOLD_REASONS)}
        for contrast in factorial_contrasts(
            neutral=neutral, victim=victim, user=user, both=both, rules=rules, withheld=False
        ):
            if isinstance(contrast.estimate, Estimate):
                start = f"factorial/{contrast.name}"
                yield from _range(start, contrast.estimate)
                yield f"{start}/p_value", contrast.estimate.p_value
                yield f"{start}/p_adjusted", contrast.p_adjusted
                if contrast.name not in held:
                    yield f"{start}/verdict", contrast.verdict


def _checks(comparison: Comparison, rules: Rules, look: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    names = {row["key"]: row["name"] for block in look["outcomes"] for row in block["rates"]}
    found = run_cross_checks(comparison.arms, [(row.treated, row.control) for row in comparison.comparisons], rules)
    estimates = {(row.treated, row.control): row.estimate for row in comparison.comparisons}
    for pair in found.pairs:
        start = f"checks/{pair.treated}/{pair.control}"
        yield f"{start}/exact_p", pair.exact_p
        values = asdict(pair)
        for name in _CHECKED_RANGES:
            for end, value in (values[name] or {}).items():
                yield f"{start}/{name}/{end}", value
        if isinstance(planned := estimates[pair.treated, pair.control], Estimate):
            yield from _range(f"{start}/difference", planned)
    for arm in found.arms:
        yield f"chances/{names[arm.arm]}/best", arm.best
        yield f"chances/{names[arm.arm]}/loss", arm.loss


def _range(start: str, estimate: Estimate, *, effect: str = "effect") -> Iterator[tuple[str, Value]]:
    yield f"{start}/{effect}", estimate.effect
    yield f"{start}/low", estimate.interval.low
    yield f"{start}/high", estimate.interval.high
