"""Limit the guesses of passwords in the memory of this process. Codes: messages.accounts.code_guesses."""

import math
import time
from collections.abc import Callable
from enum import StrEnum

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messages.accounts.throttle import FailedAttempts

attempts = FailedAttempts()


class TooManyAttempts(Exception):
    """There were too many wrong guesses; the next one has to wait for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class GuessOf(StrEnum):
    """What is guessed. Each is counted by itself: whoever types names chooses no count of another kind."""

    TYPED_NAME = "name"
    PASSKEY = "passkey"
    LINK_ADDRESS = "address of a shared link"


def check_guess(request: HttpRequest, kind: GuessOf, name: str, is_right: Callable[[], bool]) -> bool:
    """Count a guess for this name, and check it. Raises TooManyAttempts, without checking, if it comes too soon."""
    address, name = client_address(request), f"{kind}:{name}"
    if wait := attempts.begin_guess(name, address, now=time.time()):
        raise TooManyAttempts(wait)
    if not is_right():
        return False
    attempts.record_success(name, address)
    return True


def count_request(request: HttpRequest, kind: GuessOf, name: str) -> None:
    """Count a request whose answer is the same whatever it brings. Raises TooManyAttempts if it comes too soon."""
    if wait := attempts.begin_guess(f"{kind}:{name}", client_address(request), now=time.time()):
        raise TooManyAttempts(wait)


def client_address(request: HttpRequest) -> str:
    """The address of the client, from the proxy's header if a trusted proxy is configured."""
    if settings.BEHIND_TLS_PROXY:
        return request.headers.get("X-Real-IP", "")
    return str(request.META.get("REMOTE_ADDR", ""))


def wait_message(seconds: float) -> str:
    """Tell someone how long to wait after too many attempts."""
    minutes = max(1, math.ceil(seconds / 60))
    wait = ngettext("about a minute", "about %(minutes)d minutes", minutes) % {"minutes": minutes}
    return _("Too many attempts. Wait %(wait)s, then try again.") % {"wait": wait}
