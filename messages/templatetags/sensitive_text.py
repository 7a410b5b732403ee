"""Kindness to those who work here: hard words veiled until asked for, notes before hard themes, a quick way out.

    {% load sensitive_text %}
    {% gentle comment.text %}               a line of text
    {% gentle_paragraphs words.body %}      paragraphs parted by blank lines
    {% content_note theme %}                the note of a theme in the reader's language, or nothing
    {% exit_url %}                          where "Leave now" leads

A veiled word is a checkbox and two copies of the word. So it opens by click, by touch and by the space bar without
JavaScript, and a screen reader meets "Show a hidden word" before the word itself. Not inside links, buttons or labels.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from messages.models import Theme
from messages.text import lint_stored
from messages.text import sensitive_terms as terms

register = template.Library()

SHOW_COOKIE = "terms"  # "1": this person wants to see hard words at once
_TERMS = Path(__file__).resolve().parent.parent / "text" / "terms.toml"


def shows_sensitive_terms(request: HttpRequest) -> bool:
    """Whether this person has asked to see hard words at once."""
    return request.COOKIES.get(SHOW_COOKIE) == "1"


@register.simple_tag(takes_context=True)
def gentle(context: dict[str, Any], text: object) -> SafeString:
    """The text with its hard words veiled, unless this person wants to see them."""
    return _line(str(text), _shown(context))


@register.simple_tag(takes_context=True)
def gentle_paragraphs(context: dict[str, Any], text: object) -> SafeString:
    """Paragraphs parted by blank lines, with hard words veiled."""
    shown = _shown(context)
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", str(text)) if part.strip()]
    return format_html_join("\n", "<p>{}</p>", ((_lines(part, shown),) for part in paragraphs))


@register.simple_tag
def content_note(theme: Theme) -> str:
    """What someone may want to know before reading on."""
    return gettext(theme.content_note) if theme.content_note else ""


@register.filter
def theme_name(theme: Theme) -> str:
    """A theme's name: those of the starter library in the reader's language."""
    return gettext(theme.name) if theme.name else ""


@register.filter
def in_language(sentence: str) -> str:
    """What the lint said, in the reader's language: {% gentle remark.sentence|in_language %}"""
    return lint_stored.translate_sentence(sentence)


@register.simple_tag
def exit_url() -> str:
    return str(settings.EXIT_URL)


def _shown(context: dict[str, Any]) -> bool:
    request = context.get("request")
    return request is not None and shows_sensitive_terms(request)


def _lines(paragraph: str, shown: bool) -> SafeString:
    return format_html_join(mark_safe("<br>"), "{}", ((_line(line, shown),) for line in paragraph.splitlines()))


def _line(text: str, shown: bool) -> SafeString:
    if shown:
        return format_html("{}", text)
    return format_html_join("", "{}", ((_part(part),) for part in terms.split_sensitive(text, _pattern())))


def _part(part: terms.TextSpan) -> SafeString:
    if not part.is_sensitive:
        return format_html("{}", part.text)
    return format_html(
        '<label class="veiled"><input type="checkbox" autocomplete="off" aria-label="{}">'
        '<span class="veil" aria-hidden="true">{}</span><span class="word" aria-live="polite">{}</span></label>',
        gettext("Show a hidden word"),
        part.text,
        part.text,
    )


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    return terms.compile_terms(_TERMS.read_text(encoding="utf-8"))
