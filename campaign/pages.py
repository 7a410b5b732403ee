"""Routes of the staff pages about campaigns."""

from django.urls import path

from campaign import launch_page, plan_page, steps_page, stop_pages, views, wizard, words_preview

app_name = "campaign"
urlpatterns = [
    path("", views.campaigns, name="list"),
    path("campaigns/new/", wizard.new, name="plan-new"),
    path("campaigns/<slug:slug>/plan-it/", wizard.check, name="plan-check"),
    path("campaigns/<slug:slug>/plan-it/<slug:step>/", wizard.step, name="plan-step"),
    path("campaigns/<slug:slug>/plan-it/words/<slug:arm>/", wizard.words, name="plan-words"),
    path("campaigns/<slug:slug>/take-back/", wizard.take_back, name="take-back"),
    path("campaigns/<slug:slug>/", views.detail, name="detail"),
    path("campaigns/<slug:slug>/arms/<slug:arm>/", stop_pages.arm, name="arm"),
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
