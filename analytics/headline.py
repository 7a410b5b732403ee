"""The one sentence of a report, and the lights on its data. Reads what is stored, computes no statistics."""

from __future__ import annotations

from collections.abc import Mapping

from analytics import words
from analytics.disclose import Look
from analytics.models import Analysis
from analytics.rows import OutcomeBlock, QualityItem, Status

_STATUS: dict[str, Status] = {"ok": "ok", "caution": "caution", "alarm": "alarm", "unknown": "unknown"}


def headline(primary: OutcomeBlock, look: Look, *, withheld: bool) -> tuple[str, str, str]:
    """The one sentence, its interval, and the frame whose colour it takes.

    The comparison told first is a harm if there is one, else the best arm that beat the control, else the first.
    """
    analysis = look.shown
    if withheld:
        return (
            "We are not showing a comparison: the messages were not shown as often as planned.",
            "A broken split can make any message look good or bad. Find the cause, mend it, and start a new campaign.",
            "neutral",
        )
    if analysis.embargoed:
        share = "Only a few" if look.information is None else f"{min(look.information, 1.0):.0%}"
        return (
            "It is too early to compare: the plan’s first look is not reached yet.",
            f"{share} of the planned people have been counted. Early leads often vanish, "
            "so rates and differences stay hidden until then. Whether the data are sound is shown below.",
            "neutral",
        )
    controls = {row.key for row in primary.rates if row.is_control}
    against_control = [row for row in primary.differences if row.control in controls and row.effect is not None]
    if not against_control and any(row.hidden for row in primary.rates):
        return "We cannot tell yet: some counts are too small to be shown.", words.hidden_reason(look.least), "neutral"
    if not against_control:
        return "Nobody has been counted yet.", "The first numbers show after the first closed views.", "neutral"
    sign = -1.0 if primary.outcome.better == "lower" else 1.0
    ranked = sorted(against_control, key=lambda row: sign * (row.effect or 0.0), reverse=True)
    worse = [row for row in ranked if row.verdict == "worse"]
    better = [row for row in ranked if row.verdict == "better"]
    lead = worse[-1] if worse else better[0] if better else ranked[0]
    percent = f"{analysis.level:.0%}"
    holds = "" if analysis.monitoring == "fixed" else ", and it holds at every look"
    caution = " This look is exploratory: the plan does not hold it." if analysis.exploratory else ""
    scale = words.scale_for([row.rate for row in primary.rates if row.rate is not None])
    ordered = primary.outcome.kind == "ordered"
    also = "".join(
        f"Against {row.control_phrase}: {words.gap(row.effect, scale)} ({words.span(row.low, row.high, scale)}). "
        for row in primary.differences
        if not ordered and row is not lead and row.treated == lead.treated and row.verdict in ("better", "worse")
        if row.effect is not None and row.low is not None and row.high is not None
    )
    return (
        lead.sentence,
        f"{also}The range in brackets is the {percent} interval: where the true difference very likely lies"
        f"{holds}.{caution}",
        lead.treated_frame,
    )


_LEFT_OUT = {
    "machine": (
        "Machines are left out",
        "{share} of 100 messages went to search engines, link previews and the like, and were not counted.",
    ),
    "crowd": (
        "One network asked very often",
        "{share} of 100 messages went to a network that asked more often than the limit, and were not counted. If it "
        "is your partner’s own server, raise the limit.",
    ),
}
_MANY_LEFT_OUT = 20  # of 100


def quality_of(
    analysis: Analysis, primary: OutcomeBlock, planned_per_arm: int, left_out: Mapping[str, int]
) -> tuple[QualityItem, ...]:
    """Whether the numbers can be trusted; `left_out` says of 100 messages how many were not counted, by reason."""
    ratio = Analysis.SampleRatio(analysis.sample_ratio)
    status: Status = _STATUS[ratio]
    p = "" if analysis.sample_ratio_p is None else f" (p {words.p_value(analysis.sample_ratio_p)})"
    details = {
        "ok": f"Each message was seen about as often as its share asks{p}.",
        "caution": f"The shares are a little off{p}. Watch it; nothing is withheld yet.",
        "alarm": f"The shares are far off{p}. Something changes who sees which message, so verdicts are withheld.",
        "unknown": "Too few people so far to check the shares.",
    }
    items = [QualityItem(ratio.label, status, details[status])]
    if analysis.reach_p is None:
        items.append(QualityItem("Too few to check reach", "unknown", "Not enough messages were served to compare."))
    elif analysis.reach_p < 0.0005:
        items.append(
            QualityItem(
                "Messages reach the screen unequally",
                "caution",
                "The share of served messages that were seen differs between arms "
                f"(p {words.p_value(analysis.reach_p)}).",
            )
        )
    else:
        items.append(
            QualityItem("Messages reach the screen equally", "ok", "Of the messages sent, every arm is seen as often.")
        )
    for reason, share in left_out.items():
        title, detail = _LEFT_OUT[reason]
        many = reason == "crowd" or share >= _MANY_LEFT_OUT
        items.append(QualityItem(title, "caution" if many else "ok", detail.format(share=share)))
    known = [row.n for row in primary.rates if row.n is not None]
    fewest = min(known, default=0) if len(known) == len(primary.rates) else None
    if fewest is not None and fewest >= planned_per_arm:
        items.append(
            QualityItem("The planned number is reached", "ok", f"At least {fewest:,} people saw each message.")
        )
    else:
        saw = "Only a few" if fewest is None else f"{fewest:,}"
        items.append(
            QualityItem(
                "Before the planned number",
                "caution",
                f"{saw} of {planned_per_arm:,} planned people saw the least-seen message. "
                "An early lead can vanish: decide at the planned number.",
            )
        )
    return tuple(items)
