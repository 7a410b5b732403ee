"""The page on which an administrator asks people from outside to review one campaign."""

from typing import Any

from django import forms
from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from campaign.lifecycle.draft_versions import assign_outside_reviewers
from campaign.models import Campaign
from campaign.staff_site.access import campaign_for
from messages.accounts.step_up import confirmation_required
from messages.roles import ADMINISTRATOR, OUTSIDE_REVIEWER, current_user, require_role
from messages.stale_copies import StaleCopy, ids_of


class OutsideReviewersForm(forms.Form):
    """The people from outside who may approve one campaign."""

    reviewers = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        label=gettext_lazy("Outside reviewers"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "They can read the plan and messages of this campaign and decide. They see nothing else."
        ),
    )

    def __init__(self, *args: Any, campaign: Campaign, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen = campaign.outside_reviewers.all()
        people = User.objects.filter(groups__name=OUTSIDE_REVIEWER, is_active=True) | User.objects.filter(
            pk__in=chosen.values("pk")
        )
        self.initial["reviewers"] = chosen
        self.seen = self.data.get("was", "") if self.is_bound else ids_of(chosen)
        self.candidates = people.distinct().order_by("username")
        field = self.fields["reviewers"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = self.candidates


@require_http_methods(["GET", "HEAD", "POST"])
def outside_reviewers(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask people from outside for a review. Only for administrators, with a recent confirmation."""
    require_role(request.user, ADMINISTRATOR)
    return _outside_reviewers(request, campaign_for(request.user, slug))


@confirmation_required
def _outside_reviewers(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    form = OutsideReviewersForm(request.POST if request.method == "POST" else None, campaign=campaign)
    if form.is_bound and form.is_valid():
        people, by = form.cleaned_data["reviewers"], current_user(request)
        try:
            changed = assign_outside_reviewers(campaign, people, seen=form.seen, by=by)
        except StaleCopy:
            flash.error(request, _("A colleague has changed these reviewers. You see them as they are now."))
            return redirect("campaign:outside-reviewers", campaign.slug)
        flash.success(request, _("Saved.") if changed else _("Nothing was changed."))
        return redirect("campaign:plan", campaign.slug)
    context = {"campaign": campaign, "form": form, "any": form.candidates.exists()}
    return render(request, "campaign/overview/outside_reviewers.html", context)
