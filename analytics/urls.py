"""Routes of the staff pages of analytics: results, watch page and rehearsal."""

from django.urls import path

from analytics.rehearsal.views import rehearsal_page
from analytics.results.views import results
from analytics.watch.views import dashboard_fragment, dashboard_page, request_early_look

app_name = "analytics"
urlpatterns = [
    path("campaigns/<slug:slug>/results/", results, name="results"),
    path("campaigns/<slug:slug>/watch/", dashboard_page, name="watch"),
    path("campaigns/<slug:slug>/watch/now/", dashboard_fragment, name="watch-now"),
    path("campaigns/<slug:slug>/watch/early/", request_early_look, name="look-early"),
    path("campaigns/<slug:slug>/rehearsal/", rehearsal_page, name="rehearsal"),
]
