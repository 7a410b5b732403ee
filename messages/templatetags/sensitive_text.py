"""Template tags that protect readers: hidden terms, content notes, and a way to leave at once.

    {% load sensitive_text %}
    {% hide_sensitive comment.text %}             a line of text
    {% hide_sensitive_paragraphs words.body %}    paragraphs separated by blank lines
    {% content_note theme %}                      the note of a theme in the active language, or nothing
    {% exit_url %}                                where "Leave now" leads

A hidden term is a checkbox and two copies of the term. It opens by click, touch or space bar without JavaScript, and a
screen reader announces "Show a hidden word" first. Do not use the tags inside links, buttons or labels.
"""

from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from messages.i18n import recorded_sentences, sentence_translation
from messages.models import Theme
from messages.text.rendering import paragraphs_of
from messages.text.sensitive_terms import TextSpan, default_terms, split_sensitive

register = template.Library()
register.filter(sentence_translation.translate_sentence)
register.filter(recorded_sentences.translate_recorded)

SHOW_COOKIE = "terms"  # "1" shows all terms


def shows_sensitive_terms(request: HttpRequest) -> bool:
    """Whether this person has chosen to see all terms."""
    return request.COOKIES.get(SHOW_COOKIE) == "1"


@register.simple_tag(takes_context=True)
def hide_sensitive(context: dict[str, Any], text: object) -> SafeString:
    """A line of text with sensitive terms hidden, unless this person has chosen to see them."""
    return _line(str(text), _shows_terms(context))


@register.simple_tag(takes_context=True)
def hide_sensitive_paragraphs(context: dict[str, Any], text: object) -> SafeString:
    """Paragraphs separated by blank lines, with sensitive terms hidden."""
    shown = _shows_terms(context)
    return format_html_join("\n", "<p>{}</p>", ((_paragraph(part, shown),) for part in paragraphs_of(str(text))))


@register.simple_tag
def content_note(theme: Theme) -> str:
    """A theme's content note in the active language; empty if it has none."""
    return gettext(theme.content_note) if theme.content_note else ""


@register.filter
def theme_name(theme: Theme) -> str:
    """A theme's name, translated if it belongs to the starter library."""
    return gettext(theme.name) if theme.name else ""


@register.simple_tag
def exit_url() -> str:
    return str(settings.EXIT_URL)


def _shows_terms(context: dict[str, Any]) -> bool:
    request = context.get("request")
    return request is not None and shows_sensitive_terms(request)


def _paragraph(paragraph: str, shown: bool) -> SafeString:
    return format_html_join(mark_safe("<br>"), "{}", ((_line(line, shown),) for line in paragraph.splitlines()))


def _line(text: str, shown: bool) -> SafeString:
    if shown:
        return format_html("{}", text)
    return format_html_join("", "{}", ((_span(span),) for span in split_sensitive(text, default_terms())))


def _span(span: TextSpan) -> SafeString:
    if not span.is_sensitive:
        return format_html("{}", span.text)
    return format_html(
        '<label class="veiled"><input type="checkbox" autocomplete="off" aria-label="{}">'
        '<span class="veil" aria-hidden="true">{}</span><span class="word" aria-live="polite">{}</span></label>',
        gettext("Show a hidden word"),
        span.text,
        span.text,
    )
