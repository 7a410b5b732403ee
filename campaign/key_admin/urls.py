"""Routes of the pages of the keys."""

from django.urls import path

from campaign.staff_site import lazy_views

app_name = "keys"
urlpatterns = [
    path("", lazy_views.view("campaign.key_admin.views.keys"), name="list"),
    path("rotate/", lazy_views.view("campaign.key_admin.views.rotate"), name="rotate"),
    path("<slug:key>/destroy/", lazy_views.view("campaign.key_admin.views.destroy"), name="destroy"),
]
