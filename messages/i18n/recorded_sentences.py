"""Translate the sentences that this program wrote on a record for good, when somebody reads them.

A record is never changed and stands there in English. Each sentence is written from a template that is declared here,
and is found again by it.
"""

import re

from django.utils.translation import gettext

OUTCOME = "outcome"  # the gap whose words are the program's own, and translated as well
_GAP = re.compile(r"\{(\w+)\}")
_templates: list[str] = []


def recorded(template: str) -> str:
    """Declare a template, which is gathered for translation, and return it for `format`."""
    _templates.append(template)
    return template


PROPOSED_AND_CONFIRMED = recorded("{author} proposed it, and {by} opened it and confirmed it.")
TAKEN_AWAY = recorded("{by} took it away.")


def translate_recorded(sentence: str) -> str:
    """Translate a sentence from a record; one that a person wrote is returned as it is."""
    for template in _templates:
        found = _fillings(template, sentence)
        if found is not None:
            gaps = {name: gettext(text) if name == OUTCOME else text for name, text in found.items()}
            return gettext(template).format(**gaps)
    return sentence


def _fillings(template: str, sentence: str) -> dict[str, str] | None:
    """Return what fills the gaps of a template in a sentence, read once from its start; None if it is another one."""
    first, *rest = _GAP.split(template)
    names, literals = rest[::2], rest[1::2]
    if not sentence.startswith(first) or (literals and not sentence.endswith(literals[-1])):
        return None
    if not names:
        return {} if sentence == first else None
    found, at = {}, len(first)
    for number, (name, literal) in enumerate(zip(names, literals, strict=True), start=1):
        end = len(sentence) - len(literal) if number == len(names) else sentence.find(literal, at)
        if end < at:
            return None
        found[name] = sentence[at:end]
        at = end + len(literal)
    return found
