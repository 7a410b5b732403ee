"""Routes of the pages about placements."""

from django.urls import path

from campaign import places_page

app_name = "placements"
urlpatterns = [
    path("", places_page.directory, name="list"),
    path("add/", places_page.add, name="add"),
    path("<slug:place>/", places_page.placement, name="placement"),
    path("<slug:place>/change/", places_page.change, name="change"),
    path("<slug:place>/test/", places_page.test, name="test"),
]
