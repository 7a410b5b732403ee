"""The pages of the placements: which there are, one of them with what to paste, and whether it works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from urllib.parse import urlencode

from django.contrib import messages as flash
from django.contrib.auth.models import User
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
from messages.roles import ADMINISTRATOR, MANAGER, ROLES, has_role, require_role


@dataclass(frozen=True, slots=True)
class Row:
    """One placement as the list shows it."""

    placement: Placement
    standing: changes.Standing


@dataclass(frozen=True, slots=True)
class Trial:
    """A test that is open: what it has heard, in seconds from now, and the marked addresses to open."""

    test: PlacementTest
    left: int
    seen: int | None
    failed: int | None
    fragment: str
    hosted: str
    mark: str
    pages: tuple[str, ...]


@require_safe
def directory(request: HttpRequest) -> HttpResponse:
    """Every placement that this person may see, by partner."""
    now = timezone.now()
    found = placements_for(request.user).order_by("partner__name", "name")
    rows = [
        Row(placement, changes.standing(placement, now=now))
        for placement in found.prefetch_related("campaigns", "fallback__renditions")
    ]
    context = {
        "partners": [(partner, list(theirs)) for partner, theirs in groupby(rows, key=_partner)],
        "may_change": has_role(request.user, MANAGER),
        "works_here": has_role(request.user, *ROLES),
    }
    return render(request, "campaign/placements/placements.html", context)


@require_safe
def placement(request: HttpRequest, place: str) -> HttpResponse:
    """One placement: what stands there now, the line to paste, and what was agreed."""
    found = placement_for(request.user, place)
    context = {
        "placement": found,
        "standing": changes.standing(found, now=timezone.now()),
        "may_change": has_role(request.user, MANAGER),
        "may_assign": has_role(request.user, ADMINISTRATOR),
        "works_here": has_role(request.user, *ROLES),
        **_snippets(request, found),
    }
    return render(request, "campaign/placements/placement.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new placement."""
    require_role(request.user, MANAGER)
    form = PlacementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = changes.add(form.save(commit=False), by=_person(request), new_partner=form.cleaned_data["new_partner"])
        flash.success(request, _("Added. Give the partner the line below, and test it together."))
        return redirect("placements:placement", made.key)
    return _form(request, form, "", "")


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, place: str) -> HttpResponse:
    """Mend what is told of a placement."""
    found = placement_for(request.user, place, write=True)
    name = found.name
    form = PlacementForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        new_partner = form.cleaned_data["new_partner"]
        changed = changes.change(form.save(commit=False), by=_person(request), new_partner=new_partner)
        said = _("Saved. Visitors meet the change within seconds.") if changed else _("Nothing was changed.")
        flash.success(request, said)
        return redirect("placements:placement", found.key)
    return _form(request, form, place, name)


@require_http_methods(["GET", "HEAD", "POST"])
def test(request: HttpRequest, place: str) -> HttpResponse:
    """Try it out: begin, see what arrived, end."""
    found = placement_for(request.user, place)
    now = timezone.now()
    if request.method == "POST":
        if request.POST.get("do") == "end":
            tag_check.end(found)
            return redirect("placements:placement", found.key)
        tag_check.begin(found, now=now)
        return redirect("placements:test", found.key)
    running = tag_check.open_test(found, now=now)
    context = {
        "placement": found,
        "trial": running and _trial(request, found, running, now),
        "standing": changes.standing(found, now=now),
        "minutes": tag_check.MINUTES,
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


def _trial(request: HttpRequest, found: Placement, running: PlacementTest, now: datetime) -> Trial:
    mark = tag_check.marked(running)
    return Trial(
        test=running,
        left=max(1, round((running.until - now).total_seconds() / 60)),
        seen=_seconds(running.seen_at, now),
        failed=_seconds(running.failed_at, now),
        fragment=f"#{tag_check.FRAGMENT}{mark}",
        hosted=request.build_absolute_uri(f"/m/{found.key}/?{urlencode({'preview': mark})}"),
        mark=mark,
        pages=tuple(f"{origin}/#{tag_check.FRAGMENT}{mark}" for origin in found.allowed_origins),
    )


def _seconds(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else max(0, int((now - moment).total_seconds()))


def _partner(row: Row) -> Partner:
    return row.placement.partner


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
