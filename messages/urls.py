"""Routes of the staff pages about messages."""

from django.urls import path

from messages import exchange_page, views

app_name = "messages"
urlpatterns = [
    path("", views.library, name="library"),
    path("exchange/", exchange_page.page, name="exchange"),
    path("exchange/export/", exchange_page.export, name="export"),
]
