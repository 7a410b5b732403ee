"""Decide whether a shown message is counted, and if not, why. The message is shown in any case.

    machine   a page or a browser asks, and its user agent is a known bot: search engines, link previews, monitors
    crowd     one network asked more often in five minutes than the limit

A partner's server, which sends no Origin and is no browser, is not checked for its user agent. Only counts are stored.
"""

from campaign.models import LeftOutCount
from campaign.serving.bots import BotList
from campaign.serving.http import Request
from campaign.serving.rate_limit import NetworkRateLimit


class Exclusions:
    """The bot list and the rate limit. `behind_proxy`: the client's address is in X-Real-IP."""

    def __init__(self, bots: BotList, rate_limit: NetworkRateLimit, *, behind_proxy: bool) -> None:
        self._bots, self._rate_limit, self._behind_proxy = bots, rate_limit, behind_proxy

    def exclusion_reason(self, request: Request, *, from_browser: bool, now: float) -> LeftOutCount.Reason | None:
        """Why the message is not counted; None if it is."""
        if from_browser and self._bots.matches(request.header("user-agent")):
            return LeftOutCount.Reason.MACHINE
        address = request.header("x-real-ip") or "" if self._behind_proxy else request.peer()
        if self._rate_limit.exceeds_limit(address, now):
            return LeftOutCount.Reason.CROWD
        return None
