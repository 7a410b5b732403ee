"""Routes of the pages of one's own account."""

from django.urls import path

from messages.accounts import account_views

app_name = "account"
urlpatterns = [
    path("", account_views.home, name="home"),
    path("second-factor/", account_views.set_up, name="set-up"),
    path("second-factor/app/", account_views.set_up_app, name="app"),
    path("second-factor/passkey/", account_views.set_up_passkey, name="passkey"),
    path("second-factor/codes/", account_views.recovery_codes, name="codes"),
    path("second-factor/<int:pk>/remove/", account_views.remove_factor, name="remove-factor"),
    path("sessions/", account_views.end_sessions, name="end-sessions"),
    path("password/", account_views.change_password, name="password"),
    path("token/", account_views.api_token, name="token"),
]
