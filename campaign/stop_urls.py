"""Routes below a message's page that stop it everywhere, and let it be shown again."""

from django.urls import path

from campaign import later

app_name = "stopping"
urlpatterns = [
    path("<slug:key>/stop/", later.view("campaign.stop_pages.stop"), name="stop"),
    path("<slug:key>/lift/", later.view("campaign.stop_pages.lift"), name="lift"),
]
