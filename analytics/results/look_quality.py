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
        gettext_lazy("Automated visitors are not counted"),
        gettext_lazy(
            "%(share)s of 100 messages went to search engines, link previews and other automated "
            "visitors, and were not counted."
        ),
    ),
    "crowd": (
        gettext_lazy("Some networks reached their daily limit"),
        gettext_lazy(
            "%(share)s of 100 messages went to networks that had reached their daily limit, and were "
            "not counted. This happens with phone companies and schools, or when someone tries to "
            "distort the result. The comparison is just as fair without them. If many of your visitors "
            "share one network, say so in the placement’s settings."
        ),
    ),
    WASHOUT: (
        gettext_lazy("The start of each period is not counted"),
        gettext_lazy(
            "%(share)s of 100 messages were shown at the start of a period or before the first "
            "one. As planned, they were not counted."
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
        if analysis.campaign.unit == Campaign.Unit.PERIOD and not analysis.campaign.is_use
        else _sample_size(primary, planned_people),
    )


def _sample_ratio(analysis: Analysis) -> QualityItem:
    ratio = Analysis.SampleRatio(analysis.sample_ratio)
    status: Status = _STATUS[ratio]
    p_value = analysis.sample_ratio_p
    details = {
        "ok": gettext("Each message was seen about as often as planned."),
        "caution": gettext("The split is slightly off. Keep an eye on it. Nothing is withheld yet."),
        "alarm": gettext("The split is far off. Something affects who sees which message, so verdicts are withheld."),
        "unknown": gettext("Too few people so far to check the split."),
    }
    if analysis.sample_ratio_method == BY_TEXT and status in {"caution", "alarm"}:
        by_text = {
            "caution": gettext(
                "The texts of a message are not seen equally often. Keep an eye on it. Nothing is withheld yet."
            ),
            "alarm": gettext(
                "The texts of a message are assigned equally often, but they were not seen equally often. "
                "Something affects who sees which text, so verdicts are withheld."
            ),
        }
        return QualityItem(str(ratio.label), status, by_text[status])
    if status == "caution" and p_value is not None and p_value < ALARM_BELOW:
        by_network = gettext(
            "The split is far off, but one network alone could have caused it. Results are shown, "
            "without a verdict where so few views could change it. Look for the cause."
        )
        return QualityItem(gettext("One network may have changed the split"), status, by_network)
    return QualityItem(str(ratio.label), status, details[status])


def _reach(analysis: Analysis) -> QualityItem:
    if analysis.reach_p is None:
        return QualityItem(
            gettext("Too few messages to check what reaches the screen"),
            "unknown",
            gettext("Too few messages were sent to compare."),
        )
    if analysis.reach_p < UNEQUAL_REACH_P:
        return QualityItem(
            gettext("Some messages reach the screen less often"),
            "caution",
            gettext("After being sent, some messages were seen less often than others."),
        )
    return QualityItem(
        gettext("Messages reach the screen equally often"),
        "ok",
        gettext("Of the messages sent, about the same share was seen in each group."),
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
            gettext("The planned periods are over"), "ok", gettext("All periods drawn at launch are over.")
        )
    return QualityItem(
        gettext("Planned periods remain"),
        "caution",
        gettext("%(share)s of the planned periods are over.") % share
        + " "
        + gettext("An early lead can disappear. Wait until all periods are over before you decide."),
    )


def _sample_size(primary: OutcomeBlock, planned_people: int) -> QualityItem:
    people = people_exposed(primary)
    if people is not None and people >= planned_people:
        return QualityItem(
            gettext("The planned number of people is reached"),
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
        gettext("The planned number is not reached yet"),
        "caution",
        f"{progress % numbers} "
        + gettext("An early lead can disappear. Wait for the planned number before you decide."),
    )
