"""Parse an origin as a browser sends it: exact, https, nothing behind the host; and explain why a text is none."""

from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _

from messages.public_http import UnsafeAddress, parse_url

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_ORIGIN_LENGTH = 200
_PORTS = {"https": 443, "http": 80}


class InvalidOrigin(Exception):
    """The text is no origin; the message gives the reason, for people."""


def parse_origin(text: str) -> str:
    """The origin as a browser would send it, such as `https://www.example.org`, or InvalidOrigin."""
    if "://" not in text:
        raise InvalidOrigin(_("Enter an address that begins with https://, such as https://www.example.org."))
    try:
        parts, host = parse_url(text)
    except UnsafeAddress:
        raise InvalidOrigin(_("Enter the address of a site.")) from None
    if (
        not host
        or len(text) > MAX_ORIGIN_LENGTH
        or "*" in host
        or not host.replace("-", "").replace(".", "").replace(":", "")
    ):
        raise InvalidOrigin(_("Enter one exact site, without an asterisk or missing parts."))
    if any(character.isspace() or character in "\"'<>\\%" for character in host):
        raise InvalidOrigin(_("Enter the address of a site."))
    port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"  # browsers omit the default one
    origin = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"
    if parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise InvalidOrigin(_("Enter only the site’s address: %(origin)s.") % {"origin": origin})
    if parts.scheme not in _PORTS or (parts.scheme == "http" and host not in LOCAL_HOSTS):
        raise InvalidOrigin(_("Use https://. Only localhost can use http://."))
    return origin


def url_as_sent(url: str) -> str:
    """A URL that `is_safe_url` lets through, as browsers send it: in ASCII, its host by the same rules as an origin."""
    if url.isascii():
        return url
    parts, host = parse_url(url)
    port = f":{parts.port}" if parts.port else ""
    return str(iri_to_uri(parts._replace(netloc=f"{host}{port}").geturl()))


def is_safe_url(url: str) -> bool:
    """Whether visitors may be sent to this address: https, or http on this machine; a host, and no name before it."""
    try:
        parts, host = parse_url(url)
    except UnsafeAddress:
        return False
    if not host or "@" in parts.netloc or "\\" in url:  # what stands before @ looks like the site, and is not
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL_HOSTS)
