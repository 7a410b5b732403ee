"""Which message does this unit get? Decided from the snapshot in memory alone, and noted in a receipt."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from campaign.assignment import subject_ids
from campaign.assignment.arm_hash import ticket_for
from campaign.assignment.receipts import SECONDS_PER_HOUR, Receipt, ReceiptOffice, closing_hour, facts, fresh_nonce
from campaign.serving.snapshot import CampaignEntry, Offer, PlacementEntry, Shown

WHY_NOT = {
    "no_campaign": "No campaign runs at this placement.",
    "campaign_paused": "The campaign at this placement is paused.",
    "campaign_ended": "The campaign at this placement has ended.",
    "campaign_not_started": "The campaign at this placement has not started yet.",
}


class Unavailable(Exception):
    """No campaign serves this placement now; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Decision:
    """The campaign, the arm that was assigned as it is offered here in one locale, and the receipt that goes out.

    No receipt, nothing at all, goes with a paused arm: the words are the control's, and nothing is counted.
    """

    campaign: CampaignEntry
    offer: Offer
    receipt: bytes


def running_campaign(placement: PlacementEntry, now: float) -> CampaignEntry:
    """The campaign that serves here at `now` (seconds since 1970), or Unavailable with the reason."""
    campaign = placement.campaign
    if campaign is None:
        raise Unavailable(placement.reason)
    if now < campaign.starts:
        raise Unavailable("campaign_not_started")
    if now >= campaign.ends:
        raise Unavailable("campaign_ended")
    return campaign


def decide(
    placement: PlacementEntry,
    locale: str | None,
    unit: str | None,
    now: float,
    office: ReceiptOffice,
    life_hours: int,
) -> Decision:
    """Assign an arm and issue its receipt. Without a key the fresh nonce is the unit."""
    campaign = running_campaign(placement, now)
    hour = int(now) // SECONDS_PER_HOUR
    closes = closing_hour(hour, life_hours)
    if campaign.secret and unit is not None:
        nonce = subject_ids.nonce(unit, campaign.secret, hour=hour)
        ticket = subject_ids.ticket(unit, campaign.secret, campaign.totals[-1])
        hour, closes = subject_ids.window(hour)
    else:
        nonce = fresh_nonce()
        ticket = ticket_for(nonce.hex() if unit is None else unit, campaign.salt, campaign.totals[-1])
    locales, totals = campaign.locales, campaign.totals
    spoken = locales.index(locale if locale in locales else locale_among(locales, locale))
    offer = placement.offers[spoken * len(totals) + bisect_right(totals, ticket)]
    receipt = b"" if offer.paused else office.sign(offer.facts, hour, closes, offer.locale, nonce)
    return Decision(campaign, offer, receipt)


def again(placement: PlacementEntry, *, receipt: Receipt, text: str, now: float) -> Decision | None:
    """The message that a browser tab was shown before, under its own receipt; None if that no longer stands.

    A tab whose arm is paused stays in it: it sees the control's words, uncounted, and keeps its receipt for later.
    """
    campaign = running_campaign(placement, now)
    shown = (facts(campaign=receipt.campaign, arm=receipt.arm, placement=receipt.placement), receipt.locale)
    offer = next((offer for offer in placement.offers if (offer.facts, offer.locale) == shown), None)
    return None if offer is None else Decision(campaign, offer, b"" if offer.paused else text.encode())


def locale_among(offered: tuple[str, ...], wanted: str | None) -> str:
    """The wanted locale, else its language, else the first offered: "pt-BR" finds "pt-br" or "pt"."""
    if wanted is not None:
        exact = wanted.lower()
        if exact in offered:
            return exact
        language = exact.split("-", 1)[0]
        if language in offered:
            return language
    return offered[0]


def in_locale(shown: Mapping[str, Shown], locale: str | None) -> Shown:
    """The words in the wanted locale, or the nearest there is; English before others."""
    return shown[locale_among(tuple(sorted(shown, key=lambda name: (name != "en", name))), locale)]
