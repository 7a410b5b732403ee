"""Views that tag, archive, bring back and delete a campaign."""

from django.contrib import messages as flash
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.archive import archive, bring_back
from campaign.lifecycle.draft_deletion import delete_draft, is_never_sent
from campaign.lifecycle.tags import TagsRefused, read_tags, set_tags
from campaign.models import Campaign
from campaign.overview.transition_views import TransitionPage
from campaign.staff_site.access import campaign_for
from messages.roles import MANAGER, current_user, has_role


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete a draft that was never sent for approval, after asking once."""
    campaign, user = campaign_for(request.user, slug), current_user(request)
    if campaign.created_by_id != user.pk and not has_role(user, MANAGER):
        raise PermissionDenied
    if request.method != "POST" or not request.POST.get("sure"):
        error = _("Tick the box first. This cannot be undone.") if request.method == "POST" else ""
        page, possible = _delete_page(campaign), is_never_sent(campaign)
        context = {"campaign": campaign, "page": page, "possible": possible, "error": error}
        return render(request, "campaign/overview/transition.html", context)
    name = campaign.name
    try:
        delete_draft(campaign, by=user)
    except ActionRefused as reason:
        flash.error(request, str(reason))
        return redirect("campaign:detail", slug)
    flash.success(request, _("Deleted: “%(name)s”.") % {"name": name})
    return redirect("campaign:list")


@require_POST
def archive_campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave a campaign out of the list."""
    campaign = campaign_for(request.user, slug, write=True)
    try:
        archive(campaign, by=current_user(request), now=timezone.now())
    except ActionRefused as reason:
        flash.error(request, str(reason))
    else:
        flash.success(request, _("Archived. To find it again, choose the status “Archived” in the list."))
    return redirect("campaign:detail", slug)


@require_POST
def bring_back_campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an archived campaign in the list again."""
    campaign = campaign_for(request.user, slug, write=True)
    bring_back(campaign, by=current_user(request))
    flash.success(request, _("Back in the list."))
    return redirect("campaign:detail", slug)


@require_POST
def change_tags(request: HttpRequest, slug: str) -> HttpResponse:
    """Replace the tags of a campaign."""
    campaign = campaign_for(request.user, slug, write=True)
    try:
        set_tags(campaign, read_tags(request.POST.get("tags", "")))
    except TagsRefused as reason:
        flash.error(request, str(reason))
    else:
        flash.success(request, _("Saved."))
    return redirect("campaign:detail", slug)


def _delete_page(campaign: Campaign) -> TransitionPage:
    return TransitionPage(
        _("Delete this draft?"),
        (
            _("The draft is deleted with all its versions. It cannot be restored."),
            _("The audit record keeps its name and says who deleted it."),
        ),
        _("Delete the draft"),
        (Campaign.State.DRAFT,),
        tick=_("I understand that this cannot be undone."),
    )
