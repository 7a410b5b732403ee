"""Routes of the pages about placements."""

from django.urls import path

from campaign.placements import views

app_name = "placements"
urlpatterns = [
    path("", views.placement_list, name="list"),
    path("add/", views.placement_add, name="add"),
    path("<slug:place>/", views.placement_detail, name="placement"),
    path("<slug:place>/change/", views.placement_change, name="change"),
    path("<slug:place>/confirm/", views.placement_confirm, name="confirm"),
    path("<slug:place>/withdraw/", views.placement_withdraw, name="withdraw"),
    path("<slug:place>/test/", views.placement_test, name="test"),
]
