"""Routes of the pages of the keys."""

from django.urls import path

from campaign.staff_site import lazy_views

app_name = "keys"
urlpatterns = [
    path("", lazy_views.lazy_view("campaign.key_admin.views.key_list"), name="list"),
    path("rotate/", lazy_views.lazy_view("campaign.key_admin.views.key_rotate"), name="rotate"),
    path("<slug:key>/destroy/", lazy_views.lazy_view("campaign.key_admin.views.key_destroy"), name="destroy"),
]
