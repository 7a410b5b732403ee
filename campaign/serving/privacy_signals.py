"""Signals with which a browser asks not to be counted: Global Privacy Control and Do Not Track."""

from campaign.serving.http import Request


def has_privacy_signal(request: Request) -> bool:
    """Whether the browser asks not to be counted. The message is shown, no receipt is issued, nothing is counted."""
    return request.header("sec-gpc") == "1" or request.header("dnt") == "1"
