"""A template filter for the names of countries."""

from collections.abc import Iterable

from django import template

from messages.i18n.countries import country_name

register = template.Library()


@register.filter
def country_names(codes: Iterable[str]) -> str:
    """The names of countries in the active language, in a row."""
    return ", ".join(sorted(map(country_name, codes)))
