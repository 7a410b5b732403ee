"""The manual on the site: each staff page leads to its chapter, which is a file of `docs/`.

A chapter is chosen by the beginning of a page's route, the longest that fits. Links between chapters stay on the site;
other links of the files are shown as words. The glossary is in the reader's language, the others are in English.
"""

import re
from functools import cache
from html import unescape
from itertools import count

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt

from messages import glossary

DOCS = settings.BASE_DIR / "docs"
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


def chapter_html(chapter: str) -> tuple[str, str]:
    """Return the title of a chapter, and the rest of it as HTML."""
    return _chapter_html(chapter, language_of(chapter))


def language_of(chapter: str) -> str:
    """Return the language of a chapter: the reader's for the glossary, English for the others."""
    return get_language() or "en" if chapter == "glossary" else "en"


@cache
def _chapter_html(chapter: str, _language: str) -> tuple[str, str]:
    source = glossary.source() if chapter == "glossary" else (DOCS / f"{chapter}.md").read_text(encoding="utf-8")
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(source)
    number = count(1)
    label = gettext("Table {}") if chapter == "glossary" else "Table {}"
    html = _TABLE.sub(lambda _found: _WIDE.format(label.format(next(number))), html).replace("<th></th>", "<td></td>")
    html = html.replace("</table>", "</table></div>").replace("<pre>", '<pre tabindex="0">')
    html = _HEADING.sub(_heading, _LINK.sub(_link, html))
    title, _end, body = html.partition("</h1>")
    return unescape(_TAG.sub("", title)), body


def _heading(found: re.Match[str]) -> str:
    level, inner = found[1], found[2]
    return f'<h{level} id="{anchor(unescape(_TAG.sub("", inner)))}">{inner}</h{level}>'


def _link(found: re.Match[str]) -> str:
    """Lead to a chapter of the site, or to a heading of this page; of any other link keep the words."""
    target, words = found[1], found[2]
    page, _hash, place = target.partition("#")
    chapter = page.removesuffix(".md")
    if not page and place:
        return f'<a href="#{place}">{words}</a>'
    if page.endswith(".md") and chapter in SERVED:
        address = reverse("manual", args=[chapter])
        return f'<a href="{address}{"#" + place if place else ""}">{words}</a>'
    return words


@require_safe
def manual(request: HttpRequest, chapter: str) -> HttpResponse:
    """Show one chapter."""
    if chapter not in SERVED:
        raise Http404
    title, body = chapter_html(chapter)
    shown = {"title": title, "body": body, "chapter": chapter, "language": language_of(chapter)}
    return render(request, "campaign/manual.html", shown)
