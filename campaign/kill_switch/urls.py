"""Routes below a message's page that stop it everywhere, and let it be shown again."""

from django.urls import path

from campaign.kill_switch import views

app_name = "stopping"
urlpatterns = [path("<slug:key>/stop/", views.stop, name="stop"), path("<slug:key>/lift/", views.lift, name="lift")]
