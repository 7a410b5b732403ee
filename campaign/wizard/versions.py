"""The versions of a draft on a page, and the verb that puts one back."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from campaign.lifecycle import draft_versions
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Campaign, DraftVersion
from campaign.staff_site.access import campaign_for
from campaign.wizard.draft import edit_draft
from messages.query_numbers import parse_whole_number
from messages.roles import MANAGER, current_user, has_role

PART_NAMES: dict[str, Any] = {
    "campaign": gettext_lazy("name, question or dates"),
    "placements": gettext_lazy("placements"),
    "arms": gettext_lazy("messages"),
    "plan": gettext_lazy("numbers and rules"),
    "recipients": gettext_lazy("who is alerted to harm"),
    "outcomes": gettext_lazy("what is counted"),
    "doors": gettext_lazy("what visitors see at its placements"),
    "help_links": gettext_lazy("help links"),
}


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version: who made it, what differs from the one before, and who could approve it."""

    version: DraftVersion
    parts: tuple[str, ...]
    approvers: tuple[User, ...]
    is_current: bool


def put_back(campaign: Campaign, number: int, *, newest: int, by: User) -> None:
    """Make a draft what it was in an earlier version. What came after it stays on record.

    `newest` is the last version that the person saw: what a colleague changed since is not put aside unseen.
    """
    with edit_draft(campaign, by=by, put_back=number) as locked:
        if number and locked.versions.exclude(number__lte=newest).exists():
            raise ActionRefused(_("A colleague has changed the draft. Look at their change first."))
        version = locked.versions.filter(number=number).first()
        if version is None:
            raise ActionRefused(_("This version does not exist."))
        draft_versions.restore_content(locked, version.content)


@require_http_methods(["GET", "HEAD", "POST"])
def versions(request: HttpRequest, slug: str) -> HttpResponse:
    """List who changed what; a manager may put a version of a draft back."""
    campaign = campaign_for(request.user, slug, write=request.method == "POST")
    if request.method != "POST":
        may_put_back = campaign.state == Campaign.State.DRAFT and has_role(request.user, MANAGER)
        rows = version_rows(campaign, current_user(request) if may_put_back else None)
        context = {"campaign": campaign, "rows": rows, "may_put_back": may_put_back}
        return render(request, "campaign/wizard/versions.html", context)
    number, newest = (parse_whole_number(request.POST.get(name)) or 0 for name in ("number", "newest"))
    try:
        put_back(campaign, number, newest=newest, by=current_user(request))
    except ActionRefused as reason:
        flash.error(request, str(reason))
        return redirect("campaign:versions", slug)
    flash.success(request, _("Version %(number)s is now the draft.") % {"number": number})
    return redirect("campaign:plan", slug)


def version_rows(campaign: Campaign, viewer: User | None = None) -> list[VersionRow]:
    """Describe all versions, the newest first, and who could approve each if the viewer, or somebody who did not
    change it, put it back."""
    history = draft_versions.DraftHistory(campaign)
    rows, before = list[VersionRow](), dict[str, Any]()
    for version in history.versions:
        parts = draft_versions.changed_parts(before, version.content) if before else ()
        is_current = version.digest == history.versions[-1].digest
        made = history.contributors(None if is_current else version, by=viewer.pk if viewer else None)
        approvers = tuple(draft_versions.reviewers_except(campaign, made))
        rows.append(VersionRow(version, tuple(str(PART_NAMES[part]) for part in parts), approvers, is_current))
        before = version.content
    return rows[::-1]
