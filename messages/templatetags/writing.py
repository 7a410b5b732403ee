"""Languages in templates: their names, and into which a revision is not translated yet."""

from __future__ import annotations

from django import template

from messages import locales
from messages.models import Revision

register = template.Library()


@register.filter
def language_name(locale: str) -> str:
    """{{ rendition.locale|language_name }}"""
    return locales.name_of(locale)


@register.simple_tag
def missing_languages(revision: Revision) -> list[tuple[str, str]]:
    """All languages that the revision has no words in, by their own names."""
    there = {rendition.locale for rendition in revision.renditions.all()}
    return [(code, name) for code, name in locales.choices() if code not in there]
