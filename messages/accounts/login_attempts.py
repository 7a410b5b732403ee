"""The guesses that this process has seen, and where a request comes from: nothing of either leaves its memory."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messages.accounts.throttle import FailedAttempts

attempts = FailedAttempts()


class TooManyAttempts(Exception):
    """There were too many wrong guesses; the next one has to wait so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


def check_guess(request: HttpRequest, name: str, right: Callable[[], bool]) -> bool:
    """Whether a guess under this name is right; it counts. TooOften, before `right` is asked, if it comes too soon."""
    address, now = client_address(request), time.time()
    if wait := attempts.seconds_to_wait(name, address, now=now):
        raise TooManyAttempts(wait)
    if right():
        attempts.record_success(name, address)
        return True
    attempts.record_failure(name, address, now=now)
    return False


def client_address(request: HttpRequest) -> str:
    """Whose request it is: what the proxy says, if there is one to believe."""
    if settings.BEHIND_TLS_PROXY:
        return request.headers.get("X-Real-IP", "")
    return str(request.META.get("REMOTE_ADDR", ""))


def wait_message(seconds: float) -> str:
    """A kind sentence for whoever tried too often, or whose name somebody else did."""
    minutes = max(1, math.ceil(seconds / 60))
    wait = ngettext("about a minute", "about %(minutes)d minutes", minutes) % {"minutes": minutes}
    return _("That was tried too often just now. Please wait %(wait)s, then try again.") % {"wait": wait}
