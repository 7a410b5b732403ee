"""Which shared links this browser opened, and when: kept in its session, for two hours."""

import time

from django.http import HttpRequest

from analytics.models import SharedLink

OPENED_KEY, OPEN_SECONDS = "opened_links", 7200


def mark_open(request: HttpRequest, link: SharedLink) -> None:
    """Open a link here, under a new session key: nobody else may know it."""
    request.session.cycle_key()
    request.session[OPENED_KEY] = {**_opening_times(request), _name(link): int(time.time())}


def is_open(request: HttpRequest, link: SharedLink) -> bool:
    """Whether a code opened this link here within the last two hours."""
    age = time.time() - _opening_times(request).get(_name(link), 0)
    return bool(-1 < age <= OPEN_SECONDS)  # int() may add a second; a time in the future does not count


def close(request: HttpRequest, link: SharedLink) -> None:
    """Forget that a link is open here."""
    request.session[OPENED_KEY] = {name: at for name, at in _opening_times(request).items() if name != _name(link)}


def _opening_times(request: HttpRequest) -> dict[str, int]:
    return dict(request.session.get(OPENED_KEY, {}))


def _name(link: SharedLink) -> str:
    return link.digest[:16]
