"""Routes of signing in and out, of one's own account, and of people."""

from django.urls import include, path

from messages.accounts import account_views, mail_views, people_views, sign_in_views, token_views

_account_patterns = [
    path("", account_views.home, name="home"),
    path("second-factor/", account_views.set_up, name="set-up"),
    path("second-factor/app/", account_views.set_up_app, name="app"),
    path("second-factor/passkey/", account_views.set_up_passkey, name="passkey"),
    path("second-factor/codes/", account_views.recovery_codes, name="codes"),
    path("second-factor/<int:pk>/remove/", account_views.remove_factor, name="remove-factor"),
    path("sessions/", account_views.end_sessions, name="end-sessions"),
    path("password/", account_views.change_password, name="password"),
    path("mail/", mail_views.mail, name="mail"),
    path("mail/address/", mail_views.confirm_address, name="mail-address"),
    path("tokens/", token_views.tokens, name="tokens"),
    path("tokens/<int:pk>/", token_views.delete_token, name="token"),
]
_people_patterns = [
    path("", people_views.people, name="list"),
    path("invite/", people_views.invite, name="invite"),
    path("invitations/<int:pk>/", people_views.update_invitation, name="invitation"),
    path("<int:pk>/", people_views.person, name="person"),
]
urlpatterns = [
    path("sign-in/", sign_in_views.sign_in, name="login"),
    path("sign-in/second-step/", sign_in_views.second_step, name="second-step"),
    path("sign-out/", sign_in_views.sign_out, name="logout"),
    path("welcome/<str:token>/", sign_in_views.welcome, name="welcome"),
    path("account/confirm/", sign_in_views.confirm_identity, name="confirm"),
    path("account/", include((_account_patterns, "account"))),
    path("people/", include((_people_patterns, "people"))),
]
