"""Routes of the pages about partners."""

from django.urls import path

from campaign import later

app_name = "partners"
urlpatterns = [
    path("<int:pk>/", later.view("campaign.partners_page.partner"), name="partner"),
    path("<int:pk>/contacts/", later.view("campaign.partners_page.contacts"), name="contacts"),
]
