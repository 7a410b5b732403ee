"""Show the data quality of a campaign on its watch page: sample ratio, flow, reach and exclusions."""

from datetime import datetime, timedelta

from django.utils.translation import gettext

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
        *([_flow(quality)] if running and quality is not None else []),
        _reach(quality, look),
        _exclusions(quality),
        *_washouts(campaign, now=now),
    )


def _overdue_check(quality: DataQualityStatus | None) -> QualityItem:
    return QualityItem(
        gettext("The worker has not looked lately"),
        "caution",
        gettext("It looks once an hour. What stands here may be old: please ask whoever runs this site.")
        if quality
        else gettext("It looks once an hour, and has not looked at this campaign yet. Is it running?"),
    )


def _sample_ratio(quality: DataQualityStatus | None, look: Analysis | None) -> QualityItem:
    """Return the worse status of the latest look and the hourly check."""
    statuses = [quality.split] if quality else []
    statuses += [look.sample_ratio] if look else []
    status = max(statuses, key=_BY_SEVERITY.index)
    details = {
        "ok": gettext("Each message is seen about as often as its share asks."),
        "caution": gettext(
            "The shares are a little off, or so far off as one network alone could have made them. That may be "
            "chance; look again tomorrow."
        ),
        "alarm": gettext(
            "The shares are far off: something changes who sees which message. Comparisons are withheld. Pause the "
            "campaign and look for the cause."
        ),
        "unknown": gettext("Too few people so far to check the shares."),
    }
    return QualityItem(str(Analysis.SampleRatio(status).label), _status(status), details[status])


def _flow(quality: DataQualityStatus) -> QualityItem:
    usual = ""
    if quality.usual:
        usual = gettext("About %(usual)s a day are usual.") % {"usual": wording.number(quality.usual)}
    details = {
        "ok": gettext("Nothing is silent."),
        "caution": gettext("Has a partner moved the message, or is it a holiday?"),
        "alarm": gettext("Does the message still stand on the partner’s page? Open the page and see."),
        "unknown": gettext("After a day or two the page can tell when it falls silent."),
    }
    detail = f"{details[quality.flow]} {usual}".strip()
    return QualityItem(str(DataQualityStatus.Flow(quality.flow).label), _status(quality.flow), detail)


def _reach(quality: DataQualityStatus | None, look: Analysis | None) -> QualityItem:
    reach = quality.reach if quality else None
    if reach is None:
        return QualityItem(
            gettext("Not known yet whether messages reach the screen"),
            "unknown",
            gettext("A week’s messages are compared with how many of them were seen, once there are enough."),
        )
    rate = gettext("Of 100 messages sent, %(seen)s were seen on a screen.") % {"seen": wording.number(reach)}
    if look is not None and look.reach_p is not None and look.reach_p < UNEQUAL_REACH_P:
        more = gettext("One message reaches it less often than another: look for what differs between them.")
        return QualityItem(gettext("Messages reach the screen unequally"), "caution", f"{rate} {more}")
    if reach < LOW_REACH:
        status: Status = "alarm" if reach < VERY_LOW_REACH else "caution"
        more = gettext("Many stand where nobody scrolls, or fail to load.")
        return QualityItem(gettext("Many messages never reach the screen"), status, f"{rate} {more}")
    return QualityItem(gettext("Messages reach the screen"), "ok", rate)


def _exclusions(quality: DataQualityStatus | None) -> QualityItem:
    machines, crowds = (quality.machines or 0, quality.crowds or 0) if quality else (0, 0)
    total = machines + crowds
    if not total:
        return QualityItem(
            gettext("Hardly anything is left out"), "ok", gettext("Machines and crowds are shown it and not counted.")
        )
    parts = [gettext("%(share)s went to machines") % {"share": wording.number(machines)}] if machines else []
    if crowds:
        parts.append(
            gettext("%(share)s to networks that had their share of the day") % {"share": wording.number(crowds)}
        )
    shares = gettext("Of 100 messages, %(parts)s. They are not counted.") % {"parts": ", ".join(parts)}
    if total < MANY_EXCLUDED:
        return QualityItem(gettext("Machines and crowds are left out"), "ok", shares)
    more = gettext("If many visitors come through one network, say so at the placement.") if crowds else ""
    status: Status = "alarm" if total >= VERY_MANY_EXCLUDED else "caution"
    return QualityItem(gettext("Much is left out as machines or crowds"), status, f"{shares} {more}".strip())


def _washouts(campaign: Campaign, *, now: datetime) -> list[QualityItem]:
    """Say how much of the last week's messages fell into wash-outs, where a placement shows one arm at a time."""
    if campaign.unit != Campaign.Unit.PERIOD:
        return []
    yesterday = now.date() - timedelta(days=1)
    share = gate.exclusion_percentages_between(campaign, yesterday - timedelta(days=6), yesterday).get(WASHOUT)
    return [] if share is None else [exclusion_item(WASHOUT, share)]


def _status(status: str) -> Status:
    known: dict[str, Status] = {"ok": "ok", "caution": "caution", "alarm": "alarm"}
    return known.get(status, "unknown")
