"""Routes of the directory of help links."""

from django.urls import path

from messages.help_links import views

app_name = "help"
urlpatterns = [
    path("", views.directory, name="directory"),
    path("add/", views.add, name="add"),
    path("<slug:link>/", views.link, name="link"),
    path("<slug:link>/change/", views.change, name="change"),
    path("<slug:link>/check/", views.check, name="check"),
    path("<slug:link>/confirm/", views.confirm, name="confirm"),
    path("<slug:link>/withdraw/", views.withdraw, name="withdraw"),
    path("<slug:link>/retire/", views.retire, name="retire"),
    path("<slug:link>/restore/", views.restore, name="restore"),
]
