"""Routes of the staff API for tallies and looks. `campaign.api.urls` includes them under v1/."""

from django.urls import path

from analytics.api import file_views, views

_LOOK = "campaigns/<slug:slug>/analyses/<int:look>/"
urlpatterns = [
    path("campaigns/<slug:slug>/tallies/", views.TallyList.as_view(), name="api-tallies"),
    path("campaigns/<slug:slug>/analyses/", views.AnalysisList.as_view(), name="api-analyses"),
    path(_LOOK, views.AnalysisDetail.as_view(), name="api-analysis"),
    path(f"{_LOOK}files/", file_views.FileList.as_view(), name="api-files"),
    path(f"{_LOOK}files/<str:name>/", file_views.FileDetail.as_view(), name="api-file"),
]
