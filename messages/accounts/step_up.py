"""Step-up: what cannot be taken back asks the person to confirm, within the last ten minutes, that it is them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

FRESH_SECONDS = 600
CONFIRMED_AT_KEY = "confirmed_at"
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def mark_confirmed(request: HttpRequest) -> None:
    """The person has just shown who they are."""
    request.session[CONFIRMED_AT_KEY] = int(time.time())


def is_recently_confirmed(request: HttpRequest) -> bool:
    """Whether they did within the last ten minutes."""
    age = time.time() - request.session.get(CONFIRMED_AT_KEY, 0)
    return bool(-1 < age <= FRESH_SECONDS)  # int() cuts a second; a clock set back is not fresh


def confirmation_required(view: View[P]) -> View[P]:
    """Decorator for a view: whoever has not confirmed lately does so first, and comes back to the same page."""

    @wraps(view)
    def asked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if is_recently_confirmed(request):
            return view(request, *args, **kwargs)
        return _ask(request.get_full_path())

    return asked


def confirmation_required_for_button(page: str) -> Callable[[View[P]], View[P]]:
    """Decorator for what a button alone leads to: afterwards one is on the named page, as it was filled in."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def asked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if is_recently_confirmed(request):
                return view(request, *args, **kwargs)
            flash.info(request, _("Once you have confirmed that it is you, please press the button again."))
            return _ask("?".join(filter(None, (reverse(page), request.GET.urlencode()))))

        return asked

    return decorate


def _ask(onward: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('confirm')}?{urlencode({'next': onward})}")
