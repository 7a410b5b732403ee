"""Routes of the staff API for what was learned. `campaign.api.urls` includes them under v1/learned/."""

from django.urls import path

from analytics.learned import api_views

urlpatterns = [
    path("", api_views.LearnedList.as_view(), name="api-learned"),
    path("averages/", api_views.AverageList.as_view(), name="api-averages"),
]
