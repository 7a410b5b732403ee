"""Render a part of the results page once for equal values.

A part is rendered from the values that it is given and from nothing else: it has no user, no session and no request.
Its key is a digest of all of them, with the language and the time zone, so whatever changes what a reader may see
changes the key. Nothing has to be told of a stop, a deviation or an altered look: the page reads and verifies them
each time (decision 0059).
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.http import HttpRequest
from django.template import loader
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from messages.templatetags.sensitive_text import SHOW_COOKIE


@dataclass(frozen=True, slots=True)
class _Part:
    """What was rendered, which terms the page has explained after it, and the notes on those that it explains."""

    html: SafeString
    explained_terms: frozenset[str]
    term_notes: tuple[Any, ...]


MOST_PARTS = 48  # about 3 MB in each process
_parts: OrderedDict[bytes, _Part] = OrderedDict()
_lock = Lock()


class _Reader:
    """What a template asks of a request: whether sensitive terms are shown, and which terms the page has explained."""

    def __init__(self, request: HttpRequest) -> None:
        self.COOKIES = {SHOW_COOKIE: request.COOKIES.get(SHOW_COOKIE, "")}
        self.explained_terms = set[str](request.__dict__.get("explained_terms", ()))
        self.term_notes = list[Any]()


class _ValuePickler(pickle.Pickler):
    """Write values; of a row of the database, its stored fields."""

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, Model):
            return NotImplemented
        stored = {field.attname: value.__dict__.get(field.attname) for field in value._meta.concrete_fields}
        return dict, (stored,)


def forget_parts() -> None:
    """Forget what was rendered, as a process that starts anew."""
    with _lock:
        _parts.clear()


def render_parts(request: HttpRequest, templates: Sequence[str], values: dict[str, Any]) -> list[SafeString]:
    """Return parts of a page in their order, each rendered now or before from equal values."""
    written = _write(values)
    return [_render_part(request, template, values, written) for template in templates]


def _render_part(request: HttpRequest, template: str, values: dict[str, Any], written: bytes) -> SafeString:
    reader = _Reader(request)
    key = blake2b(written + _write((template, reader.COOKIES, sorted(reader.explained_terms)))).digest()
    with _lock:
        found = None if settings.DEBUG else _parts.get(key)
        if found is not None:
            _parts.move_to_end(key)
    if found is None:
        html = loader.render_to_string(template, {**values, "request": reader})
        found = _Part(html, frozenset(reader.explained_terms), tuple(reader.term_notes))
        with _lock:
            _parts[key] = found
            while len(_parts) > MOST_PARTS:
                _parts.popitem(last=False)
    request.__dict__["explained_terms"] = set(found.explained_terms)
    request.__dict__.setdefault("term_notes", []).extend(found.term_notes)
    return found.html


def _write(values: Any) -> bytes:
    written = io.BytesIO()
    around = (get_language(), timezone.get_current_timezone_name(), settings.SMALL_CELL)
    _ValuePickler(written).dump((around, values))
    return written.getvalue()
