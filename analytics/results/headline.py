"""Choose the headline of a report: one sentence, its interval, and the frame whose colour it takes."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal, get_args

from django.utils.translation import gettext

from analytics import wording
from analytics.disclosure.gate import ReleasedLook
from analytics.models import Analysis, GuardEvent
from analytics.report_rows import DifferenceRow, OutcomeBlock
from analytics.results.outcome_rows import people_scale
from analytics.results.paused_arms import stopped_name
from campaign.lifecycle.launch_checks import planned_sets
from campaign.models import Campaign
from campaign.outcomes import OUTCOMES

_FEW_SETS = 13  # with more, that is less than 1 in 4,000
# As analytics.stats.switchback, which a web request may not load.
SETS_IN_FULL, DRAWS, SEED = 15, 9_999, 20_230_101
_DRAWN_ERROR = 100 * sqrt(0.05 * 0.95 / (DRAWS + 1))  # of 5 in 100


Kind = Literal[
    "plan changed", "split broken", "too early", "hidden", "nobody counted", "nothing to compare",
    "stopped for harm",
    "better", "worse", "less than planned", "no meaningful difference", "cannot tell yet",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
WITHHELD: tuple[Kind, ...] = ("plan changed", "split broken")


@dataclass(frozen=True, slots=True)
class Headline:
    """The verdict of a look: what kind it is, its sentence, sentences about its interval, and the frame it is about."""

    kind: Kind
    sentence: str
    interval_sentence: str
    frame: str = "neutral"


def headline(primary: OutcomeBlock, look: ReleasedLook, stopped: Sequence[GuardEvent]) -> Headline:
    """Return the verdict of a look. `stopped` are the arms and texts that a guardrail had stopped by then."""
    found = _withheld(look) or _too_early(look) or _comparison(primary, look)
    if not stopped or found.kind in WITHHELD:
        return found
    harm = " ".join(dict.fromkeys(_stopped_sentence(event) for event in stopped))
    return replace(found, kind="stopped for harm", sentence=f"{harm} {found.sentence}")


def _stopped_sentence(event: GuardEvent) -> str:
    harm = wording.translate_outcome(OUTCOMES[event.outcome]).name
    values = {"message": stopped_name(event), "harm": harm[:1].lower() + harm[1:]}
    return gettext("“%(message)s” was stopped because it did harm (%(harm)s).") % values


def stopped_by(events: Iterable[GuardEvent], look: ReleasedLook) -> list[GuardEvent]:
    """Return the guardrail events that had happened when a look was taken: what it says stays the same."""
    return [event for event in events if event.at <= look.analysis.made_at]


def _withheld(look: ReleasedLook) -> Headline | None:
    if look.changed_plan_keys:
        return Headline(
            "plan changed",
            gettext(
                "We are not showing a comparison, because the plan in the database is not the one that was frozen."
            ),
            gettext(
                "These parts were changed directly in the database: %(keys)s. Whoever runs this site has "
                "to restore them from a backup. The fingerprint matches again once they are right."
            )
            % {"keys": ", ".join(look.changed_plan_keys)},
        )
    if look.is_withheld:
        return Headline(
            "split broken",
            gettext("We are not showing a comparison, because the messages were not shown as often as planned."),
            gettext(
                "When the split is wrong, any message can look good or bad. Find the cause, fix it and "
                "start a new campaign."
            ),
        )
    return None


def _too_early(look: ReleasedLook) -> Headline | None:
    analysis = look.shown_analysis
    if not analysis.embargoed:
        return None
    is_by_period = analysis.campaign.unit == Campaign.Unit.PERIOD and not analysis.campaign.is_use
    return Headline(
        "too early",
        gettext("It is too early to compare. The plan’s first look has not been reached yet."),
        f"{_progress_sentence(look.information, by_period=is_by_period)} "
        + gettext(
            "Early leads often disappear, so rates and differences stay hidden until then. The data "
            "quality is shown below."
        ),
    )


def _comparison(primary: OutcomeBlock, look: ReleasedLook) -> Headline:
    lead = lead_comparison(primary)
    if lead is None and any(row.hidden for row in primary.rates):
        return Headline(
            "hidden",
            gettext("We cannot tell yet: some counts are too small to be shown."),
            wording.hidden_reason(look.least),
        )
    if lead is None and any(row.n for row in primary.rates):
        return _uncompared(primary, look.shown_analysis.campaign)
    if lead is None:
        return Headline(
            "nobody counted",
            gettext("Nobody has been counted yet."),
            gettext("The first numbers appear when the first views are counted, a few hours after they were shown."),
        )
    notes = [*_other_comparisons(primary, lead), *_interval_notes(look.shown_analysis, primary)]
    sentence = next((row.sentence for row in primary.kinds if _pair(row) == _pair(lead)), lead.sentence)
    kind = _kind(lead, look.shown_analysis.level)
    return Headline(kind, f"{sentence} {primary.kind_note}".strip(), " ".join(notes), lead.treated_frame)


def _uncompared(primary: OutcomeBlock, campaign: Campaign) -> Headline:
    """Say why people who were counted cannot be compared with the control."""
    control = next(row.name for row in primary.rates if row.is_control)
    if campaign.is_use:
        sentence = gettext("Nobody sees “%(control)s” any more, so there is nothing to compare the message with.")
        why = gettext(
            "This page shows what people did who saw the message. To find out whether it works, plan a trial."
        )
    else:
        sentence = gettext("The messages cannot be compared with “%(control)s” yet.")
        why = next((row.sentence for row in primary.differences), "")
    return Headline("nothing to compare", sentence % {"control": control}, why)


def lead_comparison(primary: OutcomeBlock) -> DifferenceRow | None:
    """Return the comparison with the control in the headline: the worst harm, else the best improvement or estimate.

    Where texts of a kind cannot be told yet, it is of these texts, and its sentence says so.
    """
    controls = {row.key for row in primary.rates if row.is_control}
    rows = primary.answers if any(row.effect is not None for row in primary.answers) else primary.differences
    against_control = [row for row in rows if row.control in controls and row.effect is not None]
    sign = -1.0 if primary.outcome.better == "lower" else 1.0
    ranked = sorted(against_control, key=lambda row: sign * (row.effect or 0.0), reverse=True)
    worse = [row for row in ranked if row.verdict == "worse"]
    better = [row for row in ranked if row.verdict == "better"]
    return worse[-1] if worse else better[0] if better else ranked[0] if ranked else None


def _kind(lead: DifferenceRow, level: float) -> Kind:
    if lead.verdict == "no-meaningful-difference":
        is_shown = wording.is_shown(lead.low or 0.0, lead.high or 0.0, lead.p_adjusted, level)
        return "less than planned" if is_shown else "no meaningful difference"
    return "better" if lead.verdict == "better" else "worse" if lead.verdict == "worse" else "cannot tell yet"


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
                "Messages of this kind are other texts that make the same appeal. The ranges in brackets are "
                "%(level)s intervals: the first for the exact texts that were shown, the second for messages of "
                "this kind."
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
    if analysis.campaign.is_use:
        notes.append(gettext("It is the average since the launch. The watch page says whether it still works."))
    if analysis.exploratory:
        notes.append(gettext("This look is exploratory: it is not part of the plan."))
    return notes


def _period_notes(campaign: Campaign) -> list[str]:
    """Say what was drawn where a place shows one message at a time, and how small a p-value few sets allow."""
    plan = campaign.plan
    if not plan.period or campaign.is_use:
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
            "low": wording.number(5 - _DRAWN_ERROR, 1),
            "high": wording.number(5 + _DRAWN_ERROR, 1),
        }
        notes.append(
            gettext(
                "There are too many orders to try them all, so %(orders)s were drawn with the seed %(seed)s. With "
                "another seed, 5 of 100 could come out as %(low)s or %(high)s."
            )
            % values
        )
    if sets <= _FEW_SETS:
        values = {"sets": wording.number(sets), "orders": wording.number(2 ** (sets - 1))}
        notes.append(
            gettext(
                "With %(sets)s sets of periods, chance alone gives even the clearest difference in 1 of "
                "%(orders)s draws."
            )
            % values
        )
    return notes
