"""Routes of the pages about who is here."""

from django.urls import path

from messages.people import pages

app_name = "people"
urlpatterns = [
    path("", pages.people, name="list"),
    path("invite/", pages.invite, name="invite"),
    path("invitations/<int:pk>/", pages.invitation, name="invitation"),
    path("<int:pk>/", pages.person, name="person"),
]
