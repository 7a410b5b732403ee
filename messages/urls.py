"""Routes of the staff pages about messages."""

from django.urls import path

from messages import message_page, review_page, views

app_name = "messages"
_WORDS = "<slug:key>/<int:number>/<locale>"
urlpatterns = [
    path("", views.library, name="library"),
    path("<slug:key>/", message_page.message, name="message"),
    path(f"{_WORDS}/review/", review_page.page, name="review"),
    path(f"{_WORDS}/submit/", review_page.submit, name="submit"),
    path(f"{_WORDS}/comment/", review_page.comment, name="comment"),
    path(f"{_WORDS}/approve/", review_page.approve, name="approve"),
    path(f"{_WORDS}/send-back/", review_page.send_back, name="send_back"),
    path(f"{_WORDS}/withdraw/", review_page.withdraw, name="withdraw"),
]
