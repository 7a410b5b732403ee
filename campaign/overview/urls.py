"""Routes of the staff pages about campaigns."""

from django.urls import path

from campaign.overview import views
from campaign.serving import message_preview
from campaign.staff_site import lazy_views

app_name = "campaign"
urlpatterns = [
    path("", views.campaigns, name="list"),
    path("campaigns/new/", lazy_views.lazy_view("campaign.wizard.views.new_campaign"), name="plan-new"),
    path(
        "campaigns/<slug:slug>/plan-it/", lazy_views.lazy_view("campaign.wizard.views.check_answers"), name="plan-check"
    ),
    path(
        "campaigns/<slug:slug>/plan-it/<slug:step>/",
        lazy_views.lazy_view("campaign.wizard.views.wizard_step"),
        name="plan-step",
    ),
    path(
        "campaigns/<slug:slug>/plan-it/words/<slug:arm>/",
        lazy_views.lazy_view("campaign.wizard.views.choose_arm_revision"),
        name="plan-words",
    ),
    path("campaigns/<slug:slug>/take-back/", lazy_views.lazy_view("campaign.wizard.views.take_back"), name="take-back"),
    path("campaigns/<slug:slug>/", views.detail, name="detail"),
    path(
        "campaigns/<slug:slug>/arms/<slug:arm>/",
        lazy_views.lazy_view("campaign.kill_switch.views.pause_or_resume_arm"),
        name="arm",
    ),
    path("campaigns/<slug:slug>/plan/", lazy_views.lazy_view("campaign.overview.plan_views.plan"), name="plan"),
    path(
        "campaigns/<slug:slug>/plan/plan.json",
        lazy_views.lazy_view("campaign.overview.plan_views.download_json"),
        name="plan-json",
    ),
    path(
        "campaigns/<slug:slug>/plan/plan.pdf",
        lazy_views.lazy_view("campaign.overview.plan_views.download_pdf"),
        name="plan-pdf",
    ),
    path(
        "campaigns/<slug:slug>/plan/deviations/",
        lazy_views.lazy_view("campaign.overview.plan_views.report_deviation"),
        name="deviate",
    ),
    path(
        "campaigns/<slug:slug>/submit/",
        lazy_views.lazy_view("campaign.overview.transition_views.submit"),
        name="submit",
    ),
    path(
        "campaigns/<slug:slug>/approve/",
        lazy_views.lazy_view("campaign.overview.transition_views.approve"),
        name="approve",
    ),
    path(
        "campaigns/<slug:slug>/send-back/",
        lazy_views.lazy_view("campaign.overview.transition_views.send_back"),
        name="send-back",
    ),
    path("campaigns/<slug:slug>/launch/", lazy_views.lazy_view("campaign.overview.launch_views.launch"), name="launch"),
    path(
        "campaigns/<slug:slug>/pause/", lazy_views.lazy_view("campaign.overview.transition_views.pause"), name="pause"
    ),
    path(
        "campaigns/<slug:slug>/resume/",
        lazy_views.lazy_view("campaign.overview.transition_views.resume"),
        name="resume",
    ),
    path(
        "campaigns/<slug:slug>/close/", lazy_views.lazy_view("campaign.overview.transition_views.close"), name="close"
    ),
    path("campaigns/<slug:slug>/copy/", lazy_views.lazy_view("campaign.overview.transition_views.copy"), name="copy"),
    path("preview/", message_preview.message_preview, name="preview"),
]
