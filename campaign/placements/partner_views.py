"""Pages of one partner: its name and its contacts."""

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaign.models import Partner
from campaign.placements import changes
from campaign.placements.forms import ContactsForm, PartnerForm
from messages.accounts.step_up import confirmation_required
from messages.proposals import ProposalRefused
from messages.roles import ADMINISTRATOR, MANAGER, current_user, has_role, require_role
from messages.stale_copies import StaleCopy


@require_http_methods(["GET", "HEAD", "POST"])
def partner_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a partner with its placements and contacts; a manager may change the name."""
    require_role(request.user, MANAGER)
    partner = get_object_or_404(Partner, pk=pk)
    name = partner.name
    form = PartnerForm(request.POST or None, instance=partner)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data["name"]
        try:
            changed = changes.rename_partner(partner, wanted, seen=form.seen_digest, by=current_user(request))
        except StaleCopy:
            partner.refresh_from_db()
            name = partner.name
            form.refuse_stale_copy(partner)
        except ProposalRefused as reason:
            form.add_error("name", str(reason))
        else:
            flash.success(
                request, _("Saved. Visitors see the change within seconds.") if changed else _("Nothing was changed.")
            )
            return redirect("partners:partner", pk)
    context = {
        "partner": partner,
        "name": name,
        "form": form,
        "placements": partner.placements.order_by("name"),
        "contacts": partner.contacts.order_by("username"),
        "may_assign": has_role(request.user, ADMINISTRATOR),
    }
    return render(request, "campaign/placements/partner.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def partner_contacts(request: HttpRequest, pk: int) -> HttpResponse:
    """Assign the partner's contacts. Only for administrators, with a recent confirmation."""
    require_role(request.user, ADMINISTRATOR)
    return _partner_contacts(request, get_object_or_404(Partner, pk=pk))


@confirmation_required
def _partner_contacts(request: HttpRequest, partner: Partner) -> HttpResponse:
    form = ContactsForm(request.POST if request.method == "POST" else None, partner=partner)
    if form.is_bound and form.is_valid():
        chosen, by = form.cleaned_data["contacts"], current_user(request)
        try:
            changed = changes.assign_contacts(partner, chosen, seen=form.seen, by=by)
        except StaleCopy:
            flash.error(request, _("A colleague has changed these contacts. You see them as they are now."))
            return redirect("partners:contacts", partner.pk)
        flash.success(request, _("Saved.") if changed else _("Nothing was changed."))
        return redirect("partners:partner", partner.pk)
    context = {"partner": partner, "form": form, "any": form.candidates.exists()}
    return render(request, "campaign/placements/partner_contacts.html", context)
