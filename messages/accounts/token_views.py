"""Pages of one's own API tokens."""

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from messages.accounts import api_tokens
from messages.accounts.forms import TokenForm
from messages.accounts.sign_in_views import allow_form_methods
from messages.accounts.step_up import confirmation_required
from messages.roles import current_user


@confirmation_required
@allow_form_methods
def tokens(request: HttpRequest) -> HttpResponse:
    """List one's API tokens, and create one, which is shown once."""
    user, today = current_user(request), timezone.localdate()
    form, new_token = TokenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        new_token = api_tokens.create(user, form.cleaned_data["name"], scopes=form.cleaned_data["scopes"], today=today)
    context = {
        "form": form,
        "new_token": new_token,
        "held": [(token, token.expires_on < today) for token in api_tokens.tokens_of(user)],
        "days": api_tokens.DAYS,
    }
    return render(request, "messages/accounts/tokens.html", context)


@require_POST
def delete_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one of one's API tokens. It asks for no confirmation, because it only takes away."""
    if not api_tokens.delete(current_user(request), pk):
        raise Http404
    flash.success(request, _("The token is deleted. Programs can no longer use it."))
    return HttpResponseRedirect(reverse("account:tokens"))
