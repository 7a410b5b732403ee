"""Routes of the staff pages about campaigns."""

from django.urls import path

from campaign.kill_switch.views import pause_or_resume_arm
from campaign.overview import (
    archive_views,
    comments,
    launch_views,
    outside_reviewers,
    plan_views,
    transition_views,
    views,
)
from campaign.serving import message_preview
from campaign.wizard import versions
from campaign.wizard import views as wizard_views

app_name = "campaign"
urlpatterns = [
    path("", views.campaigns, name="list"),
    path("campaigns/new/", wizard_views.new_campaign, name="plan-new"),
    path("campaigns/new/sample/", wizard_views.new_sample, name="sample"),
    path("campaigns/<slug:slug>/plan-it/", wizard_views.check_answers, name="plan-check"),
    path("campaigns/<slug:slug>/plan-it/<slug:step>/", wizard_views.wizard_step, name="plan-step"),
    path("campaigns/<slug:slug>/plan-it/words/<slug:arm>/", wizard_views.choose_arm_revision, name="plan-words"),
    path("campaigns/<slug:slug>/versions/", versions.versions, name="versions"),
    path("campaigns/<slug:slug>/outside-reviewers/", outside_reviewers.outside_reviewers, name="outside-reviewers"),
    path("campaigns/<slug:slug>/take-back/", wizard_views.take_back, name="take-back"),
    path("campaigns/<slug:slug>/", views.detail, name="detail"),
    path("campaigns/<slug:slug>/arms/<slug:arm>/", pause_or_resume_arm, name="arm"),
    path("campaigns/<slug:slug>/plan/", plan_views.plan, name="plan"),
    path("campaigns/<slug:slug>/plan/plan.json", plan_views.download_json, name="plan-json"),
    path("campaigns/<slug:slug>/plan/plan.pdf", plan_views.download_pdf, name="plan-pdf"),
    path("campaigns/<slug:slug>/plan/deviations/", plan_views.report_deviation, name="deviate"),
    path("campaigns/<slug:slug>/submit/", transition_views.submit, name="submit"),
    path("campaigns/<slug:slug>/approve/", transition_views.approve, name="approve"),
    path("campaigns/<slug:slug>/send-back/", transition_views.send_back, name="send-back"),
    path("campaigns/<slug:slug>/ask/", transition_views.ask_for_review, name="ask"),
    path("campaigns/<slug:slug>/plan/comments/", comments.add_comment, name="comment"),
    path("campaigns/<slug:slug>/plan/delete-comment/<int:pk>/", comments.delete_comment, name="delete-comment"),
    path("campaigns/<slug:slug>/launch/", launch_views.launch, name="launch"),
    path("campaigns/<slug:slug>/pause/", transition_views.pause, name="pause"),
    path("campaigns/<slug:slug>/resume/", transition_views.resume, name="resume"),
    path("campaigns/<slug:slug>/close/", transition_views.close, name="close"),
    path("campaigns/<slug:slug>/copy/", transition_views.copy, name="copy"),
    path("campaigns/<slug:slug>/delete/", archive_views.delete, name="delete"),
    path("campaigns/<slug:slug>/archive/", archive_views.archive_campaign, name="archive"),
    path("campaigns/<slug:slug>/bring-back/", archive_views.bring_back_campaign, name="bring-back"),
    path("campaigns/<slug:slug>/tags/", archive_views.change_tags, name="tags"),
    path("preview/", message_preview.message_preview, name="preview"),
]
