"""Routes of the staff pages about campaigns."""

from django.urls import path

from campaign import stop_pages, views, wizard, words_preview

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
    path("preview/", words_preview.words, name="preview"),
]
