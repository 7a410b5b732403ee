"""Routes of the pages about placements."""

from django.urls import path

from campaign.staff_site import lazy_views

app_name = "placements"
urlpatterns = [
    path("", lazy_views.view("campaign.placements.views.directory"), name="list"),
    path("add/", lazy_views.view("campaign.placements.views.add"), name="add"),
    path("<slug:place>/", lazy_views.view("campaign.placements.views.placement"), name="placement"),
    path("<slug:place>/change/", lazy_views.view("campaign.placements.views.change"), name="change"),
    path("<slug:place>/test/", lazy_views.view("campaign.placements.views.test"), name="test"),
]
