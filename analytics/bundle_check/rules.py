"""PURE  The rules of comparison of a frozen plan, as its JSON says them, and the counts of a look."""

from collections.abc import Mapping, Sequence
from typing import Any

from analytics.comparison.inputs import ArmCounts, Rules
from analytics.stats import Counts

_LAST = 1.0


def rules_of(
    plan: Mapping[str, Any], outcome: Mapping[str, Any], look: Mapping[str, Any], shares: Sequence[float]
) -> Rules:
    """Return the rules for one yes/no outcome at a look whose planned looks so far had these `shares`."""
    return Rules(
        level=look["level"],
        smallest_difference=outcome["smallest_difference"],
        better=outcome["better"],
        correction=plan["correction"],
        monitoring=plan["monitoring"],
        planned_per_arm=plan["planned_per_arm"],
        looks=tuple(shares),
        planned_looks=tuple(float(share) for share in plan["looks"]),
        spending=plan["spending"],
        watched_split=look["exploratory"],
    )


def shares_at(
    plan: Mapping[str, Any], looks: Sequence[Mapping[str, Any]], look: Mapping[str, Any]
) -> tuple[float, ...] | None:
    """Return the information of the planned looks up to one, that last; None if one of them was not told."""
    told = [_information(each) for each in looks if each["look"] < look["look"] and not each["exploratory"]]
    is_between = look["exploratory"] and not look["by_exception"] and told
    if plan["monitoring"] == "always-valid" or not is_between:
        told.append(_information(look))
    return None if None in told else tuple(min(share, _LAST) for share in told if share is not None)


def _information(look: Mapping[str, Any]) -> float | None:
    """The share of the plan that was counted at a look; None of one that shows the numbers of an earlier one."""
    return look["information"] if look["shown_look"] == look["look"] else None


def arms_of(plan: Mapping[str, Any], rates: Sequence[Mapping[str, Any]]) -> list[ArmCounts] | None:
    """Return the counts of each arm as released, without the outcome of arms in `hidden_arms`; None if too few show."""
    if any(row["n"] is None for row in rates):
        return None
    weights = {arm["arm"]: arm["weight"] for arm in plan["arms"]}
    return [ArmCounts(row["key"], Counts(row["n"], row["events"] or 0), weight=weights[row["key"]]) for row in rates]


def hidden_arms(rates: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the arms of which the outcome is not shown."""
    return {row["key"] for row in rates if row["events"] is None}


def is_plain(plan: Mapping[str, Any]) -> bool:
    """Whether the plan compares counts of whole arms, so that its numbers follow from released counts."""
    return not (plan["strata"] or plan["clusters"])
