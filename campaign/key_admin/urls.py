"""Routes of the key pages."""

from django.urls import path

from campaign.key_admin import views

app_name = "keys"
urlpatterns = [
    path("", views.key_list, name="list"),
    path("rotate/", views.key_rotate, name="rotate"),
    path("<slug:key>/destroy/", views.key_destroy, name="destroy"),
]
