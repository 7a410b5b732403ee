"""Routes of the staff pages about messages."""

from django.urls import path

from messages import diff_page, edit_page, message_page, new_page, views

app_name = "messages"
urlpatterns = [
    path("", views.library, name="library"),
    path("new/", new_page.new, name="new"),
    path("<slug:key>/", message_page.message, name="message"),
    path("<slug:key>/edit/<str:locale>/", edit_page.edit, name="edit"),
    path("<slug:key>/translate/", edit_page.translate, name="translate"),
    path("<slug:key>/compare/<int:a>/<int:b>/", diff_page.compare, name="compare"),
]
