"""Routes of the pages about one's own account."""

from django.urls import path

from messages.accounts import account_views

app_name = "account"
urlpatterns = [
    path("", account_views.home, name="home"),
    path("second-factor/", account_views.set_up, name="set-up"),
    path("second-factor/app/", account_views.app, name="app"),
    path("second-factor/passkey/", account_views.passkey, name="passkey"),
    path("second-factor/codes/", account_views.codes, name="codes"),
    path("second-factor/<int:pk>/remove/", account_views.remove_factor, name="remove-factor"),
    path("sessions/", account_views.end_sessions, name="end-sessions"),
    path("password/", account_views.password, name="password"),
    path("token/", account_views.token, name="token"),
]
