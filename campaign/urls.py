"""Every staff route. Apps are named by string; the audience surface stands in front of Django (campaign.audience)."""

from django.contrib import admin
from django.urls import include, path

from campaign import shell

urlpatterns = [
    path("", include("campaign.pages")),
    path("messages/", include("campaign.stop_urls")),
    path("messages/", include("messages.urls")),
    path("reviews/", include("messages.review.urls")),
    path("help-links/", include("messages.help_links.urls")),
    path("audit/", include("messages.audit_pages.urls")),
    path("keys/", include("campaign.keys_urls")),
    path("placements/", include("campaign.placement_urls")),
    path("partners/", include("campaign.partner_urls")),
    path("", include("analytics.urls")),
    path("api/", include("campaign.api_urls")),
    path("language/", shell.choose_language, name="language"),
    path("terms/", shell.choose_terms, name="terms"),
    path("", include("messages.accounts.urls")),
    path("admin/", admin.site.urls),
]
