"""Django's admin for support: read-only accounts behind the site's own sign-in. /people/ changes them, on record."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from messages.roles import ADMINISTRATOR, has_role

ADMIN_ROUTES = {"index", "login", "logout", "jsi18n", "app_list"}  # of AdminSite's routes; models add theirs


class SupportSite(admin.AdminSite):
    """An admin site for administrators, without sign-in, sign-out and password pages of its own."""

    site_header = site_title = _("Second Thought support")
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
        return [route for route in super().get_urls() if getattr(route, "name", None) in (*ADMIN_ROUTES, None)]
