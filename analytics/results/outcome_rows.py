"""Build the rates and differences of each outcome, with their sentences, from estimates."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings
from django.utils import translation

from analytics import wording
from analytics.models import Estimate
from analytics.report_rows import DifferenceRow, OutcomeBlock, RateRow
from analytics.results.kind_rows import with_kinds
from campaign.models import AnalysisPlan
from campaign.outcomes import OUTCOMES
from messages.models import Frame


def outcome_blocks(estimates: Sequence[Estimate], plan: AnalysisPlan, *, embargoed: bool = False) -> list[OutcomeBlock]:
    """Return a block for each outcome, primary first, without factorial contrasts. Estimates need not be saved."""
    by_outcome: dict[str, list[Estimate]] = {}
    for estimate in estimates:
        if estimate.kind != Estimate.Kind.FACTORIAL:
            by_outcome.setdefault(estimate.outcome, []).append(estimate)
    blocks = [_block(outcome, rows, plan, embargoed=embargoed) for outcome, rows in by_outcome.items()]
    return sorted(blocks, key=lambda block: block.role != "primary")


def people_scale(block: OutcomeBlock) -> wording.PeopleScale:
    """Return the number of people (of pairs, for an ordered outcome) in which an outcome's rates are expressed."""
    if block.outcome.kind == "ordered":
        return wording.PeopleScale(100)
    return wording.choose_scale([row.rate for row in block.rates if row.rate is not None])


def _is_renamed(row: RateRow) -> bool:
    """Whether somebody gave an arm another name than its frame or its key, so that sentences have to use it."""
    given = {row.key.replace("-", " ")}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            given.add(str(Frame(row.frame).label).casefold())
    return row.name.casefold() not in given


def _block(outcome: str, estimates: list[Estimate], plan: AnalysisPlan, *, embargoed: bool) -> OutcomeBlock:
    rates = [_rate(e, embargoed=embargoed) for e in estimates if e.kind == Estimate.Kind.RATE]
    by_key = {row.key: row for row in rates}
    frames = Counter(row.frame for row in rates)
    phrases = {
        row.key: wording.arm_phrase(row.name, row.frame, unique=frames[row.frame] == 1 and not _is_renamed(row))
        for row in rates
    }
    differences = [e for e in estimates if e.kind == Estimate.Kind.DIFFERENCE and e.about == Estimate.About.THESE]
    block = OutcomeBlock(
        outcome=wording.translate_outcome(OUTCOMES[outcome]),
        role=estimates[0].role,
        rates=tuple(rates),
        differences=(),
        smallest_difference=differences[0].smallest_difference if differences else None,
        analysis_id=estimates[0].analysis_id,
    )
    scale = people_scale(block)
    arms = sum(e.kind == Estimate.Kind.RATE and e.treated.weight > 0 for e in estimates)
    told = tuple(_difference(e, by_key, phrases, scale, plan, arms=arms) for e in differences)
    return with_kinds(replace(block, differences=told), estimates, plan, scale)


def _rate(e: Estimate, *, embargoed: bool) -> RateRow:
    return RateRow(
        key=e.treated.key,
        name=e.treated.name,
        frame=e.treated.frame,
        is_control=e.treated.is_control,
        served=e.served,
        n=e.n,
        events=e.events,
        rate=e.effect,
        low=e.low,
        high=e.high,
        hidden=e.n is None or (e.events is None and not embargoed),
    )


def _difference(
    e: Estimate,
    rates: dict[str, RateRow],
    phrases: dict[str, str],
    scale: wording.PeopleScale,
    plan: AnalysisPlan,
    *,
    arms: int,
) -> DifferenceRow:
    assert e.control is not None  # the database has a constraint for it
    outcome = OUTCOMES[e.outcome]
    treated, control = phrases[e.treated.key], phrases[e.control.key]
    rate, control_rate = rates[e.treated.key].rate, rates[e.control.key].rate
    hidden = rates[e.treated.key].hidden or rates[e.control.key].hidden
    if hidden:
        sentence = wording.hidden_comparison_sentence(treated, control)
    elif e.effect is None or e.low is None or e.high is None or rate is None or control_rate is None:
        sentence = wording.not_compared_sentence(treated, control, e.reason)
    else:
        numbers = wording.ComparisonNumbers(
            treated=treated,
            control=control,
            outcome=outcome,
            treated_rate=rate,
            control_rate=control_rate,
            effect=e.effect,
            low=e.low,
            high=e.high,
            level=plan.level,
            p_value=e.p_value,
            p_adjusted=e.p_adjusted,
            verdict=e.verdict,
            smallest_difference=e.smallest_difference,
            reason=e.reason,
            groups="placements" if plan.strata else "",
            # With several texts, more people may not be what would tell.
            more=None
            if e.more_per_arm is None or plan.texts
            else wording.people_range(e.more_per_arm, e.more_per_arm_low, e.more_per_arm_high, arms=arms),
        )
        ordered = outcome.kind == "ordered"
        sentence = wording.ordinal_sentence(numbers) if ordered else wording.comparison_sentence(numbers, scale)
    return DifferenceRow(
        treated=e.treated.key,
        treated_name=e.treated.name,
        treated_frame=e.treated.frame,
        control=e.control.key,
        control_name=e.control.name,
        control_phrase=control,
        effect=e.effect,
        low=e.low,
        high=e.high,
        p_value=e.p_value,
        p_adjusted=e.p_adjusted,
        verdict=e.verdict,
        verdict_name=wording.verdict_name(e.verdict),
        sentence=sentence,
        more_per_arm=e.more_per_arm,
        more_per_arm_low=e.more_per_arm_low,
        more_per_arm_high=e.more_per_arm_high,
        reason=wording.translate_reason(e.reason),
        method=e.method,
        hidden=hidden,
    )
