"""Route of the page of what waits for a review."""

from django.urls import path

from messages import review_queue

app_name = "reviews"
urlpatterns = [path("", review_queue.queue, name="queue")]
