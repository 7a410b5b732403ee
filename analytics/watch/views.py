"""The watch page, which refreshes itself, and the request for a look before the first planned one."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from analytics import wording
from analytics.disclosure.gate import ArmDailyTotals
from analytics.embargo import request as embargo_request
from analytics.embargo.access import may_look_early
from analytics.watch import daily_chart, dashboard, use_months
from analytics.watch.dashboard import Dashboard
from analytics.watch.use_months import UseSummary
from campaign.lifecycle.placement_sharing import describe_sharing
from campaign.models import Campaign
from campaign.staff_site.access import campaign_for
from messages.i18n.quoted_names import join_quoted
from messages.roles import ANALYST, current_user, require_role

MAX_FORECAST_DAYS = 365  # beyond that, a number would be false precision


@dataclass(frozen=True, slots=True)
class DayCell:
    """How many saw one arm on one day; None if the day is released with a later one."""

    people: str | None
    days_covered: int


@require_safe
def dashboard_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the watch page."""
    return render(request, "analytics/watch/watch.html", _context(request, campaign_for(request.user, slug)))


@require_safe
def dashboard_fragment(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the part of the watch page that its script refreshes."""
    return render(request, "analytics/watch/status.html", _context(request, campaign_for(request.user, slug)))


@require_POST
def request_early_look(request: HttpRequest, slug: str) -> HttpResponse:
    """Record an analyst's request for a look before the first planned one."""
    require_role(request.user, ANALYST)
    campaign = campaign_for(request.user, slug)
    reason = request.POST.get("reason", "")
    try:
        embargo_request.create_request(campaign, by=current_user(request), reason=reason, now=timezone.now())
    except embargo_request.EarlyLookRefused as refused:
        context = _context(request, campaign) | {"reason": reason, "reason_error": str(refused)}
        return render(request, "analytics/watch/watch.html", context)
    flash.success(request, _("Your early look takes about a minute. Your reason is on record."))
    return redirect("analytics:watch", slug)


def _context(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    now = timezone.now()
    data = dashboard.build_dashboard(campaign, now=now)
    use = use_months.summarize_use(campaign)
    return {
        "campaign": campaign,
        "watch": data,
        "now": now,
        "standing": _overall_status(data, use),
        "sentence": _sentence(data, use),
        "so_far": _progress(data),
        "sharing": describe_sharing(campaign),
        "use": use,
        "days": _day_rows(data.arms),
        "charts": {drawing: daily_chart.daily_chart(data.arms, layout_name=drawing) for drawing in daily_chart.DAYS},
        "mixed": any(bar.is_average for arm in data.arms for bar in daily_chart.day_bars(arm)),
        "live": campaign.state in (*Campaign.LIVE, Campaign.State.PAUSED) or data.pending_early_look is not None,
        "may_look": may_look_early(request.user),
        "may_ask": may_look_early(request.user)
        and data.embargoed
        and campaign.state in embargo_request.STATES_WITH_COUNTS,
        "reason_limit": embargo_request.MAX_REASON_LENGTH,
    }


def _overall_status(data: Dashboard, use: UseSummary | None) -> str:
    """Return the worst status."""
    if data.change or data.alarms:
        return "alarm"
    if data.completion_notices:
        return "done"
    if data.guardrail_pauses and data.campaign.state != Campaign.State.CLOSED:
        return "alarm"
    if data.cautions or (use and use.fades) or data.stopped_arms or data.undelivered or data.unheard:
        return "caution"
    return "unknown" if data.unknown or not data.quality else "ok"


def _sentence(data: Dashboard, use: UseSummary | None) -> str:
    """Summarize the state of the campaign in one sentence."""
    state = data.campaign.state
    if data.change:
        return data.change
    if data.campaign.launched_at is None:
        return _("The campaign has not been launched, so there is nothing to watch yet.")
    if state == Campaign.State.SCHEDULED:
        return _("The campaign is launched but has not started yet.")
    if data.alarms:
        return _("Something is wrong: %(what)s.") % {"what": data.alarms[0].label}
    if data.completion_notices:
        values = {"what": data.completion_notices[-1].notice.get_kind_display()}
        sentence = _("Complete: %(what)s. You can read the results.") % values
        if not data.stopped_arms:
            return sentence
        stopped = _("“%(arm)s” was stopped. Please decide what to do next.") % {"arm": join_quoted(data.stopped_arms)}
        return f"{sentence} {stopped}"
    if state == Campaign.State.CLOSED:
        return _("The campaign is closed. The last views are being counted.")
    if data.guardrail_pauses:
        return _("A guardrail was crossed. Please read below what happened and decide what to do next.")
    if state == Campaign.State.PAUSED:
        return _("The campaign is paused. No message is shown and nobody is counted.")
    if data.cautions:
        return _("The campaign is running. One thing to check: %(what)s.") % {"what": data.cautions[0].label}
    if data.stopped_arms:
        sentence = _("The campaign is running without “%(arm)s”, which was stopped. Please decide what to do next.")
        return sentence % {"arm": join_quoted(data.stopped_arms)}
    if data.undelivered:
        return _("The campaign is running. A notice could not be delivered. Read below who has not been told.")
    if data.unheard:
        return _("The campaign is running, but nobody would be alerted to harm.")
    if use is not None:
        return _("The message is in use.") + " " + use.sentence
    if not data.quality:
        return _("The campaign is running. It is too early to say whether all is well.")
    if data.unknown:
        sentence = _("The campaign is running. It is too early to say that all is well: %(what)s.")
        return sentence % {"what": data.unknown[0].label}
    return _("All is well. There is nothing you need to do.")


def _progress(data: Dashboard) -> str:
    """Describe how many people are counted, and how long the rest will take."""
    if not data.planned_people or data.campaign.launched_at is None or data.campaign.is_use:
        return ""
    counted = _("%(people)s people have been counted; %(planned)s were planned.") % {
        "people": wording.number(data.people) if data.people is not None else _("Only a few"),
        "planned": wording.number(data.planned_people),
    }
    if data.campaign.state != Campaign.State.RUNNING or data.days_left == 0:
        return counted
    if data.plan is not None and data.plan.period and data.days_left is not None:
        left = ngettext(
            "The last planned period ends in %(days)s day.",
            "The last planned period ends in %(days)s days.",
            data.days_left,
        )
        return f"{counted} {left % {'days': wording.number(data.days_left)}}"
    if data.days_left is None:
        left = _("After a few days, this page can estimate how long the campaign will take.")
        return f"{counted} {left}"
    if data.days_left > MAX_FORECAST_DAYS:
        left = _("At the pace of the last days, that takes more than a year.")
        return f"{counted} {left}"
    left = ngettext(
        "At the pace of the last days, about %(days)s day is left.",
        "At the pace of the last days, about %(days)s days are left.",
        data.days_left,
    )
    return f"{counted} {left % {'days': wording.number(data.days_left)}}"


def _day_rows(arms: tuple[ArmDailyTotals, ...]) -> list[tuple[date, list[DayCell]]]:
    """Return the days as table rows, the latest first, with a cell for each arm."""
    days = sorted({total.day for arm in arms for total in arm.days}, reverse=True)
    return [(day, [_day_cell(arm, day) for arm in arms]) for day in days]


def _day_cell(arm: ArmDailyTotals, day: date) -> DayCell:
    previous_day, previous_people = day - timedelta(days=1), 0
    for total in arm.days:
        if total.day == day:
            return DayCell(wording.number(total.people - previous_people), (day - previous_day).days)
        previous_day, previous_people = total.day, total.people
    return DayCell(None, 0)
