"""Routes of the pages about partners."""

from django.urls import path

from campaign import partners_page

app_name = "partners"
urlpatterns = [
    path("<int:pk>/", partners_page.partner, name="partner"),
    path("<int:pk>/contacts/", partners_page.contacts, name="contacts"),
]
