"""Routes below a message's page that stop it everywhere, and let it be shown again."""

from django.urls import path

from campaign import stop_pages

app_name = "stopping"
urlpatterns = [
    path("<slug:key>/stop/", stop_pages.stop, name="stop"),
    path("<slug:key>/lift/", stop_pages.lift, name="lift"),
]
