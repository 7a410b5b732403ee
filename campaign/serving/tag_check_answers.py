"""A test of a placement at the audience surface: what a visitor would be shown, without a receipt."""

from __future__ import annotations

from campaign.assignment.receipts import unpack_ids
from campaign.placements import tag_check
from campaign.placements.tag_check import TagCheckChannel, TagCheckMark, TagCheckProblem
from campaign.serving import decision
from campaign.serving.http import Refusal
from campaign.serving.routing import ServingContext
from campaign.serving.snapshot_entries import PlacementEntry, RenditionEntry


def record_failed_tag_check(
    at: ServingContext, text: str | None, problem: TagCheckProblem, origin: str | None = None
) -> None:
    """Tell a test that is open, if the request carries its mark, what was wrong."""
    mark = None if text is None else tag_check.verify_mark(text, now=at.clock())
    if mark is not None:
        at.served_counter.tag_check_log.record_failure(mark, problem=problem, now=at.clock(), origin=origin)


def answer_tag_check(
    at: ServingContext, placement: PlacementEntry, mark: TagCheckMark, *, channel: TagCheckChannel, locale: str | None
) -> RenditionEntry:
    """Note that the placement was reached; the words that stand there now, or Refusal."""
    now = at.clock()
    if mark.placement_id != placement.id:
        at.served_counter.tag_check_log.record_failure(mark, problem=TagCheckProblem.KEY, now=now)
        raise Refusal(404, "preview_unknown", "This is a test of another placement: look at the key.")
    at.served_counter.tag_check_log.record_success(mark, channel=channel, now=now)
    try:
        offer = decision.decide(placement, locale, None, now, at.receipt_signer, at.receipt_life_hours).served_arm
    except decision.CampaignUnavailable as reason:
        if placement.fallback:
            return decision.rendition_in_locale(placement.fallback, locale)
        raise Refusal(409, reason.code, decision.UNAVAILABLE_MESSAGES[reason.code]) from None
    _, arm, _ = unpack_ids(offer.packed_ids)
    return placement.previews[arm].renditions[offer.locale]
