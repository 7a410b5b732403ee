"""Pages of the placements: the list, one placement with its code to paste, and the tag check."""

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

from campaign.models import Placement, PlacementTest
from campaign.placements import changes, tag_check
from campaign.placements.forms import PlacementForm
from campaign.staff_site.access import placement_for, placements_for
from messages.roles import ADMINISTRATOR, MANAGER, STAFF_ROLES, current_user, has_role, require_role
from messages.stale_copies import StaleCopy


@dataclass(frozen=True, slots=True)
class PlacementRow:
    """One row of the list."""

    placement: Placement
    status: changes.PlacementStatus


@dataclass(frozen=True, slots=True)
class TagCheckStatus:
    """An open test: seconds since requests arrived, and the marked addresses to visit."""

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
    """List the placements that the user may see, by partner."""
    now = timezone.now()
    placements = placements_for(request.user).order_by("partner__name", "name")
    rows = [
        PlacementRow(placement, changes.placement_status(placement, now=now))
        for placement in placements.prefetch_related("campaigns", "fallback__renditions")
    ]
    context = {
        "partners": [(partner, list(group)) for partner, group in groupby(rows, key=lambda row: row.placement.partner)],
        "may_change": has_role(request.user, MANAGER),
        "works_here": has_role(request.user, *STAFF_ROLES),
    }
    return render(request, "campaign/placements/placements.html", context)


@require_safe
def placement_detail(request: HttpRequest, place: str) -> HttpResponse:
    """Show one placement: its status, the code to paste, and its settings."""
    placement = placement_for(request.user, place)
    context = {
        "placement": placement,
        "standing": changes.placement_status(placement, now=timezone.now()),
        "may_change": has_role(request.user, MANAGER),
        "may_assign": has_role(request.user, ADMINISTRATOR),
        "works_here": has_role(request.user, *STAFF_ROLES),
        **_snippets(request, placement),
    }
    return render(request, "campaign/placements/placement.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def placement_add(request: HttpRequest) -> HttpResponse:
    """Add a placement."""
    require_role(request.user, MANAGER)
    form = PlacementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        placement = changes.add_placement(
            form.save(commit=False), by=current_user(request), new_partner=form.cleaned_data["new_partner"]
        )
        flash.success(request, _("Added. Give the partner the line below, and test it together."))
        return redirect("placements:placement", placement.key)
    return _form_page(request, form, "", "")


@require_http_methods(["GET", "HEAD", "POST"])
def placement_change(request: HttpRequest, place: str) -> HttpResponse:
    """Change a placement."""
    placement = placement_for(request.user, place, write=True)
    name = placement.name
    form = PlacementForm(request.POST or None, instance=placement)
    if request.method == "POST" and form.is_valid():
        new_partner = form.cleaned_data["new_partner"]
        by, seen = current_user(request), form.seen_digest
        try:
            changed = changes.change_placement(placement, form.values(), seen=seen, by=by, new_partner=new_partner)
        except StaleCopy:
            form.refuse_stale_copy(placement_for(request.user, place, write=True))
        else:
            message = _("Saved. Visitors meet the change within seconds.") if changed else _("Nothing was changed.")
            flash.success(request, message)
            return redirect("placements:placement", form.cleaned_data["key"])
    theirs = placement_for(request.user, place, write=True) if form.has_conflict else None
    return _form_page(request, form, place, name, theirs)


@require_http_methods(["GET", "HEAD", "POST"])
def placement_test(request: HttpRequest, place: str) -> HttpResponse:
    """Start a tag check, show what arrived, or end it."""
    placement = placement_for(request.user, place)
    now = timezone.now()
    if request.method == "POST":
        if request.POST.get("do") == "end":
            tag_check.end_test(placement)
            return redirect("placements:placement", placement.key)
        tag_check.begin_test(placement, now=now)
        return redirect("placements:test", placement.key)
    running = tag_check.current_test(placement, now=now)
    context = {
        "placement": placement,
        "trial": running and _tag_check_status(request, placement, running, now),
        "standing": changes.placement_status(placement, now=now),
        "minutes": tag_check.TEST_MINUTES,
        "may_change": has_role(request.user, MANAGER),
        **_snippets(request, placement),
    }
    return render(request, "campaign/placements/tag_check.html", context)


def _form_page(
    request: HttpRequest, form: PlacementForm, key: str, name: str, theirs: Placement | None = None
) -> HttpResponse:
    context = {"form": form, "key": key, "name": name, "theirs": theirs, "works_here": True}
    return render(request, "campaign/placements/form.html", context)


def _snippets(request: HttpRequest, placement: Placement) -> dict[str, str]:
    return {
        "embed": request.build_absolute_uri(static("campaign/embed.js")),
        "decide": request.build_absolute_uri("/api/v1/decide"),
        "events": request.build_absolute_uri("/api/v1/events"),
        "hosted": request.build_absolute_uri(f"/m/{placement.key}/"),
    }


def _tag_check_status(request: HttpRequest, placement: Placement, test: PlacementTest, now: datetime) -> TagCheckStatus:
    mark = tag_check.sign_mark(test)
    return TagCheckStatus(
        test=test,
        minutes_left=max(1, round((test.until - now).total_seconds() / 60)),
        seconds_since_seen=_seconds(test.seen_at, now),
        seconds_since_failed=_seconds(test.failed_at, now),
        fragment=f"#{tag_check.FRAGMENT_PREFIX}{mark}",
        hosted_url=request.build_absolute_uri(f"/m/{placement.key}/?{urlencode({'preview': mark})}"),
        mark=mark,
        page_urls=tuple(f"{origin}/#{tag_check.FRAGMENT_PREFIX}{mark}" for origin in placement.allowed_origins),
    )


def _seconds(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else max(0, int((now - moment).total_seconds()))
