"""Every staff route. Apps are named by string; the audience surface stands in front of Django (campaign.audience)."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

urlpatterns = [
    path("", include("campaign.pages")),
    path("messages/", include("messages.urls")),
    path("help-links/", include("messages.help_urls")),
    path("audit/", include("messages.audit_urls")),
    path("", include("analytics.urls")),
    path("api/", include("campaign.api_urls")),
    path("sign-in/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("sign-out/", auth.LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
]
