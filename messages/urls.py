"""Routes of the staff pages about messages."""

from django.urls import path

from messages import diff_page, edit_page, exchange_page, message_page, new_page, review_page, views

app_name = "messages"
_WORDS = "<slug:key>/<int:number>/<locale>"
urlpatterns = [
    path("", views.library, name="library"),
    path("new/", new_page.new, name="new"),
    path("exchange/", exchange_page.page, name="exchange"),
    path("exchange/export/", exchange_page.export, name="export"),
    path("<slug:key>/", message_page.message, name="message"),
    path("<slug:key>/edit/<str:locale>/", edit_page.edit, name="edit"),
    path("<slug:key>/translate/", edit_page.translate, name="translate"),
    path("<slug:key>/compare/<int:a>/<int:b>/", diff_page.compare, name="compare"),
    path(f"{_WORDS}/review/", review_page.page, name="review"),
    path(f"{_WORDS}/submit/", review_page.submit, name="submit"),
    path(f"{_WORDS}/comment/", review_page.comment, name="comment"),
    path(f"{_WORDS}/approve/", review_page.approve, name="approve"),
    path(f"{_WORDS}/send-back/", review_page.send_back, name="send_back"),
    path(f"{_WORDS}/withdraw/", review_page.withdraw, name="withdraw"),
]
