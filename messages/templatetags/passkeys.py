"""What a page's script needs for a passkey, as an attribute: the policy of content allows no script in a page."""

from __future__ import annotations

import json
from typing import Any

from django import template

register = template.Library()


@register.filter
def passkey_options(options: Any) -> str:
    """As JSON, in an attribute that the template escapes."""
    return json.dumps(options, default=dict)
