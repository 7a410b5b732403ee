"""Words as the audience would see them, before anyone does: the real page and embed, in a frame of the editor.

It lives here and not beside the editor, because what surrounds the words belongs to campaigns, of which messages knows
nothing. The frame is sandboxed: no button in it does anything, and nothing is sent or counted.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from campaign.models import Placement
from campaign.serving import hosted_pages
from messages.models import Draft, Rendition
from messages.roles import STAFF_ROLES, require_role
from messages.text.rendering import RenderedMessage, body_html, direction_of

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)
_COLOURS = ("light", "dark")


@require_safe
@xframe_options_sameorigin
def message_preview(request: HttpRequest) -> HttpResponse:
    """?draft= shows one's own draft, ?rendition= words that are saved; ?place=, ?colours= and ?direction= say how."""
    require_role(request.user, *STAFF_ROLES)
    assert isinstance(request.user, AbstractUser)
    shown = _words(request, request.user)
    colours = request.GET.get("colours", "")
    message = hosted_pages.message_payload(shown, Placement(key="preview"))
    context = {
        "message": message,
        "act": {action["outcome"]: action for action in message["actions"]},
        "placement": "preview",
        "receipt": "",
        "preview": True,
        "colours": colours if colours in _COLOURS else "",
    }
    template = "embed" if request.GET.get("place") == "embed" else "page"
    response = render(request, f"campaign/preview/{template}.html", context)
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


def _words(request: HttpRequest, person: AbstractUser) -> RenderedMessage:
    headline, body, locale = _found(request, person)
    direction = request.GET.get("direction", "")
    return RenderedMessage(
        headline=headline.strip() or _("The headline will stand here"),
        body_html=body_html(body) or f"<p>{_('The words will stand here.')}</p>",
        locale=locale,
        direction=direction if direction in ("ltr", "rtl") else direction_of(locale),
    )


def _found(request: HttpRequest, person: AbstractUser) -> tuple[str, str, str]:
    """Headline, body and language; a draft of somebody else is not there."""
    if number := request.GET.get("draft"):
        draft = _one(Draft.objects.filter(person_id=person.pk), number)
        fields: dict[str, Any] = draft.fields
        return str(fields.get("headline", "")), str(fields.get("body", "")).replace("\r\n", "\n"), draft.locale
    if number := request.GET.get("rendition"):
        rendition = _one(Rendition.objects.all(), number)
        return rendition.headline, rendition.body, rendition.locale
    return "", "", "en"


def _one(rows: Any, number: str) -> Any:
    found = rows.filter(pk=int(number)).first() if number.isascii() and number.isdigit() and len(number) < 19 else None
    if found is None:
        raise Http404
    return found
