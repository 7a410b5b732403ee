"""Show the data quality of a campaign on its watch page: sample ratio, flow, reach and exclusions."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext, ngettext

from analytics import wording
from analytics.disclosure import gate
from analytics.models import Analysis, DataQualityStatus
from analytics.report_rows import QualityItem, Status
from analytics.results import split_after_pause
from analytics.results.look_quality import UNEQUAL_REACH_P, WASHOUT, exclusion_item
from campaign.models import Campaign

LOW_REACH, VERY_LOW_REACH = 50, 20  # of 100 messages sent
MANY_EXCLUDED, VERY_MANY_EXCLUDED = 20, 50  # of 100
STALE_AFTER = timedelta(hours=3)
_EXPECTED_MULTIPLE = 3  # of SMALL_CELL: by chance alone so many hardly ever become fewer than SMALL_CELL
SILENT_AFTER = 24  # hours without enough messages that are an alarm where the usual number is not known
_BY_SEVERITY = ("unknown", "ok", "caution", "alarm")


def dashboard_quality(
    campaign: Campaign, quality: DataQualityStatus | None, look: Analysis | None, *, now: datetime
) -> tuple[QualityItem, ...]:
    """Return an item for each check of the hour and of the released `look`, and a warning if one is overdue."""
    running = campaign.state == Campaign.State.RUNNING
    if quality is None and look is None:
        is_fresh = campaign.launched_at is not None and now - campaign.launched_at < STALE_AFTER
        return (_overdue_check(None),) if running and not is_fresh else ()
    overdue = running and (quality is None or now - quality.felt_at > STALE_AFTER)
    return (
        *([_overdue_check(quality)] if overdue else []),
        split_after_pause.explain_pauses(
            _sample_ratio(quality, look), split_after_pause.arm_shares(campaign.arms.all())
        ),
        *([_flow(campaign, quality, now=now)] if running and quality is not None else []),
        _reach(quality, look),
        _exclusions(quality),
        *_washouts(campaign, now=now),
    )


def _overdue_check(quality: DataQualityStatus | None) -> QualityItem:
    return QualityItem(
        gettext("The data have not been checked recently"),
        "caution",
        gettext(
            "The background worker checks once an hour. What you see here may be out of date. Please "
            "ask whoever runs this site."
        )
        if quality
        else gettext(
            "The background worker checks once an hour. It has not checked this campaign yet. Please "
            "ask whoever runs this site whether it is running."
        ),
    )


def _sample_ratio(quality: DataQualityStatus | None, look: Analysis | None) -> QualityItem:
    """Return the worse status of the latest look and the hourly check."""
    statuses = [quality.split] if quality else []
    statuses += [look.sample_ratio] if look else []
    status = max(statuses, key=_BY_SEVERITY.index)
    details = {
        "ok": gettext("Each message is seen about as often as planned."),
        "caution": gettext(
            "The split is slightly off, or off by no more than one network could cause. It may be "
            "chance. Check again tomorrow."
        ),
        "alarm": gettext(
            "Something affects who sees which message. Comparisons are withheld. Pause the campaign "
            "and look for the cause."
        ),
        "unknown": gettext("Too few people so far to check the split."),
    }
    return QualityItem(str(Analysis.SampleRatio(status).label), _status(status), details[status])


def _flow(campaign: Campaign, quality: DataQualityStatus, *, now: datetime) -> QualityItem:
    hours = silent_hours(quality.enough_at, since=_shown_since(campaign), now=now)
    if quality.flow == DataQualityStatus.Flow.UNKNOWN and hours >= SILENT_AFTER and _is_expected(campaign, hours):
        return _silence(hours)
    usual = _heartbeat_sentence(hours) if quality.enough_at is not None else ""
    if quality.usual:
        sentence = gettext("The usual number is about %(usual)s a day.") % {"usual": wording.number(quality.usual)}
        usual = f"{sentence} {usual}".strip()
    details = {
        "ok": gettext("No sudden drop."),
        "caution": gettext("Check whether a partner has moved the message. It may also be a holiday."),
        "alarm": gettext("Is the message still on the partner’s page? Open the page to check."),
        "unknown": gettext("After a day or two, this page can tell when messages stop being shown."),
    }
    detail = f"{details[quality.flow]} {usual}".strip()
    return QualityItem(str(DataQualityStatus.Flow(quality.flow).label), _status(quality.flow), detail)


def silent_hours(enough_at: datetime | None, *, since: datetime, now: datetime) -> int:
    """Return the whole hours since enough messages had last been served, or since serving became possible."""
    last = max(enough_at, since) if enough_at is not None else since
    return max((now - last) // timedelta(hours=1), 0)


def _shown_since(campaign: Campaign) -> datetime:
    return max(campaign.changed_at, campaign.launched_at or campaign.changed_at)


def _is_expected(campaign: Campaign, hours: int) -> bool:
    """Whether so many hours should have brought enough messages, by what the partners expect if they said so."""
    per_day = sum(placement.expected_per_day for placement in campaign.placements.all())
    return not per_day or per_day * hours >= 24 * _EXPECTED_MULTIPLE * settings.SMALL_CELL


def _silence(hours: int) -> QualityItem:
    """Say for how long fewer than two small cells came: up to one before a look that told it, and up to one since."""
    label = ngettext(
        "Fewer than %(few)s messages for %(hours)s hour", "Fewer than %(few)s messages for %(hours)s hours", hours
    )
    return QualityItem(
        label % {"few": wording.number(2 * settings.SMALL_CELL), "hours": wording.number(hours)},
        "alarm",
        gettext(
            "The tag may have been removed, or there may be no visitors. Open the page where the "
            "message should be, and test the placement."
        ),
    )


def _heartbeat_sentence(hours: int) -> str:
    sentence = ngettext(
        "The last %(few)s messages came within the last hour.",
        "The last %(few)s messages came within the last %(hours)s hours.",
        hours + 1,
    )
    return sentence % {"few": wording.number(settings.SMALL_CELL), "hours": wording.number(hours + 1)}


def _reach(quality: DataQualityStatus | None, look: Analysis | None) -> QualityItem:
    reach = quality.reach if quality else None
    if reach is None:
        return QualityItem(
            gettext("Not known yet whether messages reach the screen"),
            "unknown",
            gettext(
                "This compares how many messages were sent in a week with how many were seen. There are not enough yet."
            ),
        )
    rate = gettext("Of 100 messages sent, %(seen)s were seen on a screen.") % {"seen": wording.number(reach)}
    if look is not None and look.reach_p is not None and look.reach_p < UNEQUAL_REACH_P:
        more = gettext("One message is seen less often than another. Find out what differs between them.")
        return QualityItem(gettext("Some messages reach the screen less often"), "caution", f"{rate} {more}")
    if reach < LOW_REACH:
        status: Status = "alarm" if reach < VERY_LOW_REACH else "caution"
        more = gettext("Many are placed where few people scroll, or fail to load.")
        return QualityItem(gettext("Many messages never reach the screen"), status, f"{rate} {more}")
    return QualityItem(gettext("Messages reach the screen"), "ok", rate)


def _exclusions(quality: DataQualityStatus | None) -> QualityItem:
    machines, crowds = (quality.machines or 0, quality.crowds or 0) if quality else (0, 0)
    total = machines + crowds
    if not total:
        return QualityItem(
            gettext("Almost every message is counted"),
            "ok",
            gettext("Automated visitors and networks over their daily limit see the message but are not counted."),
        )
    parts = [gettext("%(share)s went to automated visitors") % {"share": wording.number(machines)}] if machines else []
    if crowds:
        parts.append(
            gettext("%(share)s went to networks that had reached their daily limit") % {"share": wording.number(crowds)}
        )
    shares = gettext("Of 100 messages, %(parts)s. They are not counted.") % {"parts": ", ".join(parts)}
    if total < MANY_EXCLUDED:
        return QualityItem(gettext("Automated visitors and crowded networks are not counted"), "ok", shares)
    more = gettext("If many of your visitors share one network, say so in the placement’s settings.") if crowds else ""
    status: Status = "alarm" if total >= VERY_MANY_EXCLUDED else "caution"
    return QualityItem(gettext("Many messages are not counted"), status, f"{shares} {more}".strip())


def _washouts(campaign: Campaign, *, now: datetime) -> list[QualityItem]:
    """Say how much of the last week's messages fell into wash-outs, where a placement shows one arm at a time."""
    if campaign.unit != Campaign.Unit.PERIOD or campaign.is_use:
        return []
    yesterday = now.date() - timedelta(days=1)
    share = gate.exclusion_percentages_between(campaign, yesterday - timedelta(days=6), yesterday).get(WASHOUT)
    return [] if share is None else [exclusion_item(WASHOUT, share)]


def _status(status: str) -> Status:
    known: dict[str, Status] = {"ok": "ok", "caution": "caution", "alarm": "alarm"}
    return known.get(status, "unknown")
