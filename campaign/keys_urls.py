"""Routes of the pages of the keys."""

from django.urls import path

from campaign import keys_page

app_name = "keys"
urlpatterns = [
    path("", keys_page.keys, name="list"),
    path("rotate/", keys_page.rotate, name="rotate"),
    path("<slug:key>/destroy/", keys_page.destroy, name="destroy"),
]
