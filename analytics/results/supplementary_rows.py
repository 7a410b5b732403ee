"""Build the secondary tables of a report: factorial contrasts, cross-checks, posterior chances, pooled estimates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext

from analytics import wording
from analytics.models import Estimate
from analytics.report_rows import (
    CrossCheckRow,
    DifferenceRow,
    EffectRange,
    FactorialRow,
    HomogeneityRow,
    NotWorseRow,
    OutcomeBlock,
    PooledRow,
    PosteriorRow,
)
from analytics.results.effect_texts import not_worse_sentence
from analytics.results.outcome_rows import people_scale

_RANGES = ("ratio", "lift", "after_stopping", "odds_within_days", "odds_within_weekdays", "by_clusters")


def factorial_rows(contrasts: Sequence[Estimate], primary: OutcomeBlock, *, level: float) -> tuple[FactorialRow, ...]:
    """Return the contrasts of the victim x user factorial; none if the counts of an arm are hidden."""
    if any(row.hidden for row in primary.rates):
        return ()
    return tuple(_factorial_row(contrast, primary, level) for contrast in contrasts)


def _factorial_row(e: Estimate, primary: OutcomeBlock, level: float) -> FactorialRow:
    rates = {row.frame: row.rate or 0.0 for row in primary.rates}
    sentence = wording.translate_reason(e.reason)
    if e.effect is not None and e.low is not None and e.high is not None:
        numbers = wording.ContrastNumbers(
            term=e.term,
            verdict=e.verdict,
            effect=e.effect,
            low=e.low,
            high=e.high,
            level=level,
            p_value=e.p_value,
            p_adjusted=e.p_adjusted,
            smallest_difference=e.smallest_difference,
            reason=e.reason,
            victim=rates["victim"] - rates["neutral"],
            user=rates["user"] - rates["neutral"],
            both=rates["both"] - rates["neutral"],
        )
        sentence = wording.contrast_sentence(numbers, people_scale(primary))
    return FactorialRow(
        term=e.term,
        name=wording.term_name(e.term),
        effect=e.effect,
        low=e.low,
        high=e.high,
        p_value=e.p_value,
        p_adjusted=e.p_adjusted,
        method=e.method,
        verdict=e.verdict,
        verdict_name=wording.verdict_name(e.verdict),
        sentence=sentence,
    )


def design_effect_sentence(checks: Sequence[CrossCheckRow]) -> str:
    """State the largest design effect, which a later plan can use; empty without strata or clusters."""
    factors = [row.design_effect for row in checks if row.design_effect is not None]
    if not factors:
        return ""
    return gettext(
        "Comparing by placement took %(factor)s times as many people as comparing everyone "
        "together. A later plan for the same placements can use this factor."
    ) % {"factor": wording.number(max(factors), 2)}


def cross_check_rows(
    stored: dict[str, Any], primary: OutcomeBlock, placements: Mapping[str, str]
) -> tuple[CrossCheckRow, ...]:
    """Return the stored cross-checks of each comparison. Looks of before lack some of them.

    `placements` are the names of the campaign's placements by key.
    """
    arms = {row.key: row for row in primary.rates}
    differences = {(row.treated, row.control): row for row in primary.differences}
    scale = people_scale(primary)
    quoted = {key: gettext("“%(name)s”") % {"name": name} for key, name in placements.items()}
    return tuple(
        CrossCheckRow(
            treated=pair["treated"],
            treated_name=arms[pair["treated"]].name,
            treated_frame=arms[pair["treated"]].frame,
            control=pair["control"],
            control_name=arms[pair["control"]].name,
            exact_p=pair["exact_p"],
            tipping=""
            if pair["was_significant"] is None
            else wording.tipping_sentence(pair["tips_at"], was_significant=pair["was_significant"]),
            without=_leave_one_out_range(pair["lowest"], pair["highest"], scale, quoted),
            without_by_key=_leave_one_out_range(pair["lowest"], pair["highest"], scale, {}),
            one_network=""
            if pair.get("network_move") is None
            else wording.one_network_sentence(pair["network_move"], pair["networks"], scale),
            design_effect=None if pair.get("design_effect") is None else round(pair["design_effect"], 2),
            difference=_difference(differences.get((pair["treated"], pair["control"]))),
            homogeneity=HomogeneityRow(**pair["homogeneity"]) if pair.get("homogeneity") else None,
            **{name: EffectRange(**pair[name]) if pair.get(name) else None for name in _RANGES},
        )
        for pair in stored.get("pairs", [])
    )


def _difference(row: DifferenceRow | None) -> EffectRange | None:
    return None if row is None or row.effect is None or row.low is None else EffectRange(row.effect, row.low, row.high)


def _leave_one_out_range(
    lowest: dict[str, Any] | None, highest: dict[str, Any] | None, scale: wording.PeopleScale, names: Mapping[str, str]
) -> str:
    """Describe the smallest and the largest effect when one placement is left out, by its name where that is known."""
    if lowest is None or highest is None:
        return ""
    return gettext("%(low)s without %(one)s to %(high)s without %(other)s") % {
        "low": scale.signed(lowest["effect"]),
        "one": names.get(lowest["stratum"], lowest["stratum"]),
        "high": scale.signed(highest["effect"]),
        "other": names.get(highest["stratum"], highest["stratum"]),
    }


def with_guardrail_checks(block: OutcomeBlock, stored: dict[str, Any], *, level: float) -> OutcomeBlock:
    """Add to a guardrail whether each arm is shown to be no worse than the control by the plan's margin."""
    names = {row.key: row.name for row in block.rates}
    rows = [
        NotWorseRow(
            treated=check["treated"],
            control=check["control"],
            margin=check["margin"],
            p_value=check["p_value"],
            sentence=not_worse_sentence(
                names[check["treated"]],
                names[check["control"]],
                margin=check["margin"],
                p_value=check["p_value"],
                level=level,
                by_one_network=check.get("by_one_network", False),  # looks of before do not say
            ),
        )
        for check in stored.get("guardrails", [])
        if check["outcome"] == block.outcome.key
    ]
    return replace(block, not_worse=tuple(rows))


def posterior_rows(stored: dict[str, Any], primary: OutcomeBlock) -> tuple[PosteriorRow, ...]:
    """Return each arm's posterior chance to be the best."""
    arms = {row.key: row for row in primary.rates}
    return tuple(
        PosteriorRow(name=arms[row["arm"]].name, frame=arms[row["arm"]].frame, best=row["best"], loss=row["loss"])
        for row in stored.get("arms", [])
    )


def pooled_rows(stored: dict[str, Any]) -> tuple[PooledRow, ...]:
    """Return the comparisons pooled over several campaigns."""
    return tuple(PooledRow(**row | {"name": wording.translate_reason(row["name"])}) for row in stored.get("pooled", []))
