"""Step-up authentication: irreversible actions require a confirmation within the last ten minutes."""

import time
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from messages.accounts.form_recovery import Why, return_form, typed_fields, words_to_read
from messages.roles import P, View

FRESH_SECONDS = 600
CONFIRMED_AT_KEY = "confirmed_at"


def mark_confirmed(request: HttpRequest) -> None:
    """Store that the person has just confirmed their identity."""
    request.session[CONFIRMED_AT_KEY] = int(time.time())


def is_recently_confirmed(request: HttpRequest) -> bool:
    """Whether the person confirmed their identity within the last ten minutes."""
    age = time.time() - request.session.get(CONFIRMED_AT_KEY, 0)
    return bool(-1 < age <= FRESH_SECONDS)  # int() may add a second; a time in the future does not count


def confirmation_required(view: View[P]) -> View[P]:
    """Decorator that asks for a confirmation first, and then returns to the same page."""
    return _confirm_first(view, lambda request: request.get_full_path())


def confirmation_required_for_button(page: str, *, about_the_same: bool = False) -> Callable[[View[P]], View[P]]:
    """Decorator for views that only a button leads to; after the confirmation the person returns to the named page.

    With `about_the_same` that page has the arguments of the button's route.
    """

    def page_of_button(request: HttpRequest) -> str:
        flash.info(request, _("Confirm it’s you, then press the button again."))
        match = request.resolver_match
        address = reverse(page, kwargs=match.kwargs if match and about_the_same else None)
        return "?".join(filter(None, (address, request.GET.urlencode())))

    return lambda view: _confirm_first(view, page_of_button)


def confirmation_sentence() -> SafeString:
    """What a form says that needs a confirmation only for what was typed into it, which is kept meanwhile."""
    return format_html(
        '{} <a href="{}" target="_blank" rel="noopener">{}</a>',
        _(
            "This change removes something that visitors see straight away. Confirm it’s you, then press "
            "the button again."
        ),
        reverse("confirm"),
        _("Confirm in a new tab"),
    )


def _confirm_first(view: View[P], next_page: Callable[[HttpRequest], str]) -> View[P]:
    @wraps(view)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if is_recently_confirmed(request):
            return view(request, *args, **kwargs)
        if words_to_read(typed_fields(request)):
            return return_form(request, Why.UNCONFIRMED)
        return HttpResponseRedirect(f"{reverse('confirm')}?{urlencode({'next': next_page(request)})}")

    return wrapper
