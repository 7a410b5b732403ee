"""PURE  Work out anew what a look says of texts, from its counts by text: each text, and texts of their kind."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analytics.bundle_check.numbers import Value
from analytics.comparison.compare import Comparison
from analytics.comparison.inputs import Rules
from analytics.comparison.kinds import KindComparison, TextRules, compare_kinds, factorial_kinds
from analytics.comparison.network_influence import ONE_NETWORK
from analytics.comparison.text_means import ArmTexts, text_estimates
from analytics.stats import Counts, Estimate
from analytics.suppression.rounding import digits_of_one, round_end

_DETAILS = ("sign_flip_p", "spread", "spread_low", "spread_high", "next_low", "next_high")


def numbers_of_texts(
    plan: Mapping[str, Any], look: Mapping[str, Any], block: Mapping[str, Any], comparison: Comparison, rules: Rules
) -> Iterator[tuple[str, Value]]:
    """Yield what follows for one outcome, rounded to one person of the text that fewest saw, as it was released."""
    texts, weight = _texts_at_this_look(block, comparison), _weight(block)
    if texts is None or weight is None:
        return
    digits = digits_of_one(min(text.n for arm in texts for text in arm.totals))
    text_rules = TextRules("matched" if block["design"] == "matched" else "nested", weight)
    path = f"outcomes/{block['outcome']}"
    for text in text_estimates(texts, rules):
        if isinstance(text.estimate, Estimate):
            yield from _range(f"{path}/texts/{text.arm}/{text.text}", text.estimate, digits, effect="rate")
    held = {(row["treated"], row["control"]) for row in block["kinds"] if row["reason"] == ONE_NETWORK.reason}
    for kind in compare_kinds(comparison, texts, rules, text_rules):
        start = f"{path}/kinds/{kind.treated}/{kind.control}"
        yield from _kind(start, kind, rules, digits, is_held=(kind.treated, kind.control) in held)
    if block["role"] == "primary" and plan["factorial"]:
        frames = {arm["frame"]: arm["arm"] for arm in plan["arms"]}
        keys = [frames[name] for name in ("neutral", "victim", "user", "both")]
        arms, by_key = {arm.key: arm for arm in comparison.arms}, {arm.key: arm for arm in texts}
        held_terms = {row["term"] for row in look["factorial_kinds"] if ONE_NETWORK.reason in row["sentence"]}
        for kind in factorial_kinds(
            [arms[key] for key in keys], [by_key[key] for key in keys], rules, text_rules, withheld=False
        ):
            start = f"factorial_kinds/{kind.treated}"
            yield from _kind(start, kind, rules, digits, is_held=kind.treated in held_terms)


def _texts_at_this_look(block: Mapping[str, Any], comparison: Comparison) -> Sequence[ArmTexts] | None:
    """The counts of the texts of each arm; None where some are not shown, or are those of an earlier look."""
    counts = defaultdict[str, list[Counts]](list)
    for row in block["texts"]:
        if row["text"].isdigit():
            if row["n"] is None or row["events"] is None:
                return None
            counts[row["arm"]].append(Counts(row["n"], row["events"]))
    for arm in comparison.arms:
        if sum(text.n for text in counts[arm.key]) != arm.counts.n:
            return None
    return [ArmTexts(arm.key, {"": tuple(counts[arm.key])}) for arm in comparison.arms]


def _weight(block: Mapping[str, Any]) -> float | None:
    """The share of the error that the answers of this look have."""
    return next((row["details"]["weight"] for row in block["kinds"] if row["details"]), None)


def _kind(start: str, kind: KindComparison, rules: Rules, digits: int, *, is_held: bool) -> Iterator[tuple[str, Value]]:
    if not isinstance(kind.estimate, Estimate):
        return
    yield from _range(start, kind.estimate, digits, margin=rules.smallest_difference or 0.0)
    yield f"{start}/p_value", _round(kind.estimate.p_value, digits)
    yield f"{start}/p_adjusted", _round(kind.p_adjusted, digits)
    if not is_held:
        yield f"{start}/verdict", kind.verdict
    if kind.details:
        for name in _DETAILS:
            yield f"{start}/details/{name}", _round(getattr(kind.details, name), digits)
        yield f"{start}/details/smallest_sign_flip_p", kind.details.smallest_sign_flip_p


def _range(
    start: str, estimate: Estimate, digits: int, *, margin: float = 0.0, effect: str = "effect"
) -> Iterator[tuple[str, Value]]:
    yield f"{start}/{effect}", round(estimate.effect, digits)
    yield f"{start}/low", round_end(estimate.interval.low, digits, margin=margin)
    yield f"{start}/high", round_end(estimate.interval.high, digits, margin=margin)


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
