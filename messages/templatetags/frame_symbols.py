"""The mark of a frame beside its name: one shape and one colour each, everywhere.

    {% frame_symbol message.frame %}

Built into every template. The shapes are cut out by staff.css, so that a mark costs few bytes; charts draw the same
shapes as SVG (`analytics.results.charts.FRAME_SYMBOLS`).
"""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from messages.models import Frame

register = template.Library()

_SYMBOLS = {frame: format_html('<i class="mark frame-{}"></i> ', frame) for frame in Frame.values}


@register.simple_tag
def frame_symbol(frame: str) -> SafeString:
    """Return the mark of a frame."""
    return _SYMBOLS.get(frame, _SYMBOLS[Frame.OTHER])
