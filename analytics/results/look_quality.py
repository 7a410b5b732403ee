"""Judge the data behind a look: sample ratio, reach, excluded views and sample size."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext, gettext_lazy

from analytics import wording
from analytics.models import Analysis
from analytics.report_rows import OutcomeBlock, QualityItem, Status
from analytics.results import split_after_pause
from analytics.results.look_summaries import people_exposed
from campaign.models import Campaign

UNEQUAL_REACH_P = 0.0005  # below this, messages are said to reach the screen unequally
MANY_EXCLUDED = 20  # of 100
ALARM_BELOW = 0.0005  # as analytics.stats.sample_ratio, which a web request may not load
BY_TEXT = "texts"  # as analytics.comparison.split_check, likewise
_STATUS: dict[str, Status] = {"ok": "ok", "caution": "caution", "alarm": "alarm", "unknown": "unknown"}
WASHOUT = "washout"  # as campaign.models.LeftOutCount
_EXCLUSION_TEXTS = {
    "machine": (
        gettext_lazy("Machines are left out"),
        gettext_lazy(
            "%(share)s of 100 messages went to search engines, link previews and the like, and were not counted."
        ),
    ),
    "crowd": (
        gettext_lazy("Some networks asked for more than their share"),
        gettext_lazy(
            "%(share)s of 100 messages went to networks that had their share of the day, and were not counted: phone "
            "companies and schools, or somebody who wants to turn the result. Messages are compared as fairly without "
            "them. If many visitors come through one network, say so at the placement."
        ),
    ),
    WASHOUT: (
        gettext_lazy("The first hours of periods are left out"),
        gettext_lazy(
            "%(share)s of 100 messages were shown in the first hours of a period, or before the first one, and were "
            "not counted, as planned."
        ),
    ),
}


def look_quality(
    analysis: Analysis,
    primary: OutcomeBlock,
    planned_people: int,
    excluded: Mapping[str, int],
    withdrawn: QualityItem | None,
    shares: Sequence[split_after_pause.ArmShare],
) -> tuple[QualityItem, ...]:
    """Return one item for each check. `excluded` maps a reason to how many of 100 messages were not counted."""
    return (
        split_after_pause.explain_pauses(_sample_ratio(analysis), shares),
        _reach(analysis),
        *(exclusion_item(reason, share) for reason, share in excluded.items()),
        *([withdrawn] if withdrawn else ()),
        _periods(analysis.information)
        if analysis.campaign.unit == Campaign.Unit.PERIOD
        else _sample_size(primary, planned_people),
    )


def _sample_ratio(analysis: Analysis) -> QualityItem:
    ratio = Analysis.SampleRatio(analysis.sample_ratio)
    status: Status = _STATUS[ratio]
    p_value = analysis.sample_ratio_p
    p = "" if p_value is None else " " + gettext("(p %(p)s)") % {"p": wording.p_value(p_value)}
    details = {
        "ok": gettext("Each message was seen about as often as its share asks%(p)s."),
        "caution": gettext("The shares are a little off%(p)s. Watch it; nothing is withheld yet."),
        "alarm": gettext(
            "The shares are far off%(p)s. Something changes who sees which message, so verdicts are withheld."
        ),
        "unknown": gettext("Too few people so far to check the split."),
    }
    detail = details[status]
    if analysis.sample_ratio_method == BY_TEXT and status in {"caution", "alarm"}:
        by_text = {
            "caution": gettext(
                "The texts of one message are not seen equally often. Watch it; nothing is withheld yet."
            ),
            "alarm": gettext(
                "The texts of one message are drawn evenly, and far from equally many people saw each. Something "
                "changes who sees which text, so verdicts are withheld."
            ),
        }
        return QualityItem(str(ratio.label), status, by_text[status])
    if status == "caution" and p_value is not None and p_value < ALARM_BELOW:
        by_network = gettext(
            "The shares are far off%(p)s, by no more than one network can have done alone. So nothing is withheld: a "
            "verdict that so few views could turn is not called. Look for the cause."
        )
        return QualityItem(gettext("One network may have changed the split"), status, by_network % {"p": p})
    return QualityItem(str(ratio.label), status, detail % {"p": p} if status != "unknown" else detail)


def _reach(analysis: Analysis) -> QualityItem:
    if analysis.reach_p is None:
        return QualityItem(
            gettext("Too few to check reach"), "unknown", gettext("Not enough messages were served to compare.")
        )
    if analysis.reach_p < UNEQUAL_REACH_P:
        return QualityItem(
            gettext("Messages reach the screen unequally"),
            "caution",
            gettext("The share of served messages that were seen differs between arms (p %(p)s).")
            % {"p": wording.p_value(analysis.reach_p)},
        )
    return QualityItem(
        gettext("Messages reach the screen equally"),
        "ok",
        gettext("Of the messages sent, about as many of each arm were seen (p %(p)s).")
        % {"p": wording.p_value(analysis.reach_p)},
    )


def exclusion_item(reason: str, share: int) -> QualityItem:
    """Say how many of 100 messages were left out for one reason."""
    title, detail = _EXCLUSION_TEXTS[reason]
    return QualityItem(
        str(title), "caution" if share >= MANY_EXCLUDED and reason != WASHOUT else "ok", str(detail) % {"share": share}
    )


def _periods(information: float) -> QualityItem:
    """Whether all planned periods are over, where periods were drawn and not people."""
    share = {"share": wording.percent(information)}
    if information >= 1:
        return QualityItem(
            gettext("The planned periods are over"), "ok", gettext("The order that was drawn at launch is complete.")
        )
    return QualityItem(
        gettext("Before the last planned period"),
        "caution",
        gettext("%(share)s of the planned periods are over.") % share
        + " "
        + gettext("An early lead can vanish: decide when all are over."),
    )


def _sample_size(primary: OutcomeBlock, planned_people: int) -> QualityItem:
    people = people_exposed(primary)
    if people is not None and people >= planned_people:
        return QualityItem(
            gettext("The planned number is reached"),
            "ok",
            gettext("%(people)s people saw a message; %(planned)s were planned.")
            % {"people": wording.number(people), "planned": wording.number(planned_people)},
        )
    progress = (
        gettext("Only a few of %(planned)s planned people saw a message.")
        if people is None
        else gettext("%(people)s of %(planned)s planned people saw a message.")
    )
    numbers = {"planned": wording.number(planned_people), "people": wording.number(people or 0)}
    return QualityItem(
        gettext("Before the planned number"),
        "caution",
        f"{progress % numbers} " + gettext("An early lead can vanish: decide at the planned number."),
    )
