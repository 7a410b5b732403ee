"""Template filter for the writing direction."""

from django import template

from messages.text.rendering import direction_of

register = template.Library()


@register.filter
def direction(locale: str) -> str:
    """{{ words.locale|direction }}: "rtl" or "ltr"."""
    return direction_of(locale)
