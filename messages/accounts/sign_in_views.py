"""Sign in and out, accept an invitation, and confirm one's identity."""

import time
from typing import Any

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, authenticate, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from messages.accounts import invitations, second_factors, sessions, step_up
from messages.accounts.forms import CodeForm, JoinForm, SignInForm
from messages.accounts.login_attempts import GuessOf, TooManyAttempts, check_guess, wait_message
from messages.accounts.middleware import ENDED_IDLE_KEY, allow_without_second_factor
from messages.networks import PROXY_HEADERS, is_this_machine
from messages.roles import OUTSIDE_REVIEWER, PARTNER_CONTACT, ROLE_NAMES, STAFF_ROLES, current_user, has_role

PENDING, PENDING_SECONDS = "pending_sign_in", 600
allow_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@login_not_required
@allow_form_methods
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Check name and password. Wrong names and wrong passwords get the same answer."""
    onward = _onward(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect(onward or _home_url(request.user))
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = _authenticate(request, form)
        if user is not None:
            return _complete_first_step(request, user, onward)
    context = {"form": form, "next": onward, "was_idle": request.session.pop(ENDED_IDLE_KEY, False)}
    return render(request, "messages/accounts/sign_in.html", context)


def _authenticate(request: HttpRequest, form: SignInForm) -> User | None:
    """The user with this name and password; otherwise None, and an error in the form."""
    user = None

    def is_right() -> bool:
        nonlocal user
        user = authenticate(request, **form.cleaned_data)
        return user is not None

    try:
        if check_guess(request, GuessOf.TYPED_NAME, form.cleaned_data["username"], is_right):
            return user
    except TooManyAttempts as refused:
        form.add_error(None, wait_message(refused.seconds))
        return None
    form.add_error(None, _("The name or the password is not correct. Check capital letters."))
    return None


def _complete_first_step(request: HttpRequest, user: User, onward: str) -> HttpResponse:
    """Continue with the second step, or sign in if there is no second factor; the middleware asks to set one up."""
    if second_factors.has_factor(user):
        request.session.cycle_key()
        request.session[PENDING] = {"user": user.pk, "at": int(time.time()), "hash": user.get_session_auth_hash()}
        return HttpResponseRedirect(_with_next(reverse("second-step"), onward))
    sessions.start_session(request, user, factor=False)
    step_up.mark_confirmed(request)
    return HttpResponseRedirect(onward or _home_url(user))


@login_not_required
@allow_form_methods
def second_step(request: HttpRequest) -> HttpResponse:
    """Check a code or a passkey."""
    onward = _onward(request)
    user = _pending_user(request)
    if user is None:
        return HttpResponseRedirect(_with_next(reverse("login"), onward))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _check_second_factor(request, user, form):
        del request.session[PENDING]
        sessions.start_session(request, user, factor=True)
        step_up.mark_confirmed(request)
        return HttpResponseRedirect(onward or _home_url(user))
    context = {"form": form, "next": onward, "name": user.username, **_factor_options(user)}
    return render(request, "messages/accounts/second_step.html", context)


def _pending_user(request: HttpRequest) -> User | None:
    """The user who passed the first step in the last ten minutes, unless the password was changed since."""
    pending = request.session.get(PENDING)
    if not pending or time.time() - pending["at"] > PENDING_SECONDS:
        return None
    user = User.objects.filter(pk=pending["user"], is_active=True).first()
    return user if user is not None and user.get_session_auth_hash() == pending["hash"] else None


def _factor_options(user: User) -> dict[str, Any]:
    """The page's options: a passkey if there is one; codes always, because recovery codes are codes."""
    types = {factor.type for factor in second_factors.factors_of(user)}
    return {"passkey": second_factors.begin_passkey_authentication(user), "has_app": second_factors.APP in types}


