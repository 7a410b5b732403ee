"""Routes of the staff pages about what happens: results, and the watch page."""

from django.urls import path

from analytics.results import views
from campaign.staff_site import lazy_views

app_name = "analytics"
urlpatterns = [
    path("campaigns/<slug:slug>/results/", views.results, name="results"),
    path("campaigns/<slug:slug>/watch/", lazy_views.lazy_view("analytics.watch.views.dashboard_page"), name="watch"),
    path(
        "campaigns/<slug:slug>/watch/now/",
        lazy_views.lazy_view("analytics.watch.views.dashboard_fragment"),
        name="watch-now",
    ),
    path(
        "campaigns/<slug:slug>/watch/early/",
        lazy_views.lazy_view("analytics.watch.views.request_early_look"),
        name="look-early",
    ),
    path(
        "campaigns/<slug:slug>/rehearsal/",
        lazy_views.lazy_view("analytics.rehearsal.views.rehearsal_page"),
        name="rehearsal",
    ),
]
