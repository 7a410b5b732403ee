"""Routes of the pages about partners."""

from django.urls import path

from campaign.placements import partner_views

app_name = "partners"
urlpatterns = [
    path("<int:pk>/", partner_views.partner_detail, name="partner"),
    path("<int:pk>/contacts/", partner_views.partner_contacts, name="contacts"),
]
