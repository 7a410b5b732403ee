"""Redact the stored cross-checks of a look: part of analytics.disclosure.gate."""

from collections.abc import Mapping, Sequence
from typing import Any

from analytics.models import Analysis, Release
from analytics.suppression.rounding import digits_of_one

# Made of the counts of single days, which no table shows; and of the counts of single placements as well.
_OF_DAYS = ("odds_within_days", "odds_within_weekdays")
_DIFFERENCES = ("after_stopping", "by_clusters")
_OF_PLACEMENTS = ("lowest", "highest", "homogeneity", "design_effect", *_OF_DAYS)


def smallest_arm(release: Release) -> int:
    """How many people saw the arm that fewest saw."""
    smallest: int = min(arm["n"] for arm in release.arms.values())
    return smallest


def released_checks(shown: Analysis, hidden: Mapping[str, bool], release: Release) -> dict[str, Any]:
    """The stored cross-checks whose counts are all shown."""
    stored, plan = shown.checks or {}, shown.campaign.plan
    if any(hidden.values()):
        stored = stored | {"arms": [], "pooled": []}
    pairs = [p for p in stored.get("pairs", []) if not (hidden[p["treated"]] or hidden[p["control"]])]
    pairs = [
        p
        if _is_table_complete(release.table, shown.outcome, p["treated"], p["control"])
        else p | dict.fromkeys(_OF_PLACEMENTS)
        for p in pairs
    ]
    is_grouped = bool(plan.strata or plan.clusters)
    rounded = (*_OF_DAYS, "ratio", "lift", "after_stopping", "by_clusters") if is_grouped else _OF_DAYS
    return stored | {
        "pairs": [_round_check(p, rounded, release, shown.outcome) for p in pairs],
        "guardrails": _released_guardrails(stored.get("guardrails", []), release, is_grouped=is_grouped),
    }


def _released_guardrails(
    guardrails: Sequence[dict[str, Any]], release: Release, *, is_grouped: bool
) -> list[dict[str, Any]]:
    """The checks of guardrails whose counts are shown of both arms; rounded where the counts alone do not give them."""
    digits = digits_of_one(smallest_arm(release)) if is_grouped else 15
    return [
        check | {"p_value": round(check["p_value"], digits)}
        for check in guardrails
        if check["p_value"] is not None
        and all(release.arms[check[side]]["totals"].get(check["outcome"]) for side in ("treated", "control"))
    ]


def _round_check(pair: dict[str, Any], names: Sequence[str], release: Release, outcome: str) -> dict[str, Any]:
    """Round as `_round_to_one_person` does; one person moves a ratio by its share of those with the outcome."""
    did = min(release.arms[pair[side]]["totals"][outcome][0] for side in ("treated", "control"))
    of_difference, of_ratio = digits_of_one(smallest_arm(release)), digits_of_one(did, least=1)
    rounded = {}
    for name in names:
        digits = of_difference if name in _DIFFERENCES else of_ratio
        if pair.get(name):
            rounded[name] = {key: None if value is None else round(value, digits) for key, value in pair[name].items()}
    return pair | rounded


def _is_table_complete(table: dict[str, Any] | None, outcome: str, *arms: str) -> bool:
    """Whether the table shows every column of these arms, exposures and outcome."""
    return table is not None and all(
        None not in table[arm]["seen"].values() and None not in table[arm]["parts"].get(outcome, {"": None}).values()
        for arm in arms
    )
