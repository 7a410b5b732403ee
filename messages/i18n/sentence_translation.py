"""Translate sentences that modules without Django wrote as Translatable."""

from django.utils.translation import gettext

from messages.text.translatable import Translatable


def translate_sentence(sentence: str) -> str:
    """The sentence in the active language; an ordinary string is returned as it is."""
    if not isinstance(sentence, Translatable):
        return sentence
    params = {
        name: translate_sentence(value) if isinstance(value, str) else value for name, value in sentence.params.items()
    }
    return gettext(sentence.template).format(**params)
