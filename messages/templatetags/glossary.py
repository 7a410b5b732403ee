"""Template tags that explain terms of the glossary where people meet them.

    {% explain "guardrail" %}{% translate "Guardrails" %}{% endexplain %}                      these words are the term
    {% explain "control" %}{% translate "Worse than the [control]." %}{% endexplain %}         the words in brackets are
    {% explain "look" %}{% endexplain %}                                                       the word of the glossary
    {% find_terms "control" "interval" %}{{ report.sentence }}{% endfind_terms %}              wherever they occur
    {% term_notes %}                                                                           what the glossary says

With several terms there are as many brackets, in this order. Only the first mention of a term on a page is explained.
Do not use the tags inside links, buttons, labels and summaries, nor around words that people typed. The notes are apart
from the words that open them, so that a heading or a sentence reads as it is written: `base.html` puts them at the end
of the page, and a fragment that is refreshed by itself at its own end.
"""

import re
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from messages import glossary

register = template.Library()
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_TAG = re.compile(r"(<[^<>]*>)")
_INTERACTIVE = ("a ", "button", "label", "summary")


@register.simple_block_tag(takes_context=True)
def explain(context: dict[str, Any], content: str, *terms: str) -> SafeString:
    """Make terms buttons that open what the glossary says: by a press, or with a script by pointer and focus."""
    entries = [glossary.entries()[term] for term in terms]
    if not _BRACKETS.search(content):
        return _button(context, entries[0], SafeString(content.strip()) or entries[0].word)
    following = iter(entries)
    return SafeString(_BRACKETS.sub(lambda words: _button(context, next(following), SafeString(words[1])), content))


@register.simple_block_tag(takes_context=True)
def find_terms(context: dict[str, Any], content: str, *terms: str) -> SafeString:
    """Explain the terms that occur in sentences made elsewhere, by their words in the language of the reader."""
    if any(f"<{element}" in content for element in _INTERACTIVE):
        return SafeString(content)
    pieces = _TAG.split(content)  # text and tags in turn
    for term in terms:
        entry = glossary.entries()[term]
        for position in range(0, len(pieces), 2):
            found = _find(pieces[position], entry)
            if found and not _is_explained(context, entry):
                before, words, after = found
                pieces[position : position + 1] = [before, _button(context, entry, SafeString(words)), after]
                break
    return SafeString("".join(pieces))


@register.simple_tag(takes_context=True)
def term_notes(context: dict[str, Any]) -> SafeString:
    """Return the notes of the terms that were explained since they were last returned."""
    request = context.get("request")
    entries: list[glossary.Entry] = request.__dict__.pop("term_notes", []) if request else []
    note = '<div class="term-note" id="term-{}" role="tooltip" popover><b>{}</b> {}</div>'
    return format_html_join("\n", note, ((entry.anchor, entry.word, entry.explanation) for entry in entries))


def _button(context: dict[str, Any], entry: glossary.Entry, words: str) -> SafeString:
    if _is_explained(context, entry):
        return format_html("{}", words)
    request = context["request"]
    request.__dict__.setdefault("explained_terms", set()).add(entry.anchor)
    request.__dict__.setdefault("term_notes", []).append(entry)
    return format_html(
        '<button class="term" type="button" popovertarget="term-{0}" popovertargetaction="show"'
        ' aria-describedby="term-{0}">{1}</button>',
        entry.anchor,
        words,
    )


def _is_explained(context: dict[str, Any], entry: glossary.Entry) -> bool:
    """Whether the page explains the term already. A document without a request explains nothing."""
    request = context.get("request")
    return request is None or entry.anchor in request.__dict__.get("explained_terms", set())


def _find(text: str, entry: glossary.Entry) -> tuple[str, str, str] | None:
    """Split a text at the first of the entry's words, in the singular or the plural."""
    small = text.lower()
    if len(small) != len(text):
        return None
    for word in entry.translated_words:
        start = small.find(word.lower())
        while start >= 0:
            end = start + len(word)
            plural = next((ending for ending in ("es", "s") if small.startswith(ending, end)), "")
            for stop in (end, end + len(plural)):
                if not (text[start - 1 : start].isalnum() or text[stop : stop + 1].isalnum()):
                    return text[:start], text[start:stop], text[stop:]
            start = small.find(word.lower(), end)
    return None
