"""Routes of the staff API for tallies and looks. `campaign.api.urls` includes them under v1/."""

from django.urls import path

from analytics.api import views

urlpatterns = [
    path("campaigns/<slug:slug>/tallies/", views.TallyList.as_view(), name="api-tallies"),
    path("campaigns/<slug:slug>/analyses/", views.AnalysisList.as_view(), name="api-analyses"),
    path("campaigns/<slug:slug>/analyses/<int:look>/", views.AnalysisDetail.as_view(), name="api-analysis"),
]
