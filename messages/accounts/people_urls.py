"""Routes of the pages on which administrators manage people."""

from django.urls import path

from messages.accounts import people_views

app_name = "people"
urlpatterns = [
    path("", people_views.people, name="list"),
    path("invite/", people_views.invite, name="invite"),
    path("invitations/<int:pk>/", people_views.update_invitation, name="invitation"),
    path("<int:pk>/", people_views.person, name="person"),
]
