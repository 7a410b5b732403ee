"""Template filters for the name and the writing direction of a locale."""

from django import template

from messages.i18n.languages import language_name
from messages.text.language_tags import direction_of

register = template.Library()
register.filter(language_name)  # {{ rendition.locale|language_name }}
register.filter("direction", direction_of)  # {{ rendition.locale|direction }}: "rtl" or "ltr"
