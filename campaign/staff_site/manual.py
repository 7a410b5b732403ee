"""The manual on the site: each staff page leads to its chapter, which is a file of `docs/`.

A chapter is chosen by the beginning of a page's route, the longest that fits. Links between chapters stay on the site;
other links of the files are shown as words. The glossary is in the reader's language, and so are the chapters that
`docs/<language>/` has; the others are in English, and the page says so.
"""

import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from itertools import count

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt

from campaign.i18n import chapters
from messages import glossary

# Beginning of a route -> chapter, with the heading at which to begin.
CHAPTERS = {
    "/": "index",
    "/campaigns/": "planning",
    "/campaigns/<slug:slug>/": "preregistration",
    "/campaigns/<slug:slug>/plan-it/": "planning",
    "/campaigns/<slug:slug>/versions/": "planning",
    "/campaigns/<slug:slug>/outside-reviewers/": "people",
    "/campaigns/<slug:slug>/rehearsal/": "rehearsal",
    "/campaigns/<slug:slug>/watch/": "watching",
    "/campaigns/<slug:slug>/arms/": "harm",
    "/campaigns/<slug:slug>/results/": "statistics",
    "/campaigns/<slug:slug>/results/public/": "downloads",
    "/campaigns/<slug:slug>/next/": "after-a-verdict",
    "/learned/": "learned",
    "/published/": "downloads",
    "/shared/": "downloads",
    "/messages/": "library",
    "/messages/new/": "writing-messages",
    "/messages/exchange/": "exchange",
    "/messages/<slug:key>/edit/": "writing-messages",
    "/messages/<slug:key>/translate/": "writing-messages",
    "/messages/<slug:key>/compare/": "writing-messages",
    "/messages/<slug:key>/stop/": "harm",
    "/messages/<slug:key>/lift/": "harm",
    "/messages/<slug:key>/<int:number>/": "reviewing-messages",
    "/reviews/": "reviewing-messages",
    "/help-links/": "help-links",
    "/placements/": "placements",
    "/partners/": "placements",
    "/people/": "people",
    "/account/": "people",
    "/welcome/": "people",
    "/sign-in/": "people",
    "/audit/": "people",
    "/keys/": "operations",
    "/manual/": "index",
}
ALWAYS = ("glossary", "index", "tutorial", "harm", "for-staff")
SERVED = frozenset({*CHAPTERS.values(), *ALWAYS})
_LINK = re.compile(r'<a href="([^"]*)">([^<]*(?:<code>[^<]*</code>[^<]*)?)</a>')
_TABLE = re.compile("<table>")
_WIDE = '<div class="wide" tabindex="0" role="region" aria-label="{}"><table>'  # scrolls by keyboard
_HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>")
_TAG = re.compile(r"<[^<>]*>")
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


def chapter_of_route(route: str) -> str:
    """Return the address of the chapter about a page, by the route of the page."""
    route = "/" + route.lstrip("/")
    beginning = max((key for key in CHAPTERS if route.startswith(key)), key=len)
    return reverse("manual", args=[CHAPTERS[beginning]])


def anchor(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it.

    >>> anchor("Who hears of it?")
    'who-hears-of-it'
    """
    return _NOT_IN_ANCHORS.sub("", heading.strip().lower()).replace(" ", "-")


def chapter_html(chapter: str, language: str = "en") -> tuple[str, str]:
    """Return the title of a chapter, and the rest of it as HTML. A chapter that a language lacks is in English."""
    return _chapter_html(chapter, language_of(chapter, language))


def language_of(chapter: str, language: str) -> str:
    """Return the language in which a reader of this language gets a chapter."""
    return language if chapter == "glossary" or chapters.translation(language, chapter) else "en"


@cache
def _chapter_html(chapter: str, language: str) -> tuple[str, str]:
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(_source(chapter, language))
    number = count(1)
    with translation.override(language):
        label = gettext("Table {}")
    html = _TABLE.sub(lambda _found: _WIDE.format(label.format(next(number))), html).replace("<th></th>", "<td></td>")
    html = html.replace("</table>", "</table></div>").replace("<pre>", '<pre tabindex="0">')
    anchors = _anchors(chapter, language)
    html = _HEADING.sub(lambda found: _heading(found, next(anchors, "")), _LINK.sub(_link, html))
    title, _end, body = html.partition("</h1>")
    return unescape(_TAG.sub("", title)), body


def _source(chapter: str, language: str) -> str:
    if chapter == "glossary":
        with translation.override(language):
            return glossary.source()
    return chapters.translation(language, chapter) or chapters.english(chapter)


def _anchors(chapter: str, language: str) -> Iterator[str]:
    """The anchors of the English headings, so that a link leads to the same part in each language."""
    if language == "en" or chapter == "glossary":
        return iter(())
    return iter([anchor(heading.replace("`", "")) for _level, heading in chapters.headings(chapters.english(chapter))])


def _heading(found: re.Match[str], place: str) -> str:
    level, inner = found[1], found[2]
    return f'<h{level} id="{place or anchor(unescape(_TAG.sub("", inner)))}">{inner}</h{level}>'


def _link(found: re.Match[str]) -> str:
    """Lead to a chapter of the site, or to a heading of this page; of any other link keep the words."""
    target, words = found[1], found[2]
    page, _hash, place = target.partition("#")
    chapter = page.removesuffix(".md").removeprefix("../")  # of a translation, in a folder below
    if not page and place:
        return f'<a href="#{place}">{words}</a>'
    if page.endswith(".md") and chapter in SERVED:
        address = reverse("manual", args=[chapter])
        return f'<a href="{address}{"#" + place if place else ""}">{words}</a>'
    return words


@require_safe
def manual(request: HttpRequest, chapter: str) -> HttpResponse:
    """Show one chapter; ?language=en shows the English one to a reader of another language."""
    if chapter not in SERVED:
        raise Http404
    reader = get_language() or "en"
    language = language_of(chapter, "en" if request.GET.get("language") == "en" else reader)
    title, body = chapter_html(chapter, language)
    is_translated = language != "en" and chapter != "glossary"
    shown = {
        "title": title,
        "body": body,
        "chapter": chapter,
        "language": language,
        "is_missing": language_of(chapter, reader) == "en" != reader,
        "is_translated": is_translated,
        "changed": chapters.changed_headings(language, chapter) if is_translated else [],
        "may_read_translated": language == "en" != language_of(chapter, reader),
    }
    return render(request, "campaign/manual.html", shown)
