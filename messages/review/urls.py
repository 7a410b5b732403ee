"""Route of the page of what waits for a review."""

from django.urls import path

from messages.review import queue

app_name = "reviews"
urlpatterns = [path("", queue.queue, name="queue")]
