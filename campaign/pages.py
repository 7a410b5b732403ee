"""Routes of the staff pages about campaigns."""

from django.urls import path

from campaign import launch_page, plan_page, steps_page, views, words_preview

app_name = "campaign"
urlpatterns = [
    path("", views.campaigns, name="list"),
    path("campaigns/<slug:slug>/", views.detail, name="detail"),
    path("campaigns/<slug:slug>/plan/", plan_page.plan, name="plan"),
    path("campaigns/<slug:slug>/plan/plan.json", plan_page.as_json, name="plan-json"),
    path("campaigns/<slug:slug>/plan/plan.pdf", plan_page.as_pdf, name="plan-pdf"),
    path("campaigns/<slug:slug>/plan/deviations/", plan_page.deviate, name="deviate"),
    path("campaigns/<slug:slug>/submit/", steps_page.submit, name="submit"),
    path("campaigns/<slug:slug>/approve/", steps_page.approve, name="approve"),
    path("campaigns/<slug:slug>/send-back/", steps_page.send_back, name="send-back"),
    path("campaigns/<slug:slug>/launch/", launch_page.launch, name="launch"),
    path("campaigns/<slug:slug>/pause/", steps_page.pause, name="pause"),
    path("campaigns/<slug:slug>/resume/", steps_page.resume, name="resume"),
    path("campaigns/<slug:slug>/close/", steps_page.close, name="close"),
    path("campaigns/<slug:slug>/copy/", steps_page.copy, name="copy"),
    path("preview/", words_preview.words, name="preview"),
]
