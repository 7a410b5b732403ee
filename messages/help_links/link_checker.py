"""Check whether a help link's address answers, without cookie or referrer. Whom it serves, a person has to see."""

import http.client
import ssl
from dataclasses import dataclass
from functools import partial
from typing import Literal
from urllib.parse import urljoin

from messages.public_http import TIMEOUT_SECONDS, Connector, Resolver, UnsafeAddress, send_request, split_url

ProbeCode = Literal["answers", "moved", "missing", "shut", "fails", "silent", "unsafe"]  # the values of HelpLink.Probe

MAX_REDIRECTS = 4
_HEADERS = {"User-Agent": "Mozilla/5.0", "Accept": "text/html,*/*;q=0.5", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The outcome as a code, and as a sentence for staff."""

    code: ProbeCode
    sentence: str


def probe(
    url: str, *, resolve: Resolver | None = None, connect: Connector | None = None, seconds: float = TIMEOUT_SECONDS
) -> ProbeResult:
    """Request an address, following redirects within its host."""
    request = partial(send_request, headers=_HEADERS, resolve=resolve, connect=connect, seconds=seconds)
    host = first_host = ""
    for _ in range(MAX_REDIRECTS):
        try:
            host, _path = split_url(url)
            if first_host and host != first_host:
                return ProbeResult("moved", f"It sends people on to {host}. Is that still the same service?")
            first_host = host
            response = request("HEAD", url)
            if response.status in (400, 403, 404, 405, 500, 501):  # some servers only implement GET
                response = request("GET", url)
        except UnsafeAddress as reason:
            return ProbeResult("unsafe", str(reason))
        except ssl.SSLError:
            return ProbeResult("silent", "Its certificate is not one that browsers trust.")
        except (OSError, http.client.HTTPException) as error:
            return ProbeResult("silent", f"No answer from {host} ({type(error).__name__}).")
        if not (300 <= response.status < 400 and response.location):
            return _interpret_status(response.status)
        url = urljoin(url, response.location)
    return ProbeResult("fails", f"It sends people around in a circle, {MAX_REDIRECTS} times and more.")


def _interpret_status(status: int) -> ProbeResult:
    if status in (404, 410):
        return ProbeResult("missing", f"It says that there is no such page ({status}).")
    if status in (401, 403, 407, 429, 451):
        return ProbeResult("shut", f"It lets no machine in ({status}). Please open it yourself.")
    if status >= 400:
        return ProbeResult("fails", f"It says that something is wrong ({status}).")
    if status >= 300:
        return ProbeResult("fails", f"It sends people on and does not say where ({status}).")
    return ProbeResult("answers", f"It answered ({status}). Whom it serves, a person has to see.")
