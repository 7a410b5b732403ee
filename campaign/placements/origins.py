"""An origin as a browser sends it, and why what somebody typed is none: exact, https, nothing behind the host."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from messages.public_http import UnsafeAddress, parse_url

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_ORIGIN_LENGTH = 200
_PORTS = {"https": 443, "http": 80}


class InvalidOrigin(Exception):
    """What was typed is no origin; the message says why, for a person."""


def parse_origin(text: str) -> str:
    """`https://www.example.org`, as a browser would send it; NoOrigin with a sentence otherwise."""
    if "://" not in text:
        raise InvalidOrigin(_("Begin with https://, as in https://www.example.org."))
    try:
        parts, host = parse_url(text)
    except UnsafeAddress:
        raise InvalidOrigin(_("This is not the address of a site.")) from None
    if (
        not host
        or len(text) > MAX_ORIGIN_LENGTH
        or "*" in host
        or not host.replace("-", "").replace(".", "").replace(":", "")
    ):
        raise InvalidOrigin(_("Name one site exactly: no star, and no part left out."))
    if any(character.isspace() or character in "\"'<>\\%" for character in host):
        raise InvalidOrigin(_("This is not the address of a site."))
    if parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        whole = f"{parts.scheme}://{_bracketed(host)}{_shown(parts.scheme, parts.port)}"
        raise InvalidOrigin(_("Leave out what stands around the site’s name: %(origin)s.") % {"origin": whole})
    if parts.scheme not in _PORTS or (parts.scheme == "http" and host not in LOCAL_HOSTS):
        raise InvalidOrigin(_("Only https:// is safe enough; http:// is for localhost alone."))
    return f"{parts.scheme}://{_bracketed(host)}{_shown(parts.scheme, parts.port)}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _shown(scheme: str, port: int | None) -> str:
    """A browser leaves out the port that goes without saying."""
    return "" if port is None or port == _PORTS.get(scheme) else f":{port}"


def is_safe_url(url: str) -> bool:
    """Whether visitors may be led there: https, or http on this machine alone."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS)
