"""The watch page: how a running campaign is, without reloading, and asking to look before the plan's first look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
from analytics.watch import daily_chart, dashboard
from analytics.watch.dashboard import Dashboard
from campaign.models import Campaign
from campaign.staff_site.access import campaign_for
from messages.roles import ANALYST, current_user, require_role

MAX_FORECAST_DAYS = 365  # days: beyond that a number would only pretend


@dataclass(frozen=True, slots=True)
class DayCell:
    """One arm on one day of the table; None where it is told with a later day."""

    people: str | None
    days_covered: int


@require_safe
def dashboard_page(request: HttpRequest, slug: str) -> HttpResponse:
    """How a campaign is; the page then looks again by itself."""
    return render(request, "analytics/watch/watch.html", _context(request, campaign_for(request.user, slug)))


@require_safe
def dashboard_fragment(request: HttpRequest, slug: str) -> HttpResponse:
    """The part of the page that changes."""
    return render(request, "analytics/watch/now.html", _context(request, campaign_for(request.user, slug)))


@require_POST
def request_early_look(request: HttpRequest, slug: str) -> HttpResponse:
    """An analyst asks for a look before the plan's first, and says why."""
    require_role(request.user, ANALYST)
    campaign = campaign_for(request.user, slug)
    reason = request.POST.get("reason", "")
    try:
        embargo_request.create_request(campaign, by=current_user(request), reason=reason, now=timezone.now())
    except embargo_request.EarlyLookRefused as refused:
        context = _context(request, campaign) | {"reason": reason, "reason_error": str(refused)}
        return render(request, "analytics/watch/watch.html", context)
    flash.success(request, _("Asked. The worker makes the look within a minute, and your reason stands on the record."))
    return redirect("analytics:watch", slug)


def _context(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    now = timezone.now()
    seen = dashboard.build_dashboard(campaign, now=now)
    return {
        "campaign": campaign,
        "watch": seen,
        "now": now,
        "standing": _standing(seen),
        "sentence": _sentence(seen),
        "so_far": _so_far(seen),
        "days": _table(seen.arms),
        "charts": {drawing: daily_chart.daily_chart(seen.arms, layout_name=drawing) for drawing in daily_chart.DAYS},
        "mixed": any(bar.is_average for arm in seen.arms for bar in daily_chart.day_bars(arm)),
        "live": campaign.state in (*Campaign.LIVE, Campaign.State.PAUSED) or seen.pending_early_look is not None,
        "may_look": may_look_early(request.user),
        "may_ask": may_look_early(request.user)
        and seen.embargoed
        and campaign.state in embargo_request.STATES_WITH_COUNTS,
        "reason_limit": embargo_request.MAX_REASON_LENGTH,
    }


def _standing(seen: Dashboard) -> str:
    """How everything together stands: its worst light."""
    if seen.alarms:
        return "alarm"
    if seen.completion_notices:
        return "done"
    if seen.guardrail_pauses and seen.campaign.state != Campaign.State.CLOSED:
        return "alarm"
    return "caution" if seen.cautions else "ok" if seen.quality else "unknown"


def _sentence(seen: Dashboard) -> str:
    """The one sentence that a tired person needs."""
    state = seen.campaign.state
    if seen.campaign.launched_at is None:
        return _("It is not launched yet, so there is nothing to watch.")
    if state == Campaign.State.SCHEDULED:
        return _("It is launched and has not begun yet.")
    if seen.alarms:
        return _("Something is wrong: %(what)s.") % {"what": seen.alarms[0].label}
    if seen.completion_notices:
        return _("Done: %(what)s. You can read the results.") % {
            "what": seen.completion_notices[-1].notice.get_kind_display()
        }
    if state == Campaign.State.CLOSED:
        return _("It is closed. The last views are being counted.")
    if seen.guardrail_pauses:
        return _("A guardrail was crossed. Please read below what was seen, and decide how to go on.")
    if state == Campaign.State.PAUSED:
        return _("It is paused: no message is shown, and nobody is counted.")
    if seen.cautions:
        return _("It runs. One thing to look at: %(what)s.") % {"what": seen.cautions[0].label}
    return _("All is well. There is nothing you need to do.")


def _so_far(seen: Dashboard) -> str:
    """How far it is, and how long it will take at this pace."""
    if not seen.planned_people or seen.campaign.launched_at is None:
        return ""
    told = _("%(people)s people are counted; %(planned)s are planned.") % {
        "people": wording.number(seen.people) if seen.people is not None else _("Only a few"),
        "planned": wording.number(seen.planned_people),
    }
    if seen.campaign.state != Campaign.State.RUNNING or seen.days_left == 0:
        return told
    if seen.days_left is None:
        left = _("After a few days the page can say how long it will take.")
        return f"{told} {left}"
    if seen.days_left > MAX_FORECAST_DAYS:
        left = _("At the pace of the last days, that takes more than a year.")
        return f"{told} {left}"
    left = ngettext(
        "At the pace of the last days, about %(days)s day is left.",
        "At the pace of the last days, about %(days)s days are left.",
        seen.days_left,
    )
    return f"{told} {left % {'days': wording.number(seen.days_left)}}"


def _table(arms: tuple[ArmDailyTotals, ...]) -> list[tuple[date, list[DayCell]]]:
    """The days as rows, the newest first, a cell for each arm."""
    days = sorted({end.day for arm in arms for end in arm.days}, reverse=True)
    return [(day, [_cell(arm, day) for arm in arms]) for day in days]


def _cell(arm: ArmDailyTotals, day: date) -> DayCell:
    ends = list(arm.days)
    at = next((n for n, end in enumerate(ends) if end.day == day), None)
    if at is None:
        return DayCell(None, 0)
    before = ends[at - 1] if at else None
    together = (day - before.day).days if before else 1
    return DayCell(wording.number(ends[at].people - (before.people if before else 0)), together)
