"""Routes of the staff pages about results."""

from django.urls import path

from analytics import rehearsal_page, views

app_name = "analytics"
urlpatterns = [
    path("campaigns/<slug:slug>/results/", views.results, name="results"),
    path("campaigns/<slug:slug>/rehearsal/", rehearsal_page.rehearsal, name="rehearsal"),
]
