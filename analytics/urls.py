"""Routes of the staff pages about results."""

from django.urls import path

from analytics import views

app_name = "analytics"
urlpatterns = [path("campaigns/<slug:slug>/results/", views.results, name="results")]
