"""Decide whether a shown message is counted, and if not, why. The message is shown in any case.

    machine   a page or a browser asks, and its user agent is a known bot: search engines, link previews, monitors
    crowd     one network asked for more than its share of the day (campaign.serving.network_share)

A partner's server, which sends no Origin and is no browser, is not checked for its user agent. Only counts are stored.
"""

from campaign.models import LeftOutCount
from campaign.serving.bots import BotList
from campaign.serving.http import Request
from campaign.serving.network_share import NetworkShares
from campaign.serving.snapshot_entries import PlacementEntry


class Exclusions:
    """The bot list and the networks' shares. `behind_proxy`: the client's address is in X-Real-IP."""

    def __init__(self, bots: BotList, shares: NetworkShares, *, behind_proxy: bool) -> None:
        self._bots, self._shares, self._behind_proxy = bots, shares, behind_proxy

    def exclusion_reason(
        self, request: Request, placement: PlacementEntry, *, from_browser: bool, now: float
    ) -> LeftOutCount.Reason | None:
        """Why the message is not counted; None if it is. A machine hears so, whatever its network asked for."""
        if from_browser and self._bots.matches(request.header("user-agent")):
            return LeftOutCount.Reason.MACHINE
        campaign = placement.campaign
        if campaign is None or is_signed(request, placement):
            return None
        counts = self._shares.count(
            request.header("x-real-ip") or "" if self._behind_proxy else request.peer(),
            placement=placement.sketch or placement.id,
            campaign=campaign.id,
            share=campaign.network_share,
            declared=placement.declared_share,
            now=now,
        )
        return None if counts else LeftOutCount.Reason.CROWD


def is_signed(request: Request, placement: PlacementEntry) -> bool:
    """Whether the placement's partner signed the request with a key of its own.

    No partner has a key yet, so no request is signed. Signed requests will need no share: the partner answers for them.
    """
    return False
