"""Routes below a message's page that stop it everywhere, and let it be shown again."""

from django.urls import path

from campaign.staff_site import lazy_views

app_name = "stopping"
urlpatterns = [
    path("<slug:key>/stop/", lazy_views.lazy_view("campaign.kill_switch.views.stop"), name="stop"),
    path("<slug:key>/lift/", lazy_views.lazy_view("campaign.kill_switch.views.lift"), name="lift"),
]
