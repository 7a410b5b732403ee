""" "Leave now" without script, such that Back from the neutral site leads away from us.

A link to another site leaves our page behind in the history. A link to the address that the page has already takes the
place of the page there, by the HTML standard ("navigate", 7.4.2.2). So the link leads to its own page. We answer with a
blank one, which the neutral site replaces at once. We know such a request by its `Referer`, which nothing else sends
us. A browser that may not send it gets a link to the neutral site.
"""

from html import escape
from urllib.parse import unquote

from django.conf import settings

from campaign.serving.http import Request

_DIRECT = f' href="{escape(settings.EXIT_URL)}"'.encode()
_TO_ITSELF = b' href=""'.ljust(len(_DIRECT))
# The title is a zero-width space: without one browsers show the address.
BLANK_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    f'<title>\u200b</title><meta http-equiv="refresh" content="0;url={escape(settings.EXIT_URL)}">'
).encode()


def follows_exit_link(request: Request) -> bool:
    """Whether this is a page's own "Leave now": nothing else of ours names a page to itself."""
    sender = unquote((request.header("referer") or "").partition("?")[0])
    return (
        request.header("sec-fetch-site") == "same-origin"
        and sender.partition("://")[2].partition("/")[2] == request.path[1:]
    )


def with_exit_link(page: bytes, request: Request) -> bytes:
    """The page with a "Leave now" that leads to the page itself, if this browser will tell us so; as long as before."""
    hides_sender = (
        request.method == "GET"
        and request.header("sec-fetch-site") == "same-origin"
        and request.header("referer") is None
    )
    if request.header("sec-fetch-mode") != "navigate" or hides_sender:
        return page
    return page.replace(_DIRECT, _TO_ITSELF, 1)
