"""Should this message count? It is shown in any case; what is doubted is that a person of the trial sees it.

    machine   a page or a browser asks, and names itself as a machine does: search engines, link previews, monitors
    crowd     one network asked more often in five minutes than the limit

A partner's server, which sends no Origin and is no browser, is not asked for its name. Nothing of this is kept but
the counts.
"""

from __future__ import annotations

from campaign.models import LeftOutCount
from campaign.serving.bots import BotList
from campaign.serving.http import Request
from campaign.serving.rate_limit import NetworkRateLimit


class Exclusions:
    """What is known about machines and crowds right now; `behind_proxy` says that a proxy tells the address."""

    def __init__(self, bots: BotList, crowd: NetworkRateLimit, *, behind_proxy: bool) -> None:
        self._bots, self._crowd, self._behind_proxy = bots, crowd, behind_proxy

    def exclusion_reason(self, request: Request, from_a_browser: bool, now: float) -> LeftOutCount.Reason | None:
        """Why the message should not count; None if it should."""
        address = request.header("x-real-ip") or "" if self._behind_proxy else request.peer()
        if self._crowd.exceeds_limit(address, now):
            return LeftOutCount.Reason.CROWD
        if from_a_browser and self._bots.matches(request.header("user-agent")):
            return LeftOutCount.Reason.MACHINE
        return None
