"""Choose the headline of a report: one sentence, its interval, and the frame whose colour it takes."""

import json
from math import sqrt

from django.utils.translation import gettext

from analytics import wording
from analytics.disclosure.gate import ReleasedLook
from analytics.models import Analysis
from analytics.report_rows import DifferenceRow, OutcomeBlock
from analytics.results.outcome_rows import people_scale
from campaign.lifecycle.launch_checks import planned_sets
from campaign.models import Campaign

_FEW_SETS = 13  # with more, the smallest p-value is below 0.0001
# As analytics.stats.switchback, which a web request may not load.
SETS_IN_FULL, DRAWS, SEED = 15, 9_999, 20_230_101
_DRAWN_ERROR = sqrt(0.05 * 0.95 / (DRAWS + 1))  # of a p-value of 0.05


def lead_sentence(primary: OutcomeBlock, look: ReleasedLook) -> tuple[str, str, str]:
    """Return the sentence, the sentences about its interval, and the frame of the arm it is about.

    The comparison with control in the headline is the worst harm, else the best improvement, else the best estimate.
    """
    analysis = look.shown_analysis
    is_by_period = analysis.campaign.unit == Campaign.Unit.PERIOD
    if look.changed_plan_keys:
        return (
            gettext(
                "We are not showing a comparison, because the plan in the database is not the one that was frozen."
            ),
            gettext(
                "These parts were changed directly in the database: %(keys)s. Whoever runs this site has "
                "to restore them from a backup. The fingerprint matches again once they are right."
            )
            % {"keys": ", ".join(look.changed_plan_keys)},
            "neutral",
        )
    if look.is_withheld:
        return (
            gettext("We are not showing a comparison, because the messages were not shown as often as planned."),
            gettext(
                "When the split is wrong, any message can look good or bad. Find the cause, fix it and "
                "start a new campaign."
            ),
            "neutral",
        )
    if analysis.embargoed:
        return (
            gettext("It is too early to compare. The plan’s first look has not been reached yet."),
            f"{_progress_sentence(look.information, by_period=is_by_period)} "
            + gettext(
                "Early leads often disappear, so rates and differences stay hidden until then. The data "
                "quality is shown below."
            ),
            "neutral",
        )
    controls = {row.key for row in primary.rates if row.is_control}
    # Where texts of a kind cannot be told yet, the lead is taken from these texts, and its sentence says so.
    rows = primary.answers if any(row.effect is not None for row in primary.answers) else primary.differences
    against_control = [row for row in rows if row.control in controls and row.effect is not None]
    if not against_control and any(row.hidden for row in primary.rates):
        return (
            gettext("We cannot tell yet: some counts are too small to be shown."),
            wording.hidden_reason(look.least),
            "neutral",
        )
    if not against_control:
        return (
            gettext("Nobody has been counted yet."),
            gettext("The first numbers appear when the first views are counted, a few hours after they were shown."),
            "neutral",
        )
    sign = -1.0 if primary.outcome.better == "lower" else 1.0
    ranked = sorted(against_control, key=lambda row: sign * (row.effect or 0.0), reverse=True)
    worse = [row for row in ranked if row.verdict == "worse"]
    better = [row for row in ranked if row.verdict == "better"]
    lead = worse[-1] if worse else better[0] if better else ranked[0]
    notes = [*_other_comparisons(primary, lead), *_interval_notes(analysis, primary)]
    sentence = next((row.sentence for row in primary.kinds if _pair(row) == _pair(lead)), lead.sentence)
    return f"{sentence} {primary.kind_note}".strip(), " ".join(notes), lead.treated_frame


def _pair(row: DifferenceRow) -> tuple[str, str]:
    return row.treated, row.control


def _progress_sentence(information: float | None, *, by_period: bool) -> str:
    if by_period and information is not None:
        return gettext("%(share)s of the planned periods are over.") % {"share": wording.percent(information)}
    if information is None:
        return gettext("Only a few of the planned people have been counted.")
    values = {"share": wording.percent(min(information, 1.0))}
    return gettext("%(share)s of the planned people have been counted.") % values


def _other_comparisons(primary: OutcomeBlock, lead: DifferenceRow) -> list[str]:
    """Describe the other conclusive comparisons of the arm in the headline."""
    if primary.outcome.kind == "ordered":
        return []
    scale = people_scale(primary)
    return [
        gettext("Against %(control)s: %(gap)s (%(interval)s).")
        % {
            "control": row.control_phrase,
            "gap": wording.difference_phrase(row.effect, scale),
            "interval": wording.interval_text(row.low, row.high, scale),
        }
        for row in primary.answers
        if row is not lead and row.treated == lead.treated and row.verdict in wording.CLAIMS
        if row.effect is not None and row.low is not None and row.high is not None
    ]


def _interval_notes(analysis: Analysis, primary: OutcomeBlock) -> list[str]:
    """Explain the interval, and say whether the look is exploratory."""
    explanation = (
        gettext("The range in brackets is the %(level)s interval: where the true number of pairs very likely lies.")
        if primary.outcome.kind == "ordered"
        else gettext("The range in brackets is the %(level)s interval: where the true difference very likely lies.")
    )
    notes = [explanation % {"level": wording.level_text(analysis.level)}]
    if primary.kinds:
        notes = [
            gettext(
                "The ranges in brackets are %(level)s intervals: the first for the exact messages that "
                "were shown, the second for messages of this kind."
            )
            % {"level": wording.level_text(analysis.level)}
        ]
        if analysis.monitoring != "fixed":
            notes.append(
                gettext("The second is judged at a few points of the plan only and stays the same in between.")
            )
    elif analysis.monitoring == "always-valid":
        notes.append(gettext("It holds at every look."))
    elif analysis.monitoring == "group-sequential":
        notes.append(gettext("It holds at every look of the plan."))
    notes += _period_notes(analysis.campaign)
    if analysis.exploratory:
        notes.append(gettext("This look is exploratory: it is not part of the plan."))
    return notes


def _period_notes(campaign: Campaign) -> list[str]:
    """Say what was drawn where a place shows one message at a time, and how small a p-value few sets allow."""
    plan = campaign.plan
    if not plan.period:
        return []
    frozen = json.loads(plan.canonical)  # a list of campaigns asks no more of the database than one does
    sets = planned_sets(plan, arms=len(frozen["arms"]), placements=len(frozen["placements"]))
    if plan.has_hour_periods:
        drawn = gettext(
            "Blocks of days were assigned at random, not people: chance decided which message had which hours. So the "
            "result is compared with every order of hours that could have been drawn."
        )
    else:
        drawn = gettext(
            "Periods were assigned at random, not people. So the result is compared with every order "
            "of periods that could have been drawn."
        )
    notes = [drawn]
    if sets > SETS_IN_FULL:
        values = {
            "orders": wording.number(DRAWS),
            "seed": str(SEED),
            "p": wording.p_value(0.05, 2),
            "error": wording.p_value(_DRAWN_ERROR, 3),
        }
        notes.append(
            gettext(
                "There are too many orders for all of them, so %(orders)s were drawn with the seed %(seed)s. That "
                "leaves a p-value of %(p)s uncertain by %(error)s."
            )
            % values
        )
    if sets <= _FEW_SETS:
        values = {"sets": wording.number(sets), "p": wording.p_value(2.0 ** (1 - sets), 4)}
        notes.append(gettext("With %(sets)s sets of periods, the p-value cannot be below %(p)s.") % values)
    return notes
