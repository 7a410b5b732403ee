"""What every page warns staff of, while it lasts. The app that knows it registers a function (analytics.wiring)."""

from collections.abc import Callable

_sources: list[Callable[[], str]] = []


def register(source: Callable[[], str]) -> None:
    """Set the function that returns the warning, or an empty text. It is called for each page, and must be quick."""
    _sources[:] = [source]


def current_warning() -> str:
    """The warning, or an empty text."""
    return " ".join(filter(None, (source() for source in _sources)))
