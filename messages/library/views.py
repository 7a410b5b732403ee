"""The library page: every message we could show, by frame, theme, language and state, with search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import groupby
from urllib.parse import urlencode

from django.contrib.auth.models import AbstractUser
from django.core.paginator import Page, Paginator
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from messages.editor import drafts
from messages.help_links import directory
from messages.i18n.languages import language_name
from messages.models import Draft, Frame, Message, Rendition, Revision, Theme
from messages.review import message_lint
from messages.roles import MANAGER, STAFF_ROLES, has_role, require_role
from messages.text.rendering import direction_of

PER_PAGE = 30
_DRAFTS_MOST = 5
AUTHOR_FILTERS = {"starter": _("The starter library"), "us": _("Our own")}


@dataclass(frozen=True, slots=True)
class LibraryFilter:
    """What the reader asks for; an empty value asks for nothing."""

    q: str = ""
    frame: str = ""
    theme: str = ""
    language: str = ""
    state: str = ""
    by: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> LibraryFilter:
        said = {field.name: query.get(field.name, "").replace("\0", " ").strip()[:100] for field in fields(cls)}
        closed = {"frame": Frame.values, "state": Revision.State.values, "by": AUTHOR_FILTERS}
        if any(said[name] and said[name] not in known for name, known in closed.items()):
            raise Http404
        return cls(**said)

    @property
    def has_facets(self) -> bool:
        """Whether it asks for more than words."""
        return any((self.frame, self.theme, self.language, self.state, self.by))

    @property
    def is_active(self) -> bool:
        return self.has_facets or bool(self.q)

    def page_url(self, number: int) -> str:
        """The address of one page of what was asked for."""
        said = {field.name: getattr(self, field.name) for field in fields(self)} | {
            "page": number if number > 1 else ""
        }
        return "?" + urlencode({name: value for name, value in said.items() if value})


@dataclass(frozen=True, slots=True)
class MessageCard:
    """One message: its newest words that were asked for, and how many wordings it has."""

    message: Message
    revision: Revision
    rendition: Rendition | None
    direction: str
    wordings: int
    languages: tuple[str, ...]
    must_count: int
    should_count: int


@dataclass(frozen=True, slots=True)
class FrameGroup:
    """The messages of one frame."""

    key: str
    name: str
    cards: tuple[MessageCard, ...]


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """?q= keeps messages in which every word asked for is found; ?frame= and so on narrow them down."""
    require_role(request.user, *STAFF_ROLES)
    asked = LibraryFilter.from_query(request.GET)
    may_write = has_role(request.user, MANAGER)
    revisions = search_revisions(asked)
    page = _page(_messages(revisions), request.GET.get("page", "1"))
    shelves = _shelves(page, revisions, asked.language)
    context = {
        "asked": asked,
        "frames": Frame.choices,
        "themes": Theme.objects.all(),
        "languages": [(code, language_name(code)) for code in _languages()],
        "states": Revision.State.choices,
        "by": AUTHOR_FILTERS,
        "shelves": shelves,
        "found": page.paginator.count,
        "page": page,
        "newer": asked.page_url(page.number - 1) if page.has_previous() else "",
        "older": asked.page_url(page.number + 1) if page.has_next() else "",
        "helped": () if asked.is_active else directory.lint_help_directory(timezone.localdate()),
        "may_write": may_write,
        "unfinished": _unfinished(request) if may_write else [],
    }
    return render(request, "messages/library/library.html", context)


def search_revisions(asked: LibraryFilter) -> QuerySet[Revision]:
    """Revisions with all that is asked for; withdrawn ones only if they are asked for."""
    revisions = Revision.objects.all()
    withdrawn = Q(state=Revision.State.WITHDRAWN)
    revisions = revisions.filter(state=asked.state) if asked.state else revisions.exclude(withdrawn)
    if asked.frame:
        revisions = revisions.filter(message__frame=asked.frame)
    if asked.theme:
        revisions = revisions.filter(message__theme__key=asked.theme)
    if asked.language:
        revisions = revisions.filter(renditions__locale=asked.language)
    if asked.by:
        revisions = revisions.filter(author=None) if asked.by == "starter" else revisions.exclude(author=None)
    for word in asked.q.split():
        revisions = revisions.filter(
            Q(renditions__headline__icontains=word)
            | Q(renditions__body__icontains=word)
            | Q(message__theme__name__icontains=word)
            | Q(message__key__icontains=word)
            | Q(sources__icontains=word)
        )
    return revisions.distinct()


def _messages(revisions: QuerySet[Revision]) -> QuerySet[Message]:
    """By frame, in the order of the frames, then by theme."""
    order = Case(
        *(When(frame=value, then=Value(position)) for position, value in enumerate(Frame.values)),
        output_field=IntegerField(),
    )
    found = Message.objects.filter(pk__in=revisions.order_by().values("message"))
    return found.select_related("theme").order_by(order, "theme__number", "theme__name", "key")


def _page(messages: QuerySet[Message], asked: str) -> Page[Message]:
    pages = Paginator(messages, PER_PAGE)
    if not (asked.isascii() and asked.isdigit() and 1 <= int(asked[:9]) <= pages.num_pages):
        raise Http404
    return pages.page(int(asked))


def _shelves(page: Page[Message], revisions: QuerySet[Revision], language: str) -> list[FrameGroup]:
    shown = list(page.object_list)
    rows = revisions.filter(message__in=shown).order_by("message", "-number").values_list("message", "pk", "number")
    numbers = {
        message: [pk for _message, pk, _number in found] for message, found in groupby(rows, key=lambda row: row[0])
    }
    newest = Revision.objects.prefetch_related("renditions").in_bulk([pks[0] for pks in numbers.values()])
    cards = [
        _card(message, newest[numbers[message.pk][0]], wordings=len(numbers[message.pk]), language=language)
        for message in shown
    ]
    return [
        FrameGroup(frame, str(Frame(frame).label), tuple(found))
        for frame, found in groupby(cards, key=lambda c: c.message.frame)
    ]


def _card(message: Message, newest: Revision, *, wordings: int, language: str) -> MessageCard:
    renditions = sorted(newest.renditions.all(), key=lambda rendition: (rendition.locale != language, rendition.pk))
    rendition = renditions[0] if renditions else None
    remarks = message_lint.lint_revision(newest).get(rendition.locale, ()) if rendition else ()
    musts = len(message_lint.blocking_remarks(remarks))
    return MessageCard(
        message=message,
        revision=newest,
        rendition=rendition,
        direction=direction_of(rendition.locale) if rendition else "ltr",
        wordings=wordings,
        languages=tuple(language_name(code) for code in dict.fromkeys(r.locale for r in renditions)),
        must_count=musts,
        should_count=len(remarks) - musts,
    )


def _languages() -> list[str]:
    return list(Rendition.objects.order_by("locale").values_list("locale", flat=True).distinct())


def _unfinished(request: HttpRequest) -> list[Draft]:
    """What a writer has typed and not saved, so that they find it again."""
    assert isinstance(request.user, AbstractUser)
    return list(drafts.unsaved_drafts(request.user)[:_DRAFTS_MOST])
