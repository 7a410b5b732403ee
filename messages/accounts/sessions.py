"""Where someone is signed in: a session knows its device in two words, and in which hours it began and was last used.

It ends after SESSION_HOURS, however much it is used, and after SESSION_IDLE_HOURS without use. Its key changes at
sign-in. No address is kept.
"""

from __future__ import annotations

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

from messages.accounts.user_agent import parse_user_agent

SECONDS_PER_HOUR = 3600
FACTOR, STARTED, SEEN, BROWSER, SYSTEM = "second_factor", "started_hour", "seen_hour", "browser", "system"


@dataclass(frozen=True, slots=True)
class ActiveSession:
    """One place where someone is signed in. The handle names it without being its key."""

    handle: str
    device: str
    started: datetime
    last_used: datetime
    is_current: bool


def start_session(request: HttpRequest, user: User, *, factor: bool) -> None:
    """Sign in: a new key, a fixed end, and what the list of sessions shows."""
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    browser, system = parse_user_agent(request.headers.get("User-Agent", ""))
    hour = int(time.time()) // SECONDS_PER_HOUR
    request.session.set_expiry(timezone.now() + timedelta(hours=settings.SESSION_HOURS))
    request.session.update({FACTOR: factor, STARTED: hour, SEEN: hour, BROWSER: browser, SYSTEM: system})


def has_passed_second_factor(request: HttpRequest) -> bool:
    """Whether the person in this session showed a second factor, or this is a demo that asks for none."""
    return bool(settings.SKIP_SECOND_FACTOR or request.session.get(FACTOR))


def is_idle(request: HttpRequest) -> bool:
    """Whether nobody used this session for too long."""
    seen = request.session.get(SEEN, 0)
    return bool(int(time.time()) // SECONDS_PER_HOUR - seen > settings.SESSION_IDLE_HOURS)


def mark_seen(request: HttpRequest) -> None:
    """Note that the session is used: once an hour, and no finer."""
    hour = int(time.time()) // SECONDS_PER_HOUR
    if request.session.get(SEEN) != hour:
        request.session[SEEN] = hour


def sessions_of(user: User, *, current: str | None = None) -> list[ActiveSession]:
    """Where this person is signed in, the present session first, then the one used last."""
    found = [
        ActiveSession(
            handle=_handle(session),
            device=_device(data),
            started=_hour(data.get(STARTED, 0)),
            last_used=_hour(data.get(SEEN, 0)),
            is_current=session.session_key == current,
        )
        for session, data in _sessions(user)
    ]
    return sorted(found, key=lambda one: (one.is_current, one.last_used, one.started), reverse=True)


def signed_in_user_ids() -> set[int]:
    """The numbers of all accounts that are signed in somewhere."""
    return {int(data[SESSION_KEY]) for _session, data in _alive() if SESSION_KEY in data}


def end_sessions(user: User, *, handle: str | None = None, keep: str | None = None) -> int:
    """End one session by its handle, or all but the one to keep; how many."""
    keys = [
        session.session_key
        for session, _data in _sessions(user)
        if session.session_key != keep and handle in (None, _handle(session))
    ]
    Session.objects.filter(session_key__in=keys).delete()
    return len(keys)


def _sessions(user: User) -> list[tuple[Session, dict[str, Any]]]:
    """All sessions of an installation are read for it: they are as few as its staff."""
    return [(session, data) for session, data in _alive() if data.get(SESSION_KEY) == str(user.pk)]


def _alive() -> Iterator[tuple[Session, dict[str, Any]]]:
    for session in Session.objects.filter(expire_date__gt=timezone.now()):
        yield session, session.get_decoded()


def _handle(session: Session) -> str:
    return hashlib.sha256(session.session_key.encode()).hexdigest()[:20]


def _device(data: dict[str, Any]) -> str:
    browser, system = data.get(BROWSER), data.get(SYSTEM)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("A browser that does not say its name")


def _hour(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * SECONDS_PER_HOUR, UTC)
