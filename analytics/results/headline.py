"""The one sentence of a report, and the lights on its data. Reads what is stored, computes no statistics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext, gettext_lazy

from analytics import wording
from analytics.disclosure.gate import ReleasedLook
from analytics.models import Analysis
from analytics.report_rows import DifferenceRow, OutcomeBlock, QualityItem, Status
from analytics.results import split_after_pause

_STATUS: dict[str, Status] = {"ok": "ok", "caution": "caution", "alarm": "alarm", "unknown": "unknown"}


def lead_sentence(primary: OutcomeBlock, look: ReleasedLook, *, withheld: bool) -> tuple[str, str, str]:
    """The one sentence, its interval, and the frame whose colour it takes.

    The comparison told first is a harm if there is one, else the best arm that beat the control, else the first.
    """
    analysis = look.shown_analysis
    if withheld:
        return (
            gettext("We are not showing a comparison: the messages were not shown as often as planned."),
            gettext(
                "A broken split can make any message look good or bad. Find the cause, mend it, and start a new "
                "campaign."
            ),
            "neutral",
        )
    if analysis.embargoed:
        return (
            gettext("It is too early to compare: the plan’s first look is not reached yet."),
            f"{_counted_so_far(look.information)} "
            + gettext(
                "Early leads often vanish, so rates and differences stay hidden until then. Whether the data are sound "
                "is shown below."
            ),
            "neutral",
        )
    controls = {row.key for row in primary.rates if row.is_control}
    against_control = [row for row in primary.differences if row.control in controls and row.effect is not None]
    if not against_control and any(row.hidden for row in primary.rates):
        return (
            gettext("We cannot tell yet: some counts are too small to be shown."),
            wording.hidden_reason(look.least),
            "neutral",
        )
    if not against_control:
        return (
            gettext("Nobody has been counted yet."),
            gettext("The first numbers show after the first closed views."),
            "neutral",
        )
    sign = -1.0 if primary.outcome.better == "lower" else 1.0
    ranked = sorted(against_control, key=lambda row: sign * (row.effect or 0.0), reverse=True)
    worse = [row for row in ranked if row.verdict == "worse"]
    better = [row for row in ranked if row.verdict == "better"]
    lead = worse[-1] if worse else better[0] if better else ranked[0]
    return lead.sentence, " ".join([*_also(primary, lead), *_about_interval(analysis)]), lead.treated_frame


def _counted_so_far(information: float | None) -> str:
    if information is None:
        return gettext("Only a few of the planned people have been counted.")
    return gettext("%(share)s of the planned people have been counted.") % {
        "share": wording.percent(min(information, 1.0))
    }


def _also(primary: OutcomeBlock, lead: DifferenceRow) -> list[str]:
    """What else is known of the arm that is told first."""
    if primary.outcome.kind == "ordered":
        return []
    scale = wording.choose_scale([row.rate for row in primary.rates if row.rate is not None])
    return [
        gettext("Against %(control)s: %(gap)s (%(interval)s).")
        % {
            "control": row.control_phrase,
            "gap": wording.difference_phrase(row.effect, scale),
            "interval": wording.interval_text(row.low, row.high, scale),
        }
        for row in primary.differences
        if row is not lead and row.treated == lead.treated and row.verdict in ("better", "worse")
        if row.effect is not None and row.low is not None and row.high is not None
    ]


def _about_interval(analysis: Analysis) -> list[str]:
    """What the range in brackets is, and whether the plan holds this look."""
    told = (
        gettext("The range in brackets is the %(level)s interval: where the true difference very likely lies.")
        if analysis.monitoring == "fixed"
        else gettext(
            "The range in brackets is the %(level)s interval: where the true difference very likely lies, and it holds "
            "at every look."
        )
    )
    exploratory = [gettext("This look is exploratory: the plan does not hold it.")] if analysis.exploratory else []
    return [told % {"level": wording.percent(analysis.level)}, *exploratory]


_LEFT_OUT = {
    "machine": (
        gettext_lazy("Machines are left out"),
        gettext_lazy(
            "%(share)s of 100 messages went to search engines, link previews and the like, and were not counted."
        ),
    ),
    "crowd": (
        gettext_lazy("One network asked very often"),
        gettext_lazy(
            "%(share)s of 100 messages went to a network that asked more often than the limit, and were not counted. "
            "If it is your partner’s own server, raise the limit."
        ),
    ),
}
_MANY_LEFT_OUT = 20  # of 100


def look_quality(
    analysis: Analysis,
    primary: OutcomeBlock,
    planned_per_arm: int,
    left_out: Mapping[str, int],
    shares: Iterable[split_after_pause.ArmShare],
) -> tuple[QualityItem, ...]:
    """Whether the numbers can be trusted; `left_out` says of 100 messages how many were not counted, by reason."""
    return (
        split_after_pause.explain_pauses(_split(analysis), shares),
        _reach(analysis),
        *(_left_out(reason, share) for reason, share in left_out.items()),
        _size(primary, planned_per_arm),
    )


def _split(analysis: Analysis) -> QualityItem:
    ratio = Analysis.SampleRatio(analysis.sample_ratio)
    status: Status = _STATUS[ratio]
    known = analysis.sample_ratio_p
    p = "" if known is None else " " + gettext("(p %(p)s)") % {"p": wording.p_value(known)}
    details = {
        "ok": gettext("Each message was seen about as often as its share asks%(p)s."),
        "caution": gettext("The shares are a little off%(p)s. Watch it; nothing is withheld yet."),
        "alarm": gettext(
            "The shares are far off%(p)s. Something changes who sees which message, so verdicts are withheld."
        ),
        "unknown": gettext("Too few people so far to check the shares."),
    }
    detail = details[status]
    return QualityItem(str(ratio.label), status, detail % {"p": p} if status != "unknown" else detail)


def _reach(analysis: Analysis) -> QualityItem:
    if analysis.reach_p is None:
        return QualityItem(
            gettext("Too few to check reach"), "unknown", gettext("Not enough messages were served to compare.")
        )
    if analysis.reach_p < 0.0005:
        return QualityItem(
            gettext("Messages reach the screen unequally"),
            "caution",
            gettext("The share of served messages that were seen differs between arms (p %(p)s).")
            % {"p": wording.p_value(analysis.reach_p)},
        )
    return QualityItem(
        gettext("Messages reach the screen equally"),
        "ok",
        gettext("Of the messages sent, every arm is seen as often."),
    )


def _left_out(reason: str, share: int) -> QualityItem:
    title, detail = _LEFT_OUT[reason]
    many = reason == "crowd" or share >= _MANY_LEFT_OUT
    return QualityItem(str(title), "caution" if many else "ok", str(detail) % {"share": share})


def _size(primary: OutcomeBlock, planned_per_arm: int) -> QualityItem:
    known = [row.n for row in primary.rates if row.n is not None]
    fewest = min(known, default=0) if len(known) == len(primary.rates) else None
    if fewest is not None and fewest >= planned_per_arm:
        return QualityItem(
            gettext("The planned number is reached"),
            "ok",
            gettext("At least %(fewest)s people saw each message.") % {"fewest": wording.number(fewest)},
        )
    saw = (
        gettext("Only a few of %(planned)s planned people saw the least-seen message.")
        if fewest is None
        else gettext("%(fewest)s of %(planned)s planned people saw the least-seen message.")
    )
    known_numbers = {"planned": wording.number(planned_per_arm), "fewest": wording.number(fewest or 0)}
    return QualityItem(
        gettext("Before the planned number"),
        "caution",
        f"{saw % known_numbers} " + gettext("An early lead can vanish: decide at the planned number."),
    )
