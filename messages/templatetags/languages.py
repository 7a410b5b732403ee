"""Template filter for names of languages."""

from __future__ import annotations

from django import template

from messages.i18n import languages

register = template.Library()


@register.filter
def language_name(locale: str) -> str:
    """{{ rendition.locale|language_name }}"""
    return languages.language_name(locale)
