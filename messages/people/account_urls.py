"""Routes of the pages about one's own account."""

from django.urls import path

from messages.people import account

app_name = "account"
urlpatterns = [
    path("", account.home, name="home"),
    path("second-factor/", account.set_up, name="set-up"),
    path("second-factor/app/", account.app, name="app"),
    path("second-factor/passkey/", account.passkey, name="passkey"),
    path("second-factor/codes/", account.codes, name="codes"),
    path("second-factor/<int:pk>/remove/", account.remove_factor, name="remove-factor"),
    path("sessions/", account.end_sessions, name="end-sessions"),
    path("password/", account.password, name="password"),
    path("token/", account.token, name="token"),
]
