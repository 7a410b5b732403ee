"""Routes of the staff pages about campaigns."""

from django.urls import path

from campaign import later, views, words_preview

app_name = "campaign"
urlpatterns = [
    path("", views.campaigns, name="list"),
    path("campaigns/new/", later.view("campaign.wizard.new"), name="plan-new"),
    path("campaigns/<slug:slug>/plan-it/", later.view("campaign.wizard.check"), name="plan-check"),
    path("campaigns/<slug:slug>/plan-it/<slug:step>/", later.view("campaign.wizard.step"), name="plan-step"),
    path("campaigns/<slug:slug>/plan-it/words/<slug:arm>/", later.view("campaign.wizard.words"), name="plan-words"),
    path("campaigns/<slug:slug>/take-back/", later.view("campaign.wizard.take_back"), name="take-back"),
    path("campaigns/<slug:slug>/", views.detail, name="detail"),
    path("campaigns/<slug:slug>/arms/<slug:arm>/", later.view("campaign.stop_pages.arm"), name="arm"),
    path("campaigns/<slug:slug>/plan/", later.view("campaign.plan_page.plan"), name="plan"),
    path("campaigns/<slug:slug>/plan/plan.json", later.view("campaign.plan_page.as_json"), name="plan-json"),
    path("campaigns/<slug:slug>/plan/plan.pdf", later.view("campaign.plan_page.as_pdf"), name="plan-pdf"),
    path("campaigns/<slug:slug>/plan/deviations/", later.view("campaign.plan_page.deviate"), name="deviate"),
    path("campaigns/<slug:slug>/submit/", later.view("campaign.steps_page.submit"), name="submit"),
    path("campaigns/<slug:slug>/approve/", later.view("campaign.steps_page.approve"), name="approve"),
    path("campaigns/<slug:slug>/send-back/", later.view("campaign.steps_page.send_back"), name="send-back"),
    path("campaigns/<slug:slug>/launch/", later.view("campaign.launch_page.launch"), name="launch"),
    path("campaigns/<slug:slug>/pause/", later.view("campaign.steps_page.pause"), name="pause"),
    path("campaigns/<slug:slug>/resume/", later.view("campaign.steps_page.resume"), name="resume"),
    path("campaigns/<slug:slug>/close/", later.view("campaign.steps_page.close"), name="close"),
    path("campaigns/<slug:slug>/copy/", later.view("campaign.steps_page.copy"), name="copy"),
    path("preview/", words_preview.words, name="preview"),
]
