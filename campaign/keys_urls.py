"""Routes of the pages of the keys."""

from django.urls import path

from campaign import later

app_name = "keys"
urlpatterns = [
    path("", later.view("campaign.keys_page.keys"), name="list"),
    path("rotate/", later.view("campaign.keys_page.rotate"), name="rotate"),
    path("<slug:key>/destroy/", later.view("campaign.keys_page.destroy"), name="destroy"),
]
