"""Routes of the pages about placements."""

from django.urls import path

from campaign import later

app_name = "placements"
urlpatterns = [
    path("", later.view("campaign.places_page.directory"), name="list"),
    path("add/", later.view("campaign.places_page.add"), name="add"),
    path("<slug:place>/", later.view("campaign.places_page.placement"), name="placement"),
    path("<slug:place>/change/", later.view("campaign.places_page.change"), name="change"),
    path("<slug:place>/test/", later.view("campaign.places_page.test"), name="test"),
]
