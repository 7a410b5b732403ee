"""Pages of one's own account: second factors, sessions and password."""

from functools import partial

from django.contrib import messages as flash
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from messages.accounts import api_tokens, code_guesses, members, second_factors, sessions
from messages.accounts.forms import CodeForm, PasskeyForm, PasswordForm
from messages.accounts.login_attempts import GuessOf, TooManyAttempts, check_guess, wait_message
from messages.accounts.middleware import allow_without_second_factor, ask_to_sign_in_again
from messages.accounts.sign_in_views import allow_form_methods
from messages.accounts.step_up import confirmation_required, mark_confirmed
from messages.roles import ROLE_NAMES, current_user, main_role
from messages.staff_mail import mailboxes


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show one's own account."""
    user = current_user(request)
    role = main_role(user)
    context = {
        "role": ROLE_NAMES.get(role, ""),
        "held": [(factor, second_factors.passkey_name(factor)) for factor in second_factors.factors_of(user)],
        "failed_codes": code_guesses.recent_failures(user, now=timezone.now()),
        "codes_left": second_factors.unused_code_count(user),
        "sessions": sessions.sessions_of(user, current=request.session.session_key),
        "tokens": len(api_tokens.tokens_of(user)),
        "mail_is_confirmed": mailboxes.is_confirmed(user),
    }
    return render(request, "messages/accounts/account.html", context)


# A second factor


@allow_without_second_factor
@require_safe
def set_up(request: HttpRequest) -> HttpResponse:
    """Choose the kind of second factor: a passkey or an app."""
    first = not second_factors.has_factor(current_user(request))
    if first and sessions.has_passed_second_factor(request) and not request.session.get(sessions.FACTOR):
        first = False  # a demo, where a second factor is optional
    context = {"first": first, **(_app_context(request, CodeForm(), renew=True) if first else {})}
    return render(request, "messages/accounts/second_factor_set_up.html", context)


@allow_without_second_factor
@confirmation_required
@allow_form_methods
def set_up_app(request: HttpRequest) -> HttpResponse:
    """Set up an authenticator app: scan a QR code, then type a code."""
    user = current_user(request)
    if any(factor.type == second_factors.APP for factor in second_factors.factors_of(user)):
        flash.info(request, _("An authenticator app is already set up."))
        return HttpResponseRedirect(reverse("account:home"))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = _add_app(request, user, form)
        except second_factors.SecondFactorNotPassed:
            return ask_to_sign_in_again(request)
        if codes is not None:
            return _finish_setup(request, user, codes)
    context = _app_context(request, form, renew=request.method != "POST")
    return render(request, "messages/accounts/second_factor_app.html", context)


def _app_context(request: HttpRequest, form: CodeForm, *, renew: bool) -> dict[str, object]:
    """The secret of a new app, as a picture and in words, and the form for its first code."""
    secret = second_factors.app_secret(request, renew=renew)
    return {
        "form": form,
        "picture": mark_safe(  # noqa: S308  (drawn here, from a secret generated here)
            second_factors.qr_code_svg(second_factors.otpauth_url(current_user(request), secret))
        ),
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
    }


def _add_app(request: HttpRequest, user: User, form: CodeForm) -> list[str] | None:
    """Add the app if the code is right, and return new recovery codes; otherwise add an error to the form."""
    code = form.cleaned_data["code"]
    recovery_codes = second_factors.add_app(request, user, code) if code else None
    if not code:
        form.add_error("code", _("Enter the code that the app shows."))
    elif recovery_codes is None:
        form.add_error(
            "code",
            _(
                "That code is not correct. Try the next one. If it still fails, check that your phone sets "
                "its clock automatically."
            ),
        )
    return recovery_codes


