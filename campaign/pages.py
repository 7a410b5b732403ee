"""Routes of the staff pages about campaigns."""

from django.urls import path

from campaign import stop_pages, views, words_preview

app_name = "campaign"
urlpatterns = [
    path("", views.campaigns, name="list"),
    path("campaigns/<slug:slug>/", views.detail, name="detail"),
    path("campaigns/<slug:slug>/arms/<slug:arm>/", stop_pages.arm, name="arm"),
    path("preview/", words_preview.words, name="preview"),
]
