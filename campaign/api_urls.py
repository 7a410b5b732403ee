"""Routes of the staff API and its description."""

from django.urls import include, path, re_path

from campaign import api, description

urlpatterns = [
    path("v1/token/", api.SignIn.as_view(), name="api-token"),
    path("v1/campaigns/", api.Campaigns.as_view(), name="api-campaigns"),
    path("v1/campaigns/<slug:slug>/", api.CampaignDetail.as_view(), name="api-campaign"),
    path("v1/campaigns/<slug:slug>/plan/", api.PlanDetail.as_view(), name="api-plan"),
    *(path(f"v1/campaigns/<slug:slug>/{step.verb}/", step.as_view(), name=f"api-{step.verb}") for step in api.STEPS),
    path("v1/", include("analytics.api_urls")),
    path("schema/", description.Description.as_view(), name="api-schema"),
    path("docs/", description.Docs.as_view(), name="api-docs"),
    re_path("", api.Unknown.as_view()),
]
