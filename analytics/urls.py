"""Routes of the staff pages about what happens: results, and the watch page."""

from django.urls import path

from analytics import rehearsal_page, views, watch_page

app_name = "analytics"
urlpatterns = [
    path("campaigns/<slug:slug>/results/", views.results, name="results"),
    path("campaigns/<slug:slug>/watch/", watch_page.page, name="watch"),
    path("campaigns/<slug:slug>/watch/now/", watch_page.again, name="watch-now"),
    path("campaigns/<slug:slug>/watch/early/", watch_page.look_early, name="look-early"),
    path("campaigns/<slug:slug>/rehearsal/", rehearsal_page.rehearsal, name="rehearsal"),
]
