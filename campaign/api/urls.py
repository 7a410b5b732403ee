"""Routes of the staff API and its description."""

from django.urls import include, path, re_path

from campaign.api import queue_views, schema_views, sign_in_views, transition_views, views

urlpatterns = [
    path("v1/token/", sign_in_views.SignIn.as_view(), name="api-token"),
    path("v1/campaigns/", views.CampaignList.as_view(), name="api-campaigns"),
    path("v1/campaigns/<slug:slug>/", views.CampaignDetail.as_view(), name="api-campaign"),
    path("v1/campaigns/<slug:slug>/plan/", views.PlanDetail.as_view(), name="api-plan"),
    *(
        path(f"v1/campaigns/<slug:slug>/{step.transition}/", step.as_view(), name=f"api-{step.transition}")
        for step in (*transition_views.TRANSITION_VIEWS, *queue_views.QUEUE_STEPS)
    ),
    path("v1/queue/", queue_views.QueueList.as_view(), name="api-launch-queue"),
    path("v1/", include("analytics.api.urls")),
    path("v1/learned/", include("analytics.learned.api_urls")),
    path("schema/", schema_views.SchemaView.as_view(), name="api-schema"),
    path("docs/", schema_views.DocsView.as_view(), name="api-docs"),
    re_path("", views.UnknownRouteView.as_view()),
]
