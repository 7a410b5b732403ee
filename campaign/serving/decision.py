"""Which message does this unit get? Decided from the snapshot in memory alone, and noted in a receipt."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from campaign.assignment import subject_ids
from campaign.assignment.arm_hash import ticket_for
from campaign.assignment.receipts import SECONDS_PER_HOUR, Receipt, ReceiptSigner, closing_hour, fresh_nonce, pack_ids
from campaign.serving.snapshot_entries import CampaignEntry, PlacementEntry, RenditionEntry, ServedArm

UNAVAILABLE_MESSAGES = {
    "no_campaign": "No campaign runs at this placement.",
    "campaign_paused": "The campaign at this placement is paused.",
    "campaign_ended": "The campaign at this placement has ended.",
    "campaign_not_started": "The campaign at this placement has not started yet.",
}


class CampaignUnavailable(Exception):
    """No campaign serves this placement now; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class ServingDecision:
    """The campaign, the arm that was assigned as it is offered here in one locale, and the receipt that goes out.

    No receipt, nothing at all, goes with a paused arm: the words are the control's, and nothing is counted.
    """

    campaign: CampaignEntry
    served_arm: ServedArm
    receipt: bytes


def running_campaign(placement: PlacementEntry, now: float) -> CampaignEntry:
    """The campaign that serves here at `now` (seconds since 1970), or Unavailable with the reason."""
    campaign = placement.campaign
    if campaign is None:
        raise CampaignUnavailable(placement.reason)
    if now < campaign.starts:
        raise CampaignUnavailable("campaign_not_started")
    if now >= campaign.ends:
        raise CampaignUnavailable("campaign_ended")
    return campaign


def decide(
    placement: PlacementEntry,
    locale: str | None,
    unit: str | None,
    now: float,
    receipt_signer: ReceiptSigner,
    receipt_life_hours: int,
) -> ServingDecision:
    """Assign an arm and issue its receipt. Without a key the fresh nonce is the unit."""
    campaign = running_campaign(placement, now)
    hour = int(now) // SECONDS_PER_HOUR
    closes = closing_hour(hour, receipt_life_hours)
    if campaign.secret and unit is not None:
        nonce = subject_ids.nonce(unit, campaign.secret, hour=hour)
        ticket = subject_ids.ticket(unit, campaign.secret, campaign.cumulative_weights[-1])
        hour, closes = subject_ids.receipt_window(hour)
    else:
        nonce = fresh_nonce()
        ticket = ticket_for(nonce.hex() if unit is None else unit, campaign.salt, campaign.cumulative_weights[-1])
    locales, totals = campaign.locales, campaign.cumulative_weights
    spoken = locales.index(locale if locale in locales else best_locale(locales, locale))
    offer = placement.served_arms[spoken * len(totals) + bisect_right(totals, ticket)]
    receipt = b"" if offer.paused else receipt_signer.sign(offer.packed_ids, hour, closes, offer.locale, nonce)
    return ServingDecision(campaign, offer, receipt)


def repeat_decision(placement: PlacementEntry, *, receipt: Receipt, text: str, now: float) -> ServingDecision | None:
    """The message that a browser tab was shown before, under its own receipt; None if that no longer stands.

    A tab whose arm is paused stays in it: it sees the control's words, uncounted, and keeps its receipt for later.
    """
    campaign = running_campaign(placement, now)
    shown = (pack_ids(campaign=receipt.campaign, arm=receipt.arm, placement=receipt.placement), receipt.locale)
    offer = next((offer for offer in placement.served_arms if (offer.packed_ids, offer.locale) == shown), None)
    return None if offer is None else ServingDecision(campaign, offer, b"" if offer.paused else text.encode())


def best_locale(offered: tuple[str, ...], wanted: str | None) -> str:
    """The wanted locale, else its language, else the first offered: "pt-BR" finds "pt-br" or "pt"."""
    if wanted is not None:
        exact = wanted.lower()
        if exact in offered:
            return exact
        language = exact.split("-", 1)[0]
        if language in offered:
            return language
    return offered[0]


def rendition_in_locale(shown: Mapping[str, RenditionEntry], locale: str | None) -> RenditionEntry:
    """The words in the wanted locale, or the nearest there is; English before others."""
    return shown[best_locale(tuple(sorted(shown, key=lambda name: (name != "en", name))), locale)]
