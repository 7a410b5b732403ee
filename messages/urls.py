"""Routes of the staff pages about messages."""

from django.urls import path

from messages.editor import new_message, translation_views
from messages.editor import views as editor_views
from messages.exchange import views as exchange_views
from messages.library import compare, message, views
from messages.review import views as review_views

app_name = "messages"
_WORDS = "<slug:key>/<int:number>/<locale>"
urlpatterns = [
    path("", views.library, name="library"),
    path("new/", new_message.new_message, name="new"),
    path("exchange/", exchange_views.page, name="exchange"),
    path("exchange/export/", exchange_views.export, name="export"),
    path("<slug:key>/", message.message, name="message"),
    path("<slug:key>/edit/<str:locale>/", editor_views.edit, name="edit"),
    path("<slug:key>/translate/", translation_views.translate, name="translate"),
    path("<slug:key>/compare/<int:a>/<int:b>/", compare.compare, name="compare"),
    path(f"{_WORDS}/review/", review_views.rendition_review, name="review"),
    path(f"{_WORDS}/submit/", review_views.submit, name="submit"),
    path(f"{_WORDS}/comment/", review_views.comment, name="comment"),
    path(f"{_WORDS}/approve/", review_views.approve, name="approve"),
    path(f"{_WORDS}/send-back/", review_views.send_back, name="send_back"),
    path(f"{_WORDS}/withdraw/", review_views.withdraw, name="withdraw"),
]
