"""A template tag that explains a term of the glossary where people meet it.

    {% explain "guardrail" %}{% translate "Guardrails" %}{% endexplain %}                      these words are the term
    {% explain "control" %}{% translate "Worse than the [control]." %}{% endexplain %}         the words in brackets are
    {% explain "look" %}{% endexplain %}                                                       the word of the glossary

With several terms there are as many brackets, in this order. Only the first mention of a term on a page is explained.
Do not use the tag inside links, buttons, labels and summaries, nor around words that people typed.
"""

import re
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from messages import glossary

register = template.Library()
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


@register.simple_block_tag(takes_context=True)
def explain(context: dict[str, Any], content: str, *terms: str) -> SafeString:
    """Make terms buttons that open what the glossary says: by a press, or with a script by pointer and focus."""
    entries = [glossary.entries()[term] for term in terms]
    if not _BRACKETS.search(content):
        return _button(context, entries[0], SafeString(content.strip()) or entries[0].word)
    following = iter(entries)
    return SafeString(_BRACKETS.sub(lambda words: _button(context, next(following), SafeString(words[1])), content))


def _button(context: dict[str, Any], entry: glossary.Entry, words: str) -> SafeString:
    request = context.get("request")
    if request is None:
        return format_html("{}", words)
    explained: set[str] = request.__dict__.setdefault("explained_terms", set())
    if entry.anchor in explained:
        return format_html("{}", words)
    explained.add(entry.anchor)
    return format_html(
        '<button class="term" type="button" popovertarget="term-{0}" popovertargetaction="show"'
        ' aria-describedby="term-{0}">{1}</button>'
        '<span class="term-note" id="term-{0}" role="tooltip" popover><b>{2}</b> {3}</span>',
        entry.anchor,
        words,
        entry.word,
        entry.explanation,
    )
