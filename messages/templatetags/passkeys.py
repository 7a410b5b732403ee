"""Template filter for the options of passkeys, in an attribute because inline scripts are not allowed."""

import json
from typing import Any

from django import template

register = template.Library()


@register.filter
def passkey_options(options: Any) -> str:
    """The options as JSON."""
    return json.dumps(options, default=dict)
