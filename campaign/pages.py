"""Routes of the staff pages about campaigns."""

from django.urls import path

from campaign import views, words_preview

app_name = "campaign"
urlpatterns = [
    path("", views.campaigns, name="list"),
    path("campaigns/<slug:slug>/", views.detail, name="detail"),
    path("preview/", words_preview.words, name="preview"),
]
