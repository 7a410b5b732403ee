"""The pages of the placements: which there are, one of them with what to paste, and whether it works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from urllib.parse import urlencode

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from campaign.models import Partner, Placement, PlacementTest
from campaign.placements import changes, tag_check
from campaign.placements.forms import PlacementForm
from campaign.staff_site.access import placement_for, placements_for
from messages.roles import ADMINISTRATOR, MANAGER, STAFF_ROLES, current_user, has_role, require_role


@dataclass(frozen=True, slots=True)
class PlacementRow:
    """One placement as the list shows it."""

    placement: Placement
    status: changes.PlacementStatus


@dataclass(frozen=True, slots=True)
class TagCheckStatus:
    """A test that is open: what it has heard, in seconds from now, and the marked addresses to open."""

    test: PlacementTest
    minutes_left: int
    seconds_since_seen: int | None
    seconds_since_failed: int | None
    fragment: str
    hosted_url: str
    mark: str
    page_urls: tuple[str, ...]


@require_safe
def placement_list(request: HttpRequest) -> HttpResponse:
    """Every placement that this person may see, by partner."""
    now = timezone.now()
    found = placements_for(request.user).order_by("partner__name", "name")
    rows = [
        PlacementRow(placement, changes.placement_status(placement, now=now))
        for placement in found.prefetch_related("campaigns", "fallback__renditions")
    ]
    context = {
        "partners": [(partner, list(theirs)) for partner, theirs in groupby(rows, key=_partner)],
        "may_change": has_role(request.user, MANAGER),
        "works_here": has_role(request.user, *STAFF_ROLES),
    }
    return render(request, "campaign/placements/placements.html", context)


@require_safe
def placement_detail(request: HttpRequest, place: str) -> HttpResponse:
    """One placement: what stands there now, the line to paste, and what was agreed."""
    found = placement_for(request.user, place)
    context = {
        "placement": found,
        "standing": changes.placement_status(found, now=timezone.now()),
        "may_change": has_role(request.user, MANAGER),
        "may_assign": has_role(request.user, ADMINISTRATOR),
        "works_here": has_role(request.user, *STAFF_ROLES),
        **_snippets(request, found),
    }
    return render(request, "campaign/placements/placement.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def placement_add(request: HttpRequest) -> HttpResponse:
    """A new placement."""
    require_role(request.user, MANAGER)
    form = PlacementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = changes.add_placement(
            form.save(commit=False), by=current_user(request), new_partner=form.cleaned_data["new_partner"]
        )
        flash.success(request, _("Added. Give the partner the line below, and test it together."))
        return redirect("placements:placement", made.key)
    return _form(request, form, "", "")


@require_http_methods(["GET", "HEAD", "POST"])
def placement_change(request: HttpRequest, place: str) -> HttpResponse:
    """Mend what is told of a placement."""
    found = placement_for(request.user, place, write=True)
    name = found.name
    form = PlacementForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        new_partner = form.cleaned_data["new_partner"]
        changed = changes.change_placement(form.save(commit=False), by=current_user(request), new_partner=new_partner)
        said = _("Saved. Visitors meet the change within seconds.") if changed else _("Nothing was changed.")
        flash.success(request, said)
        return redirect("placements:placement", found.key)
    return _form(request, form, place, name)


@require_http_methods(["GET", "HEAD", "POST"])
def placement_test(request: HttpRequest, place: str) -> HttpResponse:
    """Try it out: begin, see what arrived, end."""
    found = placement_for(request.user, place)
    now = timezone.now()
    if request.method == "POST":
        if request.POST.get("do") == "end":
            tag_check.end_test(found)
            return redirect("placements:placement", found.key)
        tag_check.begin_test(found, now=now)
        return redirect("placements:test", found.key)
    running = tag_check.current_test(found, now=now)
    context = {
        "placement": found,
        "trial": running and _trial(request, found, running, now),
        "standing": changes.placement_status(found, now=now),
        "minutes": tag_check.TEST_MINUTES,
        "may_change": has_role(request.user, MANAGER),
        **_snippets(request, found),
    }
    return render(request, "campaign/placements/tag_check.html", context)


def _form(request: HttpRequest, form: PlacementForm, key: str, name: str) -> HttpResponse:
    context = {"form": form, "key": key, "name": name}
    return render(request, "campaign/placements/form.html", context)


def _snippets(request: HttpRequest, found: Placement) -> dict[str, str]:
    return {
        "embed": request.build_absolute_uri(static("campaign/embed.js")),
        "decide": request.build_absolute_uri("/api/v1/decide"),
        "events": request.build_absolute_uri("/api/v1/events"),
        "hosted": request.build_absolute_uri(f"/m/{found.key}/"),
    }


def _trial(request: HttpRequest, found: Placement, running: PlacementTest, now: datetime) -> TagCheckStatus:
    mark = tag_check.sign_mark(running)
    return TagCheckStatus(
        test=running,
        minutes_left=max(1, round((running.until - now).total_seconds() / 60)),
        seconds_since_seen=_seconds(running.seen_at, now),
        seconds_since_failed=_seconds(running.failed_at, now),
        fragment=f"#{tag_check.FRAGMENT_PREFIX}{mark}",
        hosted_url=request.build_absolute_uri(f"/m/{found.key}/?{urlencode({'preview': mark})}"),
        mark=mark,
        page_urls=tuple(f"{origin}/#{tag_check.FRAGMENT_PREFIX}{mark}" for origin in found.allowed_origins),
    )


def _seconds(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else max(0, int((now - moment).total_seconds()))


def _partner(row: PlacementRow) -> Partner:
    return row.placement.partner
