"""Translate the sentences that this program wrote on a record for good, when somebody reads them.

A record is never changed and stands there in English. Each sentence is written from a template that is declared here,
and is found again by it.
"""

import re

from django.utils.translation import gettext

OUTCOME = "outcome"  # the gap whose words are the program's own, and translated as well
_GAP = re.compile(r"\{(\w+)\}")
_patterns: dict[str, re.Pattern[str]] = {}


def recorded(template: str) -> str:
    """Declare a template, which is gathered for translation, and return it for `format`."""
    parts = _GAP.split(template)
    pattern = "".join(f"(?P<{part}>.*)" if number % 2 else re.escape(part) for number, part in enumerate(parts))
    _patterns[template] = re.compile(pattern, re.DOTALL)
    return template


PROPOSED_AND_CONFIRMED = recorded("{author} proposed it, and {by} opened it and confirmed it.")
TAKEN_AWAY = recorded("{by} took it away.")


def translate_recorded(sentence: str) -> str:
    """Translate a sentence from a record; one that a person wrote is returned as it is."""
    for template, pattern in _patterns.items():
        if match := pattern.fullmatch(sentence):
            gaps = {name: gettext(text) if name == OUTCOME else text for name, text in match.groupdict().items()}
            return gettext(template).format(**gaps)
    return sentence