def _check_second_factor(request: HttpRequest, user: User, form: CodeForm) -> bool:
    """Whether the code or passkey is right; if not, add an error to the form."""
    code, credential = form.cleaned_data["code"], form.cleaned_data["credential"]
    if not code and not credential:
        form.add_error("code", _("Enter a code."))
        return False

    try:
        if credential:  # a signature cannot be guessed: it waits for no codes, and no code waits for it
            is_right = check_guess(
                request, GuessOf.PASSKEY, str(user.pk), lambda: second_factors.check_passkey(user, credential)
            )
        else:
            is_right = second_factors.check_code(user, code)
        if is_right:
            return True
    except TooManyAttempts as refused:
        form.add_error("code", wait_message(refused.seconds))
        return False
    if credential:
        form.add_error("credential", _("That passkey does not belong to this account. Try again, or use a code."))
    else:
        form.add_error(
            "code",
            _("That code is not correct, or it has already been used. Your app shows a new one every 30 seconds."),
        )
    return False


@allow_without_second_factor
@allow_form_methods
@sensitive_post_parameters("password")
def confirm_identity(request: HttpRequest) -> HttpResponse:
    """Confirm one's identity by a code or a passkey, or by the password if there is no second factor yet."""
    user, onward = current_user(request), _onward(request)
    by_password = not second_factors.has_factor(user)
    form: CodeForm | SignInForm = CodeForm(request.POST or None)
    if by_password:
        form = SignInForm({"username": user.username, "password": request.POST.get("password", "")})
    if request.method == "POST" and form.is_valid():
        if isinstance(form, SignInForm):
            is_right = _authenticate(request, form) == user
        else:
            is_right = _check_second_factor(request, user, form)
        if is_right:
            step_up.mark_confirmed(request)
            return HttpResponseRedirect(onward or _home_url(user))
    if request.method != "POST" and by_password:
        form = SignInForm()
    context = {"form": form, "next": onward, "by_password": by_password}
    return render(request, "messages/accounts/confirm.html", context | ({} if by_password else _factor_options(user)))


@allow_without_second_factor
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    return HttpResponseRedirect(resolve_url(settings.LOGOUT_REDIRECT_URL))


@login_not_required
@allow_form_methods
@sensitive_post_parameters("password")
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an invitation: choose a name and a password, then set up a second factor."""
    if request.user.is_authenticated:
        return render(request, "messages/accounts/invitation_invalid.html", {"signed_in": True}, status=403)
    try:
        invitation = invitations.by_token(token, here=_is_here(request), now=timezone.now())
        form = JoinForm(request.POST or None, email=invitation.email)
        if request.method == "POST" and form.is_valid():
            user = invitations.accept(token, here=_is_here(request), now=timezone.now(), **form.cleaned_data)
            sessions.start_session(request, user, factor=False)
            step_up.mark_confirmed(request)
            return HttpResponseRedirect(reverse("account:set-up"))
    except IntegrityError:  # somebody else took the name at the same moment
        form.add_error("username", _("Someone here already uses this name. Choose another."))
    except invitations.InvitationOver:
        return render(request, "messages/accounts/invitation_invalid.html", status=404)
    role = ROLE_NAMES.get(invitation.role, invitation.role)
    return render(request, "messages/accounts/welcome.html", {"form": form, "invitation": invitation, "role": role})


def _is_here(request: HttpRequest) -> bool:
    """Whether the browser is on the machine that the site runs on."""
    return is_this_machine(
        request.META.get("REMOTE_ADDR", ""), (request.headers.get(name, "") for name in PROXY_HEADERS)
    )


def _onward(request: HttpRequest) -> str:
    """The page to continue with, if it is on this site."""
    url = request.POST.get(REDIRECT_FIELD_NAME, request.GET.get(REDIRECT_FIELD_NAME, ""))
    is_safe = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if is_safe else ""


def _with_next(address: str, onward: str) -> str:
    return f"{address}?{urlencode({REDIRECT_FIELD_NAME: onward})}" if onward else address


def _home_url(user: Any) -> str:
    """The first page for a user: campaigns, placements for partner contacts, or their own account."""
    if has_role(user, *STAFF_ROLES, OUTSIDE_REVIEWER):
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    return resolve_url("placements:list" if has_role(user, PARTNER_CONTACT) else "account:home")
