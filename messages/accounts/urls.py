"""Routes of signing in and out, of one's own account, and of people."""

from django.urls import include, path

from messages.accounts import sign_in_views

urlpatterns = [
    path("sign-in/", sign_in_views.sign_in, name="login"),
    path("sign-in/second-step/", sign_in_views.second_step, name="second-step"),
    path("sign-out/", sign_in_views.sign_out, name="logout"),
    path("welcome/<str:token>/", sign_in_views.welcome, name="welcome"),
    path("account/confirm/", sign_in_views.confirm_identity, name="confirm"),
    path("account/", include("messages.accounts.account_urls")),
    path("people/", include("messages.accounts.people_urls")),
]
