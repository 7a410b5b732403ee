"""Staff pages of the directory of help links."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language_info, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messages.accounts import step_up
from messages.accounts.step_up import confirmation_required_for_button
from messages.help_links import directory as link_directory
from messages.help_links import freshness
from messages.help_links.forms import HelpLinkForm
from messages.help_links.running_campaigns import are_links_settled
from messages.i18n import countries
from messages.models import HelpLink
from messages.proposals import ProposalRefused, SavedFields, proposal_digest
from messages.roles import MANAGER, REVIEWER, STAFF_ROLES, current_user, has_role, require_role, role_required
from messages.stale_copies import StaleCopy

AUDIENCE_FILTERS = {
    "shown": gettext_lazy("The person shown"),
    "stop": gettext_lazy("The person who wants to stop"),
    "under18": gettext_lazy("Under 18"),
    "parent": gettext_lazy("Parents and carers"),
}
STATUS_FILTERS = {
    "due": gettext_lazy("To be checked"),
    "flagged": gettext_lazy("Last automatic check failed"),
    "retired": gettext_lazy("Retired"),
}
_MAX_REASON_LENGTH = 300
FITS, DIFFERS, GONE = "fits", "differs", "gone"
FINDINGS = {
    FITS: gettext_lazy("It opens, it is this service, and what visitors read about it is true"),
    DIFFERS: gettext_lazy("It opens, but something that visitors read about it is not true"),
    GONE: gettext_lazy("It does not open, or it is something else"),
}


@dataclass(frozen=True, slots=True)
class HelpLinkRow:
    """One link as a page shows it."""

    link: HelpLink
    host: str
    country: str
    channels: tuple[str, ...]
    language: str
    unknown_facts: tuple[str, ...]
    due: bool
    check_valid_until: date | None
    flagged: bool


@dataclass(frozen=True, slots=True)
class ProposedFact:
    """One field of a change that waits: what visitors meet now, and what they would meet."""

    label: str
    before: str
    after: str


@require_safe
def directory(request: HttpRequest) -> HttpResponse:
    """List the links by lane; ?for= ?country= ?channel= ?show= filter them."""
    require_role(request.user, *STAFF_ROLES)
    today = timezone.localdate()
    all_rows = [_row(link, today) for link in HelpLink.objects.order_by("name")]
    filters = {name: request.GET.get(name, "") for name in ("for", "country", "channel", "show")}
    rows = [row for row in all_rows if _matches(row, filters)]
    lanes = [(lane.label, [row for row in rows if row.link.lane == lane]) for lane in HelpLink.Lane]
    context = {
        "lanes": [(label, lane_rows) for label, lane_rows in lanes if lane_rows],
        "found": len(rows),
        "any": bool(all_rows),
        "asked": filters,
        "filtered": any(filters.values()),
        "for_whom": AUDIENCE_FILTERS,
        "countries": _countries(all_rows),
        "channels": HelpLink.Channel.choices,
        "standing": STATUS_FILTERS,
        "waiting": link_directory.overdue_checks(today=today),
        "missing": link_directory.launch_blockers(today=today)
        if not any(row.link.retired_on is None for row in all_rows)
        else [],
        "stale_after": freshness.STALE_AFTER_DAYS,
        "may_change": has_role(request.user, MANAGER),
    }
    return render(request, "messages/help_links/help_links.html", context)


@require_safe
def link(request: HttpRequest, link: str) -> HttpResponse:
    """Show one link, and what to look at before confirming that it works."""
    require_role(request.user, *STAFF_ROLES)
    return _page(request, get_object_or_404(HelpLink, key=link))


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Add a link."""
    require_role(request.user, MANAGER)
    form = HelpLinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        added = link_directory.add(form.save(commit=False), by=current_user(request))
        flash.success(request, _("Added. Visitors see it once a colleague has opened it and confirmed that it works."))
        return redirect("help:link", added.key)
    return render(request, "messages/help_links/form.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, link: str) -> HttpResponse:
    """Change a link."""
    require_role(request.user, MANAGER)
    help_link = get_object_or_404(HelpLink, key=link)
    name = help_link.name  # validating the form overwrites it
    form = HelpLinkForm(request.POST or None, instance=help_link)
    if request.method == "POST" and form.is_valid() and _may_remove(request, form, help_link):
        try:
            saved = link_directory.change(help_link, form.values(), seen=form.seen_digest, by=current_user(request))
        except StaleCopy:
            form.refuse_stale_copy(HelpLink.objects.get(pk=help_link.pk))
        except ProposalRefused as reason:
            form.add_error(None, str(reason))
        else:
            flash.success(request, _after_change(saved))
            return redirect("help:link", help_link.key)
    theirs = HelpLink.objects.get(pk=help_link.pk) if form.has_conflict else None
    context = {
        "form": form,
        "link": help_link,
        "name": name,
        "theirs": theirs and _row(theirs, timezone.localdate()),
        "needs_colleague": link_directory.is_shown(help_link) and are_links_settled(),
    }
    return render(request, "messages/help_links/form.html", context)


def _may_remove(request: HttpRequest, form: HelpLinkForm, help_link: HelpLink) -> bool:
    """Whether nothing that visitors read is taken away, or the person just confirmed; if not, say so in the form."""
    stored = HelpLink.objects.get(pk=help_link.pk)
    if not link_directory.removed_fields(link=stored, values=form.values()) or step_up.is_recently_confirmed(request):
        return True
    form.add_error(None, step_up.confirmation_sentence())
    return False


@require_POST
def check(request: HttpRequest, link: str) -> HttpResponse:
    """Record that the person opened the link and it works; continue with the next overdue link."""
    require_role(request.user, MANAGER, REVIEWER)
    help_link = get_object_or_404(HelpLink, key=link)
    if not link_directory.is_shown(help_link) and are_links_settled():
        return _check_new(request, link=link)
    return _check(request, link=link)


def _check(request: HttpRequest, *, link: str) -> HttpResponse:
    help_link = get_object_or_404(HelpLink, key=link)
    seen, by, today = request.POST.get("seen", ""), current_user(request), timezone.localdate()
    found = request.POST.get("found", "")
    if found != FITS:
        return _after_finding(request, help_link, found)
    try:
        link_directory.confirm(help_link, by=by, today=today, seen=seen)
    except ProposalRefused as reason:
        flash.error(request, str(reason))
        return redirect("help:link", link)
    overdue, name = link_directory.overdue_checks(today=today), {"name": help_link.name}
    if not overdue:
        flash.success(request, _("Recorded: you checked “%(name)s” today. All links are checked.") % name)
        return redirect("help:directory")
    more = ngettext(
        "One more link to check: this one.", "%(count)d more links to check. This is the next one.", len(overdue)
    )
    noted = _("Recorded: you checked “%(name)s” today.") % name
    flash.success(request, f"{noted} {more % {'count': len(overdue)} if len(overdue) > 1 else more}")
    return redirect("help:link", overdue[0].link.key)


def _after_finding(request: HttpRequest, help_link: HelpLink, found: str) -> HttpResponse:
    """Go on where the page behind a link is not what visitors read of it; without an answer ask for one."""
    if found not in FINDINGS:
        return _page(request, help_link, found_missing=True)
    if not has_role(request.user, MANAGER):
        flash.warning(request, _("Not marked as checked. Tell a manager what you saw: they can change or retire it."))
        return redirect("help:link", help_link.key)
    if found == DIFFERS:
        flash.info(request, _("Not marked as checked. Change here what is no longer true; a colleague checks it then."))
        return redirect("help:change", help_link.key)
    return _page(request, help_link, retires=True)


_check_new = confirmation_required_for_button("help:link", about_the_same=True)(_check)  # visitors will meet it


@require_POST
@role_required(MANAGER, REVIEWER)
@confirmation_required_for_button("help:link", about_the_same=True)
def confirm(request: HttpRequest, link: str) -> HttpResponse:
    """Put a colleague's change of a link into effect: the person opened the proposed address."""
    help_link, by, seen = get_object_or_404(HelpLink, key=link), current_user(request), request.POST.get("seen", "")
    return _take_step(
        request,
        help_link,
        lambda: link_directory.confirm_proposal(help_link, seen=seen, by=by, today=timezone.localdate()),
    )


@require_POST
@role_required(MANAGER, REVIEWER)
def withdraw(request: HttpRequest, link: str) -> HttpResponse:
    """Drop a change that waits for a colleague."""
    help_link, by = get_object_or_404(HelpLink, key=link), current_user(request)
    return _take_step(request, help_link, lambda: link_directory.withdraw_proposal(help_link, by=by))


@require_POST
def retire(request: HttpRequest, link: str) -> HttpResponse:
    """Stop showing a link to visitors."""
    require_role(request.user, MANAGER)
    help_link = get_object_or_404(HelpLink, key=link)
    reason = request.POST.get("reason", "").strip()
    if not reason or len(reason) > _MAX_REASON_LENGTH:
        return _page(request, help_link, reason=reason[:_MAX_REASON_LENGTH], reason_missing=True)
    if link_directory.is_shown(help_link) and are_links_settled() and not step_up.is_recently_confirmed(request):
        return _page(request, help_link, reason=reason, must_confirm=step_up.confirmation_sentence())
    by, today = current_user(request), timezone.localdate()
    return _take_step(request, help_link, lambda: link_directory.retire(help_link, by=by, today=today, reason=reason))


@require_POST
def restore(request: HttpRequest, link: str) -> HttpResponse:
    """Show a retired link to visitors again."""
    require_role(request.user, MANAGER)
    help_link = get_object_or_404(HelpLink, key=link)
    return _take_step(request, help_link, lambda: link_directory.restore(help_link, by=current_user(request)))


def _page(request: HttpRequest, help_link: HelpLink, **extra: object) -> HttpResponse:
    is_own = help_link.proposed_by_id == current_user(request).pk
    context = {
        "row": _row(help_link, timezone.localdate()),
        "changes": _proposed_changes(help_link),
        "proposed_url": help_link.proposed.get("url", ""),
        "proposal": proposal_digest(help_link),
        "seen": link_directory.digest_for_visitors(help_link),
        "is_own": is_own,
        "must_ask": is_own and not link_directory.is_shown(help_link),
        "stale_after": freshness.STALE_AFTER_DAYS,
        "may_change": has_role(request.user, MANAGER),
        "may_check": has_role(request.user, MANAGER, REVIEWER),
        "reason_limit": _MAX_REASON_LENGTH,
        "findings": FINDINGS,
    }
    return render(request, "messages/help_links/help_link.html", context | extra)


def _after_change(saved: SavedFields) -> str:
    if saved.proposed:
        return _("A colleague has to confirm this change. Until then, visitors see what was there before.")
    if set(saved.at_once) & {*link_directory.FIELDS_FOR_VISITORS}:
        return _("Saved. Visitors see it once a colleague has opened the link and checked it.")
    return _("Saved.") if saved.at_once else _("Nothing was changed.")


def _proposed_changes(link: HelpLink) -> list[ProposedFact]:
    """What a waiting change would change, by the labels of the form."""
    labels = {name: field.label for name, field in HelpLinkForm(instance=link).fields.items()}
    after = HelpLink(**link.proposed)
    return [
        ProposedFact(str(labels[name]), _display(link, name), _display(after, name))
        for name in link_directory.EDITABLE_FIELDS
        if name in link.proposed
    ]


def _display(link: HelpLink, name: str) -> str:
    """A field as people read it."""
    if name == "country":
        return _country(link.country)
    show = getattr(link, f"get_{name}_display", None)
    return str(show() if show else getattr(link, name))


def _country(code: str) -> str:
    return _("Everywhere") if code == countries.EVERYWHERE else countries.country_name(code)


def _take_step(request: HttpRequest, help_link: HelpLink, step: Callable[[], None]) -> HttpResponse:
    try:
        step()
    except ProposalRefused as reason:
        flash.error(request, str(reason))
    return redirect("help:link", help_link.key)


def _row(link: HelpLink, today: date) -> HelpLinkRow:
    channel_names = dict(HelpLink.Channel.choices)
    facts = ((_("hours"), link.hours), (_("cost"), link.cost), (_("language"), link.language))
    return HelpLinkRow(
        link=link,
        host=urlsplit(link.url).hostname or link.url,
        country=_country(link.country),
        language=_language_name(link.language),
        channels=tuple(str(channel_names.get(channel, channel)) for channel in link.channels),
        unknown_facts=tuple(name for name, value in facts if not value),
        due=link.retired_on is None and not freshness.is_fresh(link.verified_on, today=today),
        check_valid_until=freshness.fresh_until(link.verified_on),
        flagged=link.probe not in ("", HelpLink.Probe.ANSWERS),
    )


def _matches(row: HelpLinkRow, filters: Mapping[str, str]) -> bool:
    """Whether a row passes the filters. Links for everywhere pass each country, links for anyone each age."""
    link = row.link
    audience = {
        "shown": link.lane == HelpLink.Lane.AFFECTED,
        "stop": link.lane == HelpLink.Lane.SELF,
        "under18": link.audience in (HelpLink.Audience.UNDER18, HelpLink.Audience.ANYONE),
        "parent": link.audience in (HelpLink.Audience.PARENT, HelpLink.Audience.ANYONE),
    }
    status = {
        "": link.retired_on is None,
        "due": row.due,
        "flagged": row.flagged and link.retired_on is None,
        "retired": link.retired_on is not None,
    }
    return (
        audience.get(filters["for"], True)
        and (not filters["country"] or link.country in (filters["country"], countries.EVERYWHERE))
        and (not filters["channel"] or filters["channel"] in link.channels)
        and status.get(filters["show"], link.retired_on is None)
    )


def _language_name(code: str) -> str:
    """Like `languages.language_name`, but for any language that Django knows, and as it stands alone."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def _countries(rows: list[HelpLinkRow]) -> list[tuple[str, str]]:
    """Code and name of each country that a link is for, sorted by name."""
    used = {(row.link.country, row.country) for row in rows if row.link.country != countries.EVERYWHERE}
    return sorted(used, key=lambda pair: countries.sort_key(pair[1]))
