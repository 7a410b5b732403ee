"""Pages of the placements: the list, one placement with its code to paste, and the tag check."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from urllib.parse import urlencode

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaign.lifecycle import launch_queue
from campaign.models import Placement, PlacementTest
from campaign.placements import changes, tag_check
from campaign.placements.forms import PlacementForm
from campaign.placements.pinned_embed import pinned_embed
from campaign.placements.revealing_keys import revealing_parts
from campaign.staff_site import sent_once
from campaign.staff_site.access import campaign_for, placement_for, placements_for
from messages.accounts import step_up
from messages.accounts.step_up import confirmation_required_for_button
from messages.proposals import ProposalRefused, SavedFields, proposal_digest
from messages.roles import (
    ADMINISTRATOR,
    MANAGER,
    REVIEWER,
    STAFF_ROLES,
    current_user,
    has_role,
    require_role,
    role_required,
)
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
        "queue": launch_queue.queue_at(placement),
        "revealing": revealing_parts(placement.key),
        **_proposal(request, placement),
        **_snippets(request, placement),
    }
    return render(request, "campaign/placements/placement.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def placement_add(request: HttpRequest) -> HttpResponse:
    """Add a placement. ?campaign= is a draft whose plan asked for it, and to which one comes back."""
    require_role(request.user, MANAGER)
    form = PlacementForm(request.POST or None)
    draft = campaign_for(request.user, request.GET["campaign"], write=True) if request.GET.get("campaign") else None
    back = reverse("campaign:plan-step", args=[draft.slug, "places"]) if draft else ""
    once = sent_once.form_key(request)
    made = Placement.objects.filter(pk=sent_once.made_by(request, once) or 0).first()
    if request.method == "POST" and (made or form.is_valid()):
        placement = made or changes.add_placement(
            form.save(commit=False), by=current_user(request), new_partner=form.cleaned_data["new_partner"]
        )
        sent_once.remember(request, once, placement.pk)
        if back:
            flash.success(request, _("Added and ticked below. Its page has the line for the partner’s site."))
            return redirect(f"{back}?{urlencode({'new': placement.key})}")
        flash.success(request, _("Added. Give the partner the line below and test it together."))
        return redirect("placements:placement", placement.key)
    return _form_page(request, form, "", "", back=back, once=once)


@require_http_methods(["GET", "HEAD", "POST"])
def placement_change(request: HttpRequest, place: str) -> HttpResponse:
    """Change a placement."""
    placement = placement_for(request.user, place, write=True)
    name = placement.name
    form = PlacementForm(request.POST or None, instance=placement)
    if request.method == "POST" and form.is_valid() and _may_remove(request, form, place):
        new_partner = form.cleaned_data["new_partner"]
        by, seen = current_user(request), form.seen_digest
        try:
            saved = changes.change_placement(placement, form.values(), seen=seen, by=by, new_partner=new_partner)
        except StaleCopy:
            form.refuse_stale_copy(placement_for(request.user, place, write=True))
        except ProposalRefused as reason:
            form.add_error(None, str(reason))
        else:
            flash.success(request, _after_change(saved))
            return redirect("placements:placement", form.cleaned_data["key"])
    theirs = placement_for(request.user, place, write=True) if form.has_conflict else None
    return _form_page(request, form, place, name, theirs)


def _may_remove(request: HttpRequest, form: PlacementForm, place: str) -> bool:
    """Whether nothing that visitors meet is taken away, or the person just confirmed; if not, say so in the form."""
    stored = placement_for(request.user, place, write=True)
    if not changes.removed_fields(stored, form.values()) or step_up.is_recently_confirmed(request):
        return True
    form.add_error(None, step_up.confirmation_sentence())
    return False


@require_POST
@role_required(MANAGER, REVIEWER)
@confirmation_required_for_button("placements:placement", about_the_same=True)
def placement_confirm(request: HttpRequest, place: str) -> HttpResponse:
    """Put a colleague's change of an address into effect: the person opened it."""
    placement, seen = placement_for(request.user, place), request.POST.get("seen", "")
    done = _("Confirmed. Visitors see the change within seconds, and every result mentions it.")
    return _take_step(
        request, place, lambda: changes.confirm_proposal(placement, seen=seen, by=current_user(request)), done
    )


@require_POST
@role_required(MANAGER, REVIEWER)
def placement_withdraw(request: HttpRequest, place: str) -> HttpResponse:
    """Drop a change that waits for a colleague."""
    placement, done = placement_for(request.user, place), _("Withdrawn. Visitors see what was there before.")
    return _take_step(request, place, lambda: changes.withdraw_proposal(placement, by=current_user(request)), done)


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


def _take_step(request: HttpRequest, place: str, step: Callable[[], None], done: str) -> HttpResponse:
    try:
        step()
    except ProposalRefused as reason:
        flash.error(request, str(reason))
    else:
        flash.success(request, done)
    return redirect("placements:placement", place)


def _after_change(saved: SavedFields) -> str:
    if saved.proposed:
        return _("A colleague has to confirm this change. Until then, visitors see what was there before.")
    return _("Saved. Visitors see the change within seconds.") if saved.at_once else _("Nothing was changed.")


def _proposal(request: HttpRequest, placement: Placement) -> dict[str, object]:
    """What the page says of a change that waits."""
    labels = PlacementForm(instance=placement).fields
    return {
        "changes": [(labels[change.name].label, change) for change in changes.proposed_fields(placement)],
        "proposal": proposal_digest(placement),
        "is_own": placement.proposed_by_id == current_user(request).pk,
        "may_confirm": has_role(request.user, MANAGER, REVIEWER),
    }


def _form_page(
    request: HttpRequest,
    form: PlacementForm,
    key: str,
    name: str,
    theirs: Placement | None = None,
    *,
    back: str = "",
    once: str = "",
) -> HttpResponse:
    context = {"form": form, "key": key, "name": name, "theirs": theirs, "works_here": True, "back": back, "once": once}
    context["needs_colleague"] = form.instance.pk is not None and bool(changes.open_campaigns(form.instance))
    return render(request, "campaign/placements/form.html", context)


def _snippets(request: HttpRequest, placement: Placement) -> dict[str, str]:
    return {
        "embed": request.build_absolute_uri(static("campaign/embed.js")),
        "pinned": request.build_absolute_uri(static(f"campaign/{pinned_embed().name}")),
        "integrity": pinned_embed().integrity,
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
