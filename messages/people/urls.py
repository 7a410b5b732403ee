"""Routes of coming in and going out."""

from django.urls import include, path

from messages.people import sign_in

urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="login"),
    path("sign-in/second-step/", sign_in.second_step, name="second-step"),
    path("sign-out/", sign_in.sign_out, name="logout"),
    path("welcome/<str:token>/", sign_in.welcome, name="welcome"),
    path("account/confirm/", sign_in.confirm, name="confirm"),
    path("account/", include("messages.people.account_urls")),
    path("people/", include("messages.people.people_urls")),
]
