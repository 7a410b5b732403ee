"""Django's administration, for support only: accounts to read, nothing to change, behind the same door as all else.

Who is here, and what they may do, is changed on the pages at /people/, which put it on the audit record.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from messages.roles import ADMINISTRATOR, has_role

ADMIN_ROUTES = {"index", "login", "logout", "jsi18n", "app_list"}  # of the site's own routes; models add theirs


class SupportSite(admin.AdminSite):
    """For administrators; without a sign-in, a password page or a sign-out of its own."""

    site_header = site_title = _("Second Thought, for support")
    site_url = "/"
    final_catch_all_view = False

    def has_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, ADMINISTRATOR)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        after = {"next": request.GET.get("next", reverse("admin:index"))}
        return HttpResponseRedirect(f"{reverse('login')}?{urlencode(after)}")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        return HttpResponseRedirect(reverse("account:home"))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [one for one in super().get_urls() if getattr(one, "name", None) in (*ADMIN_ROUTES, None)]
