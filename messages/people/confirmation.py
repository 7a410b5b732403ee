"""Step-up: what cannot be taken back asks the person to confirm, within the last ten minutes, that it is them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

FRESH_SECONDS = 600
CONFIRMED = "confirmed_at"
P = ParamSpec("P")


def confirm(request: HttpRequest) -> None:
    """The person has just shown who they are."""
    request.session[CONFIRMED] = int(time.time())


def is_fresh(request: HttpRequest) -> bool:
    """Whether they did within the last ten minutes."""
    age = time.time() - request.session.get(CONFIRMED, 0)
    return bool(-1 < age <= FRESH_SECONDS)  # int() cuts a second; a clock set back is not fresh


def needs_confirmation(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Decorator for a view: whoever has not confirmed lately does so first, and comes back to the same page."""

    @wraps(view)
    def asked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if is_fresh(request):
            return view(request, *args, **kwargs)
        return HttpResponseRedirect(f"{reverse('confirm')}?{urlencode({'next': request.get_full_path()})}")

    return asked