@allow_without_second_factor
@confirmation_required
@allow_form_methods
def set_up_passkey(request: HttpRequest) -> HttpResponse:
    """Set up a passkey: name it, then create it in the browser."""
    user = current_user(request)
    form = PasskeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factors.add_passkey(request, user, **form.cleaned_data)
        except second_factors.SecondFactorNotPassed:
            return ask_to_sign_in_again(request)
        if codes is not None:
            return _finish_setup(request, user, codes)
        form.add_error("credential", _("That did not work. Try again."))
    context = {"form": form, "options": second_factors.begin_passkey_registration(user)}
    return render(request, "messages/accounts/second_factor_passkey.html", context)


def _finish_setup(request: HttpRequest, user: User, codes: list[str]) -> HttpResponse:
    """Mark the session as having a second factor, under a new key, and show the recovery codes once."""
    request.session.cycle_key()
    request.session[sessions.FACTOR] = True
    mark_confirmed(request)
    if not codes:
        flash.success(request, _("Your new second factor is set up."))
        return HttpResponseRedirect(reverse("account:home"))
    return render(request, "messages/accounts/second_factor_codes.html", {"codes": codes, "first": True})


@confirmation_required
@allow_form_methods
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Show how many recovery codes are left, or new ones once."""
    user = current_user(request)
    codes = []
    if request.method == "POST" and second_factors.has_factor(user):
        codes = second_factors.replace_recovery_codes(user)
    context = {"codes": codes, "left": second_factors.unused_code_count(user)}
    return render(request, "messages/accounts/second_factor_codes.html", context)


@confirmation_required
@allow_form_methods
def remove_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a second factor after asking once; the last one stays."""
    user = current_user(request)
    factor = next((factor for factor in second_factors.factors_of(user) if factor.pk == pk), None)
    if factor is None:
        raise Http404
    if request.method == "POST":
        try:
            second_factors.remove(user, pk)
        except second_factors.LastFactor:
            flash.error(request, _("This is your only second factor. Set up another one before you remove it."))
        else:
            flash.success(request, _("Removed."))
        return HttpResponseRedirect(reverse("account:home"))
    only = len(second_factors.factors_of(user)) == 1
    context = {"factor": factor, "name": second_factors.passkey_name(factor), "only": only}
    return render(request, "messages/accounts/second_factor_remove.html", context)


# Sessions, password


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End one other session, or all others and with them all API tokens."""
    user, handle = current_user(request), request.POST.get("handle") or None
    if handle is None:
        members.end_other_sessions(user, keep=request.session.session_key)
        flash.success(request, _("You have been signed out everywhere else, and your API tokens have been revoked."))
    elif sessions.end_sessions(user, handle=handle, keep=request.session.session_key):
        flash.success(request, _("Signed out of that session."))
    else:
        flash.info(request, _("You had no other sessions."))
    return HttpResponseRedirect(reverse("account:home") + "#sessions")


@allow_form_methods
@sensitive_post_parameters()
def change_password(request: HttpRequest) -> HttpResponse:
    """Change the password, and end every other session and all API tokens."""
    user = current_user(request)
    form = PasswordForm(request.POST or None, user=user, check_old=partial(_check_old_password, request, user))
    if request.method == "POST" and form.is_valid():
        members.change_password(user, form.cleaned_data["new"], keep=request.session.session_key)
        update_session_auth_hash(request, user)
        flash.success(
            request,
            _("Your password has been changed. Your other sessions were signed out and your API tokens revoked."),
        )
        return HttpResponseRedirect(reverse("account:home"))
    return render(request, "messages/accounts/password.html", {"form": form})


def _check_old_password(request: HttpRequest, user: User, old: str) -> None:
    """Raise ValidationError if the password is wrong; it counts like a failed attempt to sign in."""
    try:
        is_right = check_guess(request, GuessOf.TYPED_NAME, user.username, lambda: user.check_password(old))
    except TooManyAttempts as refused:
        raise ValidationError(wait_message(refused.seconds)) from None
    if not is_right:
        raise ValidationError(_("That is not your current password."))
