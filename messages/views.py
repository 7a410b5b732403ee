"""The library page: every message we could show, by frame, what it rests on and what a reviewer would say."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from messages import advice
from messages.lint import Remark
from messages.models import Frame, Message, Revision
from messages.render import direction_of
from messages.roles import ROLES, has_role


@dataclass(frozen=True, slots=True)
class Words:
    """One locale of a revision."""

    locale: str
    direction: str
    headline: str
    body: str
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """One revision with its words."""

    revision: Revision
    words: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One message: its wordings, and what their claims rest on."""

    message: Message
    wordings: tuple[Wording, ...]
    claims: tuple[str, ...]
    sources: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The messages of one frame."""

    key: str
    name: str
    cards: tuple[Card, ...]


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """Messages by frame; ?q= keeps those in which every word asked for is found."""
    if not has_role(request.user, *ROLES):
        raise PermissionDenied
    q = request.GET.get("q", "").strip()[:100]
    cards = [_card(message, list(found)) for message, found in groupby(_matching(q), key=lambda r: r.message)]
    shelves = [Shelf(f.value, str(f.label), tuple(c for c in cards if c.message.frame == f)) for f in Frame]
    context = {
        "q": q,
        "shelves": [shelf for shelf in shelves if shelf.cards],
        "helped": advice.on_help(timezone.localdate()),
        "found": sum(len(c.wordings) for c in cards),
    }
    return render(request, "messages/library.html", context)


def _matching(q: str) -> QuerySet[Revision]:
    """Revisions that are not withdrawn and contain every word asked for, in their words, theme or source."""
    revisions = (
        Revision.objects.exclude(state=Revision.State.WITHDRAWN)
        .select_related("message__theme")
        .prefetch_related("renditions")
        .order_by("message__theme__number", "message__key", "number")
    )
    for word in q.replace("\0", " ").split():
        revisions = revisions.filter(
            Q(renditions__headline__icontains=word)
            | Q(renditions__body__icontains=word)
            | Q(message__theme__name__icontains=word)
            | Q(message__key__icontains=word)
            | Q(sources__icontains=word)
        )
    return revisions.distinct()


def _card(message: Message, revisions: list[Revision]) -> Card:
    return Card(
        message=message,
        wordings=tuple(Wording(r, _words(r)) for r in revisions),
        claims=tuple(dict.fromkeys(r.get_claim_strength_display() for r in revisions)),
        sources=tuple(dict.fromkeys(str(source) for r in revisions for source in r.sources)),
        notes=tuple(dict.fromkeys(r.note for r in revisions if r.note)),
    )


def _words(revision: Revision) -> tuple[Words, ...]:
    remarks = advice.on_revision(revision)
    return tuple(
        Words(r.locale, direction_of(r.locale), r.headline, r.body, remarks[r.locale])
        for r in revision.renditions.all()
    )
