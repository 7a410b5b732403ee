"""Join names that a sentence holds between quotation marks, which differ from language to language."""

from collections.abc import Iterable
from functools import reduce

from django.utils.translation import gettext


def join_quoted(names: Iterable[str]) -> str:
    """Join names within the marks of their sentence: “one”, “two”. The outer marks are the sentence's own."""
    return reduce(lambda first, other: gettext("{first}”, “{other}").format(first=first, other=other), names)
