"""Offer a page in a language only where nothing on it would stay in English."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import NullTranslations

from django.utils import translation
from django.utils.translation import trans_real

_missing: ContextVar[set[str] | None] = ContextVar("missing", default=None)


class _NoteMissing(NullTranslations):
    """What a catalogue falls back on: it notes the string and leaves it in English."""

    def gettext(self, message: str) -> str:
        return self._note(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self._note(msgid1 if n == 1 else msgid2)

    def _note(self, message: str) -> str:
        missing = _missing.get()
        if missing is not None:
            missing.add(message)
        return message


class _WatchedTranslation(trans_real.DjangoTranslation):
    """A catalogue that does not fall back on the site's own language unseen."""

    def _add_fallback(self, localedirs: list[str] | None = None) -> None:
        self.add_fallback(_NoteMissing())


@contextmanager
def collect_untranslated(language: str) -> Iterator[set[str]]:
    """Activate a language, and collect what is looked up and not in its catalogue."""
    missing: set[str] = set()
    with translation.override(language):
        trans_real._active.value = _watch_translation(language)  # type: ignore[attr-defined]  # activate() takes no catalogue
        noted = _missing.set(missing)
        try:
            yield missing
        finally:
            _missing.reset(noted)


def untranslated(language: str, render: Callable[[], object]) -> set[str]:
    """Return the strings that stay in English when something is rendered in this language."""
    with collect_untranslated(language) as missing:
        render()
    return missing


@cache
def _watch_translation(language: str) -> _WatchedTranslation:
    return _WatchedTranslation(language)
