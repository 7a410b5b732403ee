"""The page on which managers give links to a campaign's results, see which are open, and withdraw them."""

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from analytics.shared_links.forms import GiveForm
from analytics.shared_links.links import (
    LONGEST_DAYS,
    LinkOver,
    give_link,
    open_links,
    send_link,
    shareable_look,
    withdraw_link,
)
from campaign.lifecycle.actions import ActionRefused
from campaign.staff_site.access import campaign_for
from messages.accounts.step_up import confirmation_required
from messages.roles import MANAGER, current_user, role_required


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(MANAGER)
@confirmation_required
def links(request: HttpRequest, slug: str) -> HttpResponse:
    """List the open links of a campaign, and give another one."""
    campaign, now = campaign_for(request.user, slug, write=True), timezone.now()
    form = GiveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email, days = form.cleaned_data["email"], form.cleaned_data["days"]
        try:
            link, token = give_link(campaign, email=email, days=days, by=current_user(request), now=now)
            url = request.build_absolute_uri(reverse("analytics:shared", args=[token]))
            sent = send_link(email, url, days=days)
            context = {"campaign": campaign, "link": link, "email": email, "url": url, "sent": sent}
            return render(request, "analytics/shared_links/given.html", context)
        except ActionRefused as reason:
            form.add_error(None, str(reason))
    context = {"campaign": campaign, "form": form, "longest": LONGEST_DAYS}
    is_ready = shareable_look(campaign) is not None
    context |= {"is_ready": is_ready, "links": open_links(campaign, now=now)}
    return render(request, "analytics/shared_links/links.html", context)


@require_POST
def withdraw(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Withdraw a link at once."""
    campaign = campaign_for(request.user, slug, write=True)
    try:
        withdraw_link(campaign, pk, by=current_user(request))
    except LinkOver:
        raise Http404 from None
    flash.success(request, _("The link no longer works, and the address is deleted."))
    return redirect("analytics:links", slug)
