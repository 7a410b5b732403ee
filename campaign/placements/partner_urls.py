"""Routes of the pages about partners."""

from django.urls import path

from campaign.staff_site import lazy_views

app_name = "partners"
urlpatterns = [
    path("<int:pk>/", lazy_views.lazy_view("campaign.placements.partner_views.partner_detail"), name="partner"),
    path(
        "<int:pk>/contacts/",
        lazy_views.lazy_view("campaign.placements.partner_views.partner_contacts"),
        name="contacts",
    ),
]
