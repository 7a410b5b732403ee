"""The pages of a shared link: it asks for the address, then for the mailed code, then shows the results."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from analytics.export.look_tables import NotExportable
from analytics.export.page_without_account import (
    audience_languages,
    outside_page_context,
    render_outside_page,
    wanted_language,
)
from analytics.models import SharedLink
from analytics.shared_links import codes
from analytics.shared_links.forms import MailedCodeForm, NamedPersonForm
from analytics.shared_links.links import LinkOver, find_link, shareable_look
from analytics.shared_links.opened import close, is_open, mark_open
from messages.accounts.login_attempts import GuessOf, TooManyAttempts, count_request, wait_message

LinkView = Callable[[HttpRequest, SharedLink, str], HttpResponse]
allow_form_methods = require_http_methods(["GET", "HEAD", "POST"])


def _of_link(view: LinkView) -> Callable[[HttpRequest, str], HttpResponse]:
    """Decorator that finds the link. One that does not work any more looks like one that never was."""

    @wraps(view)
    def wrapper(request: HttpRequest, token: str) -> HttpResponse:
        try:
            link = find_link(token, now=timezone.now())
            with translation.override(_spoken_language(request, link)):
                response = view(request, link, token)
        except LinkOver:
            response = render(request, "analytics/shared_links/over.html", status=404)
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return login_not_required(wrapper)


def _spoken_language(request: HttpRequest, link: SharedLink) -> str:
    """The language in which the steps are asked; their few words are translated in each that visitors' pages speak."""
    return wanted_language(request, [*dict(settings.LANGUAGES), *audience_languages(link.campaign)])


@allow_form_methods
@sensitive_post_parameters("email")
@_of_link
def ask(request: HttpRequest, link: SharedLink, token: str) -> HttpResponse:
    """Ask for the address, and lead on to the code whether it is right or not."""
    if is_open(request, link):
        return redirect("analytics:shared-results", token)
    form = NamedPersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            count_request(request, GuessOf.LINK_ADDRESS, link.digest)
            language, address = translation.get_language() or settings.LANGUAGE_CODE, form.cleaned_data["email"]
            codes.ask_for_code(link, address=address, language=language, now=timezone.now())
            return redirect("analytics:shared-code", token)
        except TooManyAttempts as refused:
            form.add_error("email", wait_message(refused.seconds))
    return render(request, "analytics/shared_links/address.html", {"form": form})


@allow_form_methods
@sensitive_post_parameters("code")
@_of_link
def enter_code(request: HttpRequest, link: SharedLink, token: str) -> HttpResponse:
    """Check the code, and open the results in this browser."""
    form = MailedCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if codes.check_code(link, form.cleaned_data["code"], now=timezone.now()):
                mark_open(request, link)
                return redirect("analytics:shared-results", token)
            form.add_error("code", codes.wrong_code_message())
        except TooManyAttempts as refused:
            form.add_error("code", wait_message(refused.seconds))
    context = {"form": form, "token": token, "minutes": codes.CODE_MINUTES}
    return render(request, "analytics/shared_links/code.html", context)


@require_safe
@_of_link
def results(request: HttpRequest, link: SharedLink, token: str) -> HttpResponse:
    """Show the newest planned look, in the language that `?language=` or the browser asks for."""
    if not is_open(request, link):
        return redirect("analytics:shared", token)
    analysis = shareable_look(link.campaign)
    if analysis is None:
        return render(request, "analytics/shared_links/unreadable.html")
    template, more = "analytics/shared_links/results.html", {"link": link, "token": token}
    try:
        return render_outside_page(request, link.campaign, template, lambda: {**outside_page_context(analysis), **more})
    except NotExportable:
        return render(request, "analytics/shared_links/unreadable.html")


@require_POST
@_of_link
def close_results(request: HttpRequest, link: SharedLink, token: str) -> HttpResponse:
    """Close the results in this browser; a new code opens them again."""
    close(request, link)
    return redirect("analytics:shared", token)
