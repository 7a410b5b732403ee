"""The library page: all messages, with filters and search."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import groupby
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from messages.editor import drafts
from messages.help_links import directory
from messages.i18n.languages import language_name
from messages.models import Frame, Message, Rendition, Revision, Theme
from messages.query_numbers import find_page
from messages.review import message_lint
from messages.roles import MANAGER, STAFF_ROLES, current_user, has_role, require_role
from messages.search_words import search_words, typed_search
from messages.text.language_tags import direction_of

PER_PAGE = 30
_MAX_DRAFTS = 5
AUTHOR_FILTERS = {"starter": _("The starter library"), "us": _("Our own")}


@dataclass(frozen=True, slots=True)
class LibraryFilter:
    """The filters of the page; an empty value does not filter."""

    q: str = ""
    frame: str = ""
    theme: str = ""
    language: str = ""
    state: str = ""
    by: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "LibraryFilter":
        values = {field.name: typed_search(query.get(field.name, "")) for field in fields(cls)}
        choices = {"frame": Frame.values, "state": Revision.State.values, "by": AUTHOR_FILTERS}
        if any(values[name] and values[name] not in allowed for name, allowed in choices.items()):
            raise Http404
        return cls(**values)

    @property
    def has_facets(self) -> bool:
        """Whether a filter other than the search is set."""
        return any((self.frame, self.theme, self.language, self.state, self.by))

    @property
    def is_active(self) -> bool:
        return self.has_facets or bool(self.q)

    def page_url(self, number: int) -> str:
        """The URL of a page with the same filters."""
        values = {**asdict(self), "page": number if number > 1 else ""}
        return "?" + urlencode({name: value for name, value in values.items() if value})


@dataclass(frozen=True, slots=True)
class MessageCard:
    """A message with its newest matching revision, and the number of matching revisions."""

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
    """List the messages; ?q= searches for all of its words, ?frame= and the others filter."""
    require_role(request.user, *STAFF_ROLES)
    filters = LibraryFilter.from_query(request.GET)
    may_write = has_role(request.user, MANAGER)
    revisions = search_revisions(filters)
    page = _page(_messages(revisions), request.GET.get("page", "1"))
    frame_groups = _frame_groups(page, revisions, filters.language)
    used_locales = Rendition.objects.order_by("locale").values_list("locale", flat=True).distinct()
    context = {
        "asked": filters,
        "frames": Frame.choices,
        "themes": Theme.objects.all(),
        "languages": [(code, language_name(code)) for code in used_locales],
        "states": Revision.State.choices,
        "by": AUTHOR_FILTERS,
        "shelves": frame_groups,
        "found": page.paginator.count,
        "page": page,
        "newer": filters.page_url(page.number - 1) if page.has_previous() else "",
        "older": filters.page_url(page.number + 1) if page.has_next() else "",
        "helped": () if filters.is_active else directory.lint_help_directory(timezone.localdate()),
        "may_write": may_write,
        "unfinished": list(drafts.unsaved_drafts(current_user(request))[:_MAX_DRAFTS]) if may_write else [],
    }
    return render(request, "messages/library/library.html", context)


def search_revisions(filters: LibraryFilter) -> QuerySet[Revision]:
    """The revisions that match the filters; withdrawn ones only if their state is chosen.

    Languages are asked for by EXISTS: with a join for each word, the rows would multiply from word to word.
    """
    renditions = Rendition.objects.filter(revision=OuterRef("pk"))
    revisions = Revision.objects.all()
    withdrawn = Q(state=Revision.State.WITHDRAWN)
    revisions = revisions.filter(state=filters.state) if filters.state else revisions.exclude(withdrawn)
    if filters.frame:
        revisions = revisions.filter(message__frame=filters.frame)
    if filters.theme:
        revisions = revisions.filter(message__theme__key=filters.theme)
    if filters.language:
        revisions = revisions.filter(Exists(renditions.filter(locale=filters.language)))
    if filters.by:
        revisions = revisions.filter(author=None) if filters.by == "starter" else revisions.exclude(author=None)
    for word in search_words(filters.q):
        texts = renditions.filter(Q(headline__icontains=word) | Q(body__icontains=word))
        revisions = revisions.filter(
            Exists(texts)
            | Q(message__theme__name__icontains=word)
            | Q(message__key__icontains=word)
            | Q(sources__icontains=word)
        )
    return revisions


def _messages(revisions: QuerySet[Revision]) -> QuerySet[Message]:
    """The messages of the revisions, by frame and theme."""
    order = Case(
        *(When(frame=value, then=Value(position)) for position, value in enumerate(Frame.values)),
        output_field=IntegerField(),
    )
    messages = Message.objects.filter(pk__in=revisions.order_by().values("message"))
    return messages.select_related("theme").order_by(order, "theme__number", "theme__name", "key")


def _page(messages: QuerySet[Message], number: str) -> Page[Message]:
    return find_page(Paginator(messages, PER_PAGE), number)


def _frame_groups(page: Page[Message], revisions: QuerySet[Revision], language: str) -> list[FrameGroup]:
    messages = list(page.object_list)
    rows = revisions.filter(message__in=messages).order_by("message", "-number").values_list("message", "pk", "number")
    revision_pks = {message: [row[1] for row in group] for message, group in groupby(rows, key=lambda row: row[0])}
    newest = Revision.objects.prefetch_related("renditions").in_bulk([pks[0] for pks in revision_pks.values()])
    cards = [
        _card(message, newest[revision_pks[message.pk][0]], wordings=len(revision_pks[message.pk]), language=language)
        for message in messages
    ]
    return [
        FrameGroup(frame, str(Frame(frame).label), tuple(group))
        for frame, group in groupby(cards, key=lambda card: card.message.frame)
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
