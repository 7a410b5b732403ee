"""Route of the review queue."""

from django.urls import path

from messages.review import queue

app_name = "reviews"
urlpatterns = [path("", queue.queue, name="queue")]
