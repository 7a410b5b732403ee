"""PURE  Codes as people type them."""

import unicodedata


def clean_code(code: str) -> str:
    """A code in ASCII digits, whatever digits a keyboard writes, without the blanks and hyphens that others put in."""
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in code if sign.isalnum())
