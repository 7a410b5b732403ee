"""Routes of the pages about placements."""

from django.urls import path

from campaign.staff_site import lazy_views

app_name = "placements"
urlpatterns = [
    path("", lazy_views.lazy_view("campaign.placements.views.placement_list"), name="list"),
    path("add/", lazy_views.lazy_view("campaign.placements.views.placement_add"), name="add"),
    path("<slug:place>/", lazy_views.lazy_view("campaign.placements.views.placement_detail"), name="placement"),
    path("<slug:place>/change/", lazy_views.lazy_view("campaign.placements.views.placement_change"), name="change"),
    path("<slug:place>/test/", lazy_views.lazy_view("campaign.placements.views.placement_test"), name="test"),
]
