"""The view that previews a message for the editor: the real hosted page or embed, in a frame.

It belongs to campaign because the surroundings of a message do, which the messages app must not import. The frame is
sandboxed: its buttons do nothing, and nothing is sent or counted.
"""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from campaign.models import Placement
from campaign.serving import hosted_pages
from campaign.serving.locales import interface_language
from messages.models import Draft, Rendition
from messages.query_numbers import parse_whole_number
from messages.roles import STAFF_ROLES, require_role
from messages.text.language_tags import direction_of
from messages.text.rendering import RenderedMessage, body_html, shortened

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)
_COLOURS = ("light", "dark")


@require_safe
@xframe_options_sameorigin
def message_preview(request: HttpRequest) -> HttpResponse:
    """Preview one's own draft (?draft=) or a saved rendition (?rendition=) as ?place=, ?colours=, ?direction= say.

    Before the first word it shows where the words will stand, in the language ?locale=.
    """
    require_role(request.user, *STAFF_ROLES)
    assert isinstance(request.user, AbstractUser)
    text = _message_text(request, request.user)
    colours = request.GET.get("colours", "")
    placement = Placement(key="preview")
    context = hosted_pages.message_context(hosted_pages.message_payload(text, placement), placement, "", preview=True)
    context["colours"] = colours if colours in _COLOURS else ""
    template = "embed" if request.GET.get("place") == "embed" else "page"
    with translation.override(interface_language(text.locale)):  # all around the words, as visitors read it
        response = render(request, f"campaign/preview/{template}.html", context)
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


def _message_text(request: HttpRequest, user: AbstractUser) -> RenderedMessage:
    headline, body, locale = _load_text(request, user)
    direction = request.GET.get("direction", "")
    empty = _("The text will appear here")
    return RenderedMessage(
        headline=shortened(headline).strip() or _("The headline will appear here"),
        body_html=body_html(body) or f"<p>{empty}</p>",
        locale=locale,
        direction=direction if direction in ("ltr", "rtl") else direction_of(locale),
    )


def _load_text(request: HttpRequest, user: AbstractUser) -> tuple[str, str, str]:
    """Headline, body and locale; 404 for a draft of another user."""
    if number := request.GET.get("draft"):
        draft = _get_or_404(Draft.objects.filter(person_id=user.pk), number)
        fields: dict[str, Any] = draft.fields
        return str(fields.get("headline", "")), str(fields.get("body", "")).replace("\r\n", "\n"), draft.locale
    if number := request.GET.get("rendition"):
        rendition = _get_or_404(Rendition.objects.all(), number)
        return rendition.headline, rendition.body, rendition.locale
    return "", "", interface_language(request.GET.get("locale"))


def _get_or_404(queryset: Any, number: str) -> Any:
    return get_object_or_404(queryset, pk=parse_whole_number(number))
