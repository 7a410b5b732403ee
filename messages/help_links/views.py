"""The pages of the help links: which there are, one of them, and what managers and reviewers do with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language_info, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messages.help_links import directory as help_links_directory
from messages.help_links.forms import HelpLinkForm
from messages.models import HelpLink
from messages.roles import MANAGER, REVIEWER, STAFF_ROLES, has_role, require_role
from messages.text import countries, lint

FOR_WHOM = {
    "shown": gettext_lazy("The person shown"),
    "stop": gettext_lazy("Who wants to stop"),
    "under18": gettext_lazy("Under 18"),
    "parent": gettext_lazy("Parents and carers"),
}
STATUS_FILTERS = {
    "due": gettext_lazy("To be checked"),
    "flagged": gettext_lazy("Something was found"),
    "retired": gettext_lazy("Retired"),
}
_REASON_LIMIT = 300


@dataclass(frozen=True, slots=True)
class HelpLinkRow:
    """One link as the pages show it."""

    link: HelpLink
    host: str
    country: str
    channels: tuple[str, ...]
    language: str
    unknown_facts: tuple[str, ...]
    due: bool
    check_valid_until: date | None
    flagged: bool


@require_safe
def directory(request: HttpRequest) -> HttpResponse:
    """All links by lane; ?for= ?country= ?channel= ?show= keep some of them."""
    require_role(request.user, *STAFF_ROLES)
    today = timezone.localdate()
    everything = [_row(link, today) for link in HelpLink.objects.order_by("name")]
    asked = {name: request.GET.get(name, "") for name in ("for", "country", "channel", "show")}
    rows = [row for row in everything if _fits(row, asked)]
    lanes = [(lane.label, [row for row in rows if row.link.lane == lane]) for lane in HelpLink.Lane]
    context = {
        "lanes": [(label, found) for label, found in lanes if found],
        "found": len(rows),
        "any": bool(everything),
        "asked": asked,
        "filtered": any(asked.values()),
        "for_whom": FOR_WHOM,
        "countries": _countries(everything),
        "channels": HelpLink.Channel.choices,
        "standing": STATUS_FILTERS,
        "waiting": help_links_directory.overdue_checks(today=today),
        "missing": help_links_directory.launch_blockers(today=today)
        if not any(r.link.retired_on is None for r in everything)
        else [],
        "stale_after": lint.STALE_AFTER_DAYS,
        "may_change": has_role(request.user, MANAGER),
    }
    return render(request, "messages/help_links/help_links.html", context)


@require_safe
def link(request: HttpRequest, link: str) -> HttpResponse:
    """One link: what is known, what is not, and what to look at before saying that it works."""
    require_role(request.user, *STAFF_ROLES)
    return _page(request, get_object_or_404(HelpLink, key=link))


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new link."""
    require_role(request.user, MANAGER)
    form = HelpLinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = help_links_directory.add(form.save(commit=False), by=_person(request))
        flash.success(request, _("Added. Now open it and see that it works: visitors see it already."))
        return redirect("help:link", made.key)
    return render(request, "messages/help_links/form.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, link: str) -> HttpResponse:
    """Mend what is told of a link."""
    require_role(request.user, MANAGER)
    found = get_object_or_404(HelpLink, key=link)
    name = found.name
    form = HelpLinkForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        changed = help_links_directory.change(form.save(commit=False), by=_person(request))
        if "url" in changed:
            flash.success(request, _("Saved. The address is new, so somebody has to open it and say that it works."))
        else:
            flash.success(request, _("Saved.") if changed else _("Nothing was changed."))
        return redirect("help:link", found.key)
    theirs = HelpLink.objects.get(pk=found.pk) if form.is_bound and form.has_conflict else None
    context = {"form": form, "link": found, "name": name, "theirs": theirs and _row(theirs, timezone.localdate())}
    return render(request, "messages/help_links/form.html", context)


@require_POST
def check(request: HttpRequest, link: str) -> HttpResponse:
    """ "I opened it today, and it works": on to the next that waits."""
    require_role(request.user, MANAGER, REVIEWER)
    found = get_object_or_404(HelpLink, key=link)
    found.url = request.POST.get("address", "")  # the one that was looked at
    try:
        help_links_directory.check(found, by=_person(request), today=timezone.localdate())
    except help_links_directory.HelpRefused as reason:
        flash.error(request, str(reason))
        return redirect("help:link", link)
    waiting = help_links_directory.overdue_checks(today=timezone.localdate())
    if not waiting:
        flash.success(request, _("Noted: you checked “%(name)s” today. All links are checked.") % {"name": found.name})
        return redirect("help:directory")
    more = ngettext("One more waits: this one.", "%(count)d more wait. This is the next.", len(waiting))
    noted = _("Noted: you checked “%(name)s” today.") % {"name": found.name}
    flash.success(request, f"{noted} {more % {'count': len(waiting)} if len(waiting) > 1 else more}")
    return redirect("help:link", waiting[0].link.key)


@require_POST
def retire(request: HttpRequest, link: str) -> HttpResponse:
    """Show it to nobody any more."""
    require_role(request.user, MANAGER)
    found = get_object_or_404(HelpLink, key=link)
    reason = request.POST.get("reason", "").replace("\0", "").strip()
    if not reason or len(reason) > _REASON_LIMIT:
        return _page(request, found, reason=reason[:_REASON_LIMIT], reason_missing=True)
    return _step(
        request,
        found,
        lambda: help_links_directory.retire(found, by=_person(request), today=timezone.localdate(), reason=reason),
    )


@require_POST
def restore(request: HttpRequest, link: str) -> HttpResponse:
    """Show it again."""
    require_role(request.user, MANAGER)
    found = get_object_or_404(HelpLink, key=link)
    return _step(request, found, lambda: help_links_directory.restore(found, by=_person(request)))


def _page(request: HttpRequest, found: HelpLink, **more: object) -> HttpResponse:
    today = timezone.localdate()
    context = {
        "row": _row(found, today),
        "stale_after": lint.STALE_AFTER_DAYS,
        "may_change": has_role(request.user, MANAGER),
        "may_check": has_role(request.user, MANAGER, REVIEWER),
        "reason_limit": _REASON_LIMIT,
    }
    return render(request, "messages/help_links/help_link.html", context | more)


def _step(request: HttpRequest, found: HelpLink, take: Callable[[], None]) -> HttpResponse:
    try:
        take()
    except help_links_directory.HelpRefused as reason:
        flash.error(request, str(reason))
    return redirect("help:link", found.key)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _row(link: HelpLink, today: date) -> HelpLinkRow:
    known = dict(HelpLink.Channel.choices)
    return HelpLinkRow(
        link=link,
        host=urlsplit(link.url).hostname or link.url,
        country=_("Everywhere") if link.country == countries.EVERYWHERE else countries.name_of(link.country),
        language=_language(link.language),
        channels=tuple(str(known.get(channel, channel)) for channel in link.channels),
        unknown_facts=tuple(name for name, known in _asked_for(link) if not known),
        due=link.retired_on is None and not lint.is_check_fresh(link.verified_on, today=today),
        check_valid_until=help_links_directory.fresh_until(link),
        flagged=link.probe not in ("", HelpLink.Probe.ANSWERS),
    )


def _fits(row: HelpLinkRow, asked: Mapping[str, str]) -> bool:
    """A country's list holds what serves everywhere, an age's what serves anyone."""
    link = row.link
    whom = {
        "shown": link.lane == HelpLink.Lane.AFFECTED,
        "stop": link.lane == HelpLink.Lane.SELF,
        "under18": link.audience in (HelpLink.Audience.UNDER18, HelpLink.Audience.ANYONE),
        "parent": link.audience in (HelpLink.Audience.PARENT, HelpLink.Audience.ANYONE),
    }
    standing = {
        "": link.retired_on is None,
        "due": row.due,
        "flagged": row.flagged and link.retired_on is None,
        "retired": link.retired_on is not None,
    }
    return (
        whom.get(asked["for"], True)
        and (not asked["country"] or link.country in (asked["country"], countries.EVERYWHERE))
        and (not asked["channel"] or asked["channel"] in link.channels)
        and standing.get(asked["show"], link.retired_on is None)
    )


def _asked_for(link: HelpLink) -> list[tuple[str, str]]:
    """Facts that a visitor would ask for, and what is known of each."""
    return [(_("hours"), link.hours), (_("cost"), link.cost), (_("language"), link.language)]


def _language(code: str) -> str:
    """Its name, in the language of whoever reads."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def _countries(rows: list[HelpLinkRow]) -> list[tuple[str, str]]:
    """Those that a link is for, by name."""
    return sorted({(r.link.country, r.country) for r in rows if r.link.country != countries.EVERYWHERE}, key=_by_name)


def _by_name(pair: tuple[str, str]) -> str:
    return countries.sort_key(pair[1])
