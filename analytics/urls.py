"""Routes of the staff pages about what happens: results, and the watch page."""

from django.urls import path

from analytics.results import views
from campaign.staff_site import lazy_views

app_name = "analytics"
urlpatterns = [
    path("campaigns/<slug:slug>/results/", views.results, name="results"),
    path("campaigns/<slug:slug>/watch/", lazy_views.view("analytics.watch.views.page"), name="watch"),
    path("campaigns/<slug:slug>/watch/now/", lazy_views.view("analytics.watch.views.again"), name="watch-now"),
    path("campaigns/<slug:slug>/watch/early/", lazy_views.view("analytics.watch.views.look_early"), name="look-early"),
    path("campaigns/<slug:slug>/rehearsal/", lazy_views.view("analytics.rehearsal.views.rehearsal"), name="rehearsal"),
]
