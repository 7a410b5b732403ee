"""Sessions of staff: browser, system, and hours of sign-in and last use; no address. They end in any case, or idle."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, login
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from messages.accounts.recorded_accounts import require_recorded
from messages.accounts.session_store import read_row, stored_key
from messages.accounts.user_agent import parse_user_agent

SECONDS_PER_HOUR = 3600
FACTOR, STARTED, SEEN, BROWSER, SYSTEM = "second_factor", "started_hour", "seen_hour", "browser", "system"


@dataclass(frozen=True, slots=True)
class ActiveSession:
    """A session as a page shows it; the handle identifies it without revealing its key."""

    handle: str
    device: str
    started: datetime
    last_used: datetime
    is_current: bool


def start_session(request: HttpRequest, user: User, *, factor: bool) -> None:
    """Sign in under a new session key, with a fixed end, and store what the list of sessions shows.

    Refused for an account that is not as the record says.
    """
    require_recorded(user)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    browser, system = parse_user_agent(request.headers.get("User-Agent", ""))
    hour = int(time.time()) // SECONDS_PER_HOUR
    request.session.set_expiry(timezone.now() + timedelta(hours=settings.SESSION_HOURS))
    request.session.update({FACTOR: factor, STARTED: hour, SEEN: hour, BROWSER: browser, SYSTEM: system})


def has_passed_second_factor(request: HttpRequest) -> bool:
    """Whether a second factor was checked in this session, or the installation asks for none."""
    return bool(settings.SKIP_SECOND_FACTOR or request.session.get(FACTOR))


def is_idle(request: HttpRequest) -> bool:
    """Whether the session was unused for longer than SESSION_IDLE_HOURS."""
    last_hour = request.session.get(SEEN, 0)
    return bool(int(time.time()) // SECONDS_PER_HOUR - last_hour > settings.SESSION_IDLE_HOURS)


def mark_seen(request: HttpRequest) -> None:
    """Store the hour in which the session is used, at most once an hour."""
    hour = int(time.time()) // SECONDS_PER_HOUR
    if request.session.get(SEEN) != hour:
        request.session[SEEN] = hour


def sessions_of(user: User, *, current: str | None = None) -> list[ActiveSession]:
    """The sessions of a user, the current one first, then by last use."""
    rows = [
        ActiveSession(
            handle=_handle(session),
            device=_device(data),
            started=_hour_start(data.get(STARTED, 0)),
            last_used=_hour_start(data.get(SEEN, 0)),
            is_current=session.session_key == stored_key(current or ""),
        )
        for session, data in _sessions(user)
    ]
    return sorted(rows, key=lambda row: (row.is_current, row.last_used, row.started), reverse=True)


def signed_in_user_ids() -> set[int]:
    """The primary keys of all users who are signed in."""
    return {int(data[SESSION_KEY]) for _session, data in _unexpired_sessions() if SESSION_KEY in data}


def end_sessions(user: User, *, handle: str | None = None, keep: str | None = None) -> int:
    """End one session, or all but the one to keep; return how many ended."""
    keys = [
        session.session_key
        for session, _data in _sessions(user)
        if session.session_key != stored_key(keep or "") and handle in (None, _handle(session))
    ]
    Session.objects.filter(session_key__in=keys).delete()
    return len(keys)


def _sessions(user: User) -> list[tuple[Session, dict[str, Any]]]:
    """Reads all sessions of the installation, which are as few as its staff."""
    return [(session, data) for session, data in _unexpired_sessions() if data.get(SESSION_KEY) == str(user.pk)]


def _unexpired_sessions() -> Iterator[tuple[Session, dict[str, Any]]]:
    for session in Session.objects.filter(expire_date__gt=timezone.now()):
        yield session, read_row(session)


def _handle(session: Session) -> str:
    return hashlib.sha256(session.session_key.encode()).hexdigest()[:20]


def _device(data: dict[str, Any]) -> str:
    browser, system = data.get(BROWSER), data.get(SYSTEM)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("An unknown browser")


def _hour_start(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * SECONDS_PER_HOUR, UTC)
