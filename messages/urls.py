"""Routes of the staff pages about messages."""

from django.urls import path

from messages import views

app_name = "messages"
urlpatterns = [path("", views.library, name="library")]
