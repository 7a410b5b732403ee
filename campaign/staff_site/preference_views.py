"""What a browser remembers of the choices on staff pages: the language, and whether sensitive terms are shown."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from messages.templatetags.sensitive_text import SHOW_COOKIE

_YEAR = 31_536_000

choose_language: Callable[..., Any] = login_not_required(require_POST(set_language))


@require_POST
def set_sensitive_terms(request: HttpRequest) -> HttpResponse:
    """Show sensitive terms from now on, or blur them again, in this browser."""
    next_url = request.POST.get("next", "")
    is_safe = url_has_allowed_host_and_scheme(next_url, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(next_url if is_safe else reverse("campaign:list"))
    if request.POST.get("show") == "1":
        response.set_cookie(SHOW_COOKIE, "1", max_age=_YEAR, secure=request.is_secure(), httponly=True, samesite="Lax")
    else:
        response.delete_cookie(SHOW_COOKIE)
    return response
