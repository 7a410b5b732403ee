"""`{% csrf_token %}` of every template: beside Django's token, the name of the person to whom the form is shown.

`messages.accounts.form_recovery` reads it: what one person typed is not sent on under another's name unseen.
"""

from typing import Any

from django import template
from django.template.base import Parser, Token
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
_FIELD = '{}<input type="hidden" name="writer" value="{}">'


class _FormNode(CsrfTokenNode):
    def render(self, context: Any) -> SafeString | str:
        token: SafeString | str = super().render(context)
        user = context.get("user")
        if not token or user is None or not user.is_authenticated:
            return token
        return format_html(_FIELD, token, user.get_username())


@register.tag
def csrf_token(parser: Parser, token: Token) -> CsrfTokenNode:
    """Render the hidden fields of a form."""
    return _FormNode()
