"""The languages that a message may be written in, and their names."""

from functools import cache

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.utils.translation import get_language, get_language_info

from messages.text.language_tags import canonical_tag

_LOWERCASE_NAMES = {"es"}  # languages that write language names in lower case
_MAX_CODE_LENGTH = 8  # of Rendition.locale
CODES = frozenset(code for code, info in LANG_INFO.items() if "name" in info and len(code) <= _MAX_CODE_LENGTH)
_LANGUAGES = frozenset(code.split("-", 1)[0] for code in CODES)


def code_of(tag: str) -> str | None:
    """The code under which a message is kept in this language: es-mx for `es_MX`. None if it is no tag, or too long."""
    code = canonical_tag(tag)
    return code if code and len(code) <= _MAX_CODE_LENGTH else None


def is_known(locale: str) -> bool:
    """Whether the language of a code, whatever its region or script, is one whose name is known."""
    return locale.split("-", 1)[0] in _LANGUAGES


def language_name(locale: str) -> str:
    """The name of a language in the active language, such as "Arabic"; of a variety without one, "Spanish (es-pe)"."""
    code = canonical_tag(locale) or locale
    if code in CODES:
        return mid_sentence_name(str(get_language_info(code)["name_translated"]))
    language = code.split("-", 1)[0]
    return f"{language_name(language)} ({locale})" if language in CODES else locale


def mid_sentence_name(name: str) -> str:
    """A language's name as it is written inside a sentence of the active language: "English", but "inglés"."""
    return name[:1].lower() + name[1:] if (get_language() or "").partition("-")[0] in _LOWERCASE_NAMES else name


def local_name(locale: str) -> str:
    """The name of a language in that language, as it stands at the beginning of a line; the tag if it is not known."""
    code = canonical_tag(locale) or locale
    name = str(LANG_INFO[code]["name_local"]) if code in CODES else locale
    return name[:1].upper() + name[1:]


@cache
def _local_names() -> tuple[tuple[str, str], ...]:
    names = ((code, str(LANG_INFO[code]["name_local"])) for code in CODES)
    return tuple(sorted(names, key=lambda pair: pair[1].casefold()))


def has_buttons(locale: str) -> bool:
    """Whether the buttons around a message in this language, or a variety of it, are translated."""
    return locale.split("-", 1)[0] in {code.split("-", 1)[0] for code in settings.AUDIENCE_LANGUAGES}


def choices() -> list[tuple[str, str]]:
    """Choices of a select: each language whose buttons are translated by its own name, followed by its name in the
    active language."""
    return [
        (code, local if local == language_name(code) else f"{local} · {language_name(code)}")
        for code, local in _local_names()
        if has_buttons(code)
    ]
