"""Routes of the staff API about what happened and what was concluded; campaign.api.urls includes them under v1/."""

from django.urls import path

from analytics import api

urlpatterns = [
    path("campaigns/<slug:slug>/tallies/", api.Tallies.as_view(), name="api-tallies"),
    path("campaigns/<slug:slug>/analyses/", api.Analyses.as_view(), name="api-analyses"),
    path("campaigns/<slug:slug>/analyses/<int:look>/", api.AnalysisDetail.as_view(), name="api-analysis"),
]
