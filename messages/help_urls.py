"""Routes of the directory of help links."""

from django.urls import path

from messages import help_pages

app_name = "help"
urlpatterns = [
    path("", help_pages.directory, name="directory"),
    path("add/", help_pages.add, name="add"),
    path("<slug:link>/", help_pages.link, name="link"),
    path("<slug:link>/change/", help_pages.change, name="change"),
    path("<slug:link>/check/", help_pages.check, name="check"),
    path("<slug:link>/retire/", help_pages.retire, name="retire"),
    path("<slug:link>/restore/", help_pages.restore, name="restore"),
]
