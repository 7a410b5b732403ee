"""All staff routes. Audience requests are answered before Django, by campaign.serving.application."""

from django.contrib import admin
from django.urls import include, path

from campaign.staff_site import error_views, manual, preference_views

handler500 = error_views.unexpected_error
urlpatterns = [
    path("", include("campaign.overview.urls")),
    path("messages/", include("campaign.kill_switch.urls")),
    path("messages/", include("messages.urls")),
    path("reviews/", include("messages.review.urls")),
    path("help-links/", include("messages.help_links.urls")),
    path("audit/", include("messages.audit_pages.urls")),
    path("keys/", include("campaign.key_admin.urls")),
    path("placements/", include("campaign.placements.urls")),
    path("partners/", include("campaign.placements.partner_urls")),
    path("", include("analytics.urls")),
    path("api/", include("campaign.api.urls")),
    path("language/", preference_views.choose_language, name="language"),
    path("terms/", preference_views.set_sensitive_terms, name="terms"),
    path("manual/<slug:chapter>/", manual.manual, name="manual"),
    path("", include("messages.accounts.urls")),
    path("admin/", admin.site.urls),
]
