"""Decide which message answers a request, from the snapshot in memory alone.

Each case is a function that returns a `Decision`: a tag check, a preview, the fallback while no campaign runs, a tab
that was shown a message before, and the assignment of an arm.
"""

from hashlib import sha256
from itertools import chain
from typing import NamedTuple

from campaign.assignment import decide_keys, subject_ids
from campaign.assignment.arm_hash import arm_for, text_for
from campaign.assignment.periods import DAY_HOURS, Periods, arm_of_period, text_of_period
from campaign.assignment.receipts import (
    SECONDS_PER_HOUR,
    Receipt,
    ReceiptExpired,
    ReceiptInvalid,
    ReceiptSigner,
    closing_hour,
    fresh_nonce,
    fresh_salt,
    pack_ids,
)
from campaign.assignment.slots import slot_of
from campaign.models import LeftOutCount
from campaign.placements import tag_check
from campaign.placements.tag_check import TagCheckChannel, TagCheckMark, TagCheckProblem
from campaign.serving.exclusions import is_signed
from campaign.serving.http import Refusal, Request
from campaign.serving.locales import best_locale, rendition_in_locale
from campaign.serving.preview_links import read_preview_token
from campaign.serving.routing import ServingContext
from campaign.serving.snapshot_entries import CampaignEntry, PlacementEntry, RenditionEntry, ServedText
from campaign.uncounted import UncountedReason

NEW_SESSION = "new"
MOST_OPEN_HOURS = 25  # of a view, as the database allows
_UNAVAILABLE_MESSAGES = {
    "no_campaign": "No campaign runs at this placement.",
    "campaign_paused": "The campaign at this placement is paused.",
    "campaign_ended": "The campaign at this placement has ended.",
    "campaign_not_started": "The campaign at this placement has not started yet.",
}


class MessageRequest(NamedTuple):
    """The fields of a request for a message."""

    placement: str
    locale: str | None = None
    unit: str | None = None
    session: str | None = None
    preview: str | None = None
    key: str | None = None


class ReceiptWindow(NamedTuple):
    """What a receipt says beside its arm."""

    hour: int
    closes: int
    nonce: bytes


_NO_WINDOW = ReceiptWindow(0, 0, b"")


class Decision(NamedTuple):
    """The message that answers a request.

    `served_arm` is the arm to count as served, and to sign a receipt for. Without a `receipt` the message is shown and
    no outcome of it counts, for the reason in `uncounted`.
    """

    rendition: RenditionEntry
    receipt: bytes = b""
    uncounted: UncountedReason | None = None
    served_arm: ServedText | None = None
    window: ReceiptWindow = _NO_WINDOW
    keeps_session: bool = False  # the browser tab is to keep the receipt
    previewed_arm: str = ""
    is_keyed: bool = False  # the same request, sent again, gets the same nonce
    day: int | None = None  # since 1970, on which it is counted as served, where that is not always today


def decide(
    placement: PlacementEntry,
    fields: MessageRequest,
    context: ServingContext,
    *,
    channel: TagCheckChannel,
    is_countable: bool,
) -> Decision:
    """The message for one request, or Refusal; `is_countable` is False if the visitor asks not to be counted."""
    now = context.clock()
    if fields.preview is not None:
        mark = tag_check.verify_mark(fields.preview, now=now)
        if mark is not None:
            return _decide_tag_check(placement, mark, fields, context, channel=channel)
        return _decide_preview(placement, fields.preview, fields.locale, context)
    if fields.unit is not None and subject_ids.looks_like_contact_detail(fields.unit):
        raise Refusal(
            400,
            "invalid_field",
            "A unit must not name a person.",
            {"unit": "This looks like an e-mail address or a phone number. Send an opaque key."},
        )
    issue = None
    if placement.parts:
        placement, issue = _draw_part(placement, fields, context, now=now, is_countable=is_countable)
    if placement.otherwise is not None:
        placement = placement.entry_at(now)
    campaign = running_campaign(placement, now)
    if campaign is None:
        return _decide_fallback(placement, fields.locale, now)
    decision = _repeat_in_tab(placement, campaign, fields.session, context, now=now) if is_countable else None
    return decision or assign(placement, campaign, fields, context, now=now, is_countable=is_countable, issue=issue)


def _draw_part(
    placement: PlacementEntry, fields: MessageRequest, context: ServingContext, *, now: float, is_countable: bool
) -> tuple[PlacementEntry, tuple[int, bytes]]:
    """The part of a shared placement that a request falls to, with the issue hour and a nonce of its slots.

    The slot is that of the unit in the request, or of the nonce. A browser tab stays in its part as long as its receipt
    is valid, also when its campaign has ended: the slots of that go to nobody else.
    """
    hour, nonce = _issue(placement, fields.key, context, now_hour=int(now) // SECONDS_PER_HOUR)
    if fields.unit is not None:
        return placement.entry_of_slot(slot_of(fields.unit)), (hour, nonce)
    receipt = _receipt_of_tab(fields.session, context, now=now) if is_countable else None
    if receipt is None or receipt.placement != placement.id:
        return placement.entry_of_slot(slot_of(nonce.hex())), (hour, nonce)
    part = placement.entry_of_slot(slot_of(receipt.nonce.hex()))
    # A tab that is assigned anew stays there. The same request, sent again under its key, comes to the same nonce.
    while placement.entry_of_slot(slot_of(nonce.hex())) is not part:
        nonce = sha256(nonce).digest()[: len(nonce)]
    return part, (hour, nonce)


def _receipt_of_tab(session: str | None, context: ServingContext, *, now: float) -> Receipt | None:
    """The receipt that a browser tab was given before, if it is still valid."""
    if session is None or session == NEW_SESSION:
        return None
    try:
        return context.receipt_signer.verify(session, hour=int(now) // SECONDS_PER_HOUR)
    except (ReceiptInvalid, ReceiptExpired):
        return None


def assign(
    placement: PlacementEntry,
    campaign: CampaignEntry,
    fields: MessageRequest,
    context: ServingContext,
    *,
    now: float,
    is_countable: bool,
    issue: tuple[int, bytes] | None = None,
) -> Decision:
    """Assign an arm. Without a key in the request, the fresh nonce of its receipt is the unit.

    Where the plan asks for a tab or a subject, a request that names none is shown the message and not counted.
    """
    unit = fields.unit
    hour, nonce = issue or _issue(placement, fields.key, context, now_hour=int(now) // SECONDS_PER_HOUR)
    if campaign.periods is not None:
        return _assign_period(placement, campaign, campaign.periods, fields, context, hour, nonce, now, is_countable)
    if campaign.secret and unit is not None:
        nonce = subject_ids.nonce(unit, campaign.secret, hour=hour)
        index = subject_ids.arm_for(unit, campaign.secret, campaign.weights)
        hour, closes = subject_ids.receipt_window(hour)
    else:
        index = arm_for(nonce.hex() if unit is None else unit, campaign.salt, campaign.weights)
        closes = closing_hour(hour, context.receipt_life_hours)
    locale = campaign.locales.index(best_locale(campaign.locales, fields.locale))
    texts = placement.served_arms[locale * len(campaign.weights) + index]
    arm = texts[0] if len(texts) == 1 else texts[text_for(nonce, campaign.salt, len(texts))]
    in_tab = campaign.unit == "session"
    names_unit = campaign.unit == "view" or (fields.session if in_tab else unit) is not None
    if not is_countable:
        return Decision(arm.rendition, uncounted=UncountedReason.DECLINED)
    if not names_unit:
        return Decision(arm.rendition, uncounted=UncountedReason.NO_UNIT)
    if arm.paused:
        return Decision(arm.rendition, uncounted=UncountedReason.PAUSED)
    window, is_keyed = ReceiptWindow(hour, closes, nonce), fields.key is not None
    return Decision(arm.rendition, b"", None, arm, window, in_tab, is_keyed=is_keyed)


def _issue(placement: PlacementEntry, key: str | None, context: ServingContext, *, now_hour: int) -> tuple[int, bytes]:
    """The issue hour and the nonce: of the request's key, or fresh ones; Refusal if the key has no open hour."""
    if key is None:
        return now_hour, fresh_nonce()
    try:
        hour = decide_keys.issue_hour(key, now_hour=now_hour, life_hours=context.receipt_life_hours)
    except decide_keys.KeyClosed:
        raise Refusal(410, "key_closed", "The hour of this key is closed. Send a new key, or none.") from None
    return hour, decide_keys.nonce(key, placement.id, context.receipt_signer)


def _assign_period(
    placement: PlacementEntry,
    campaign: CampaignEntry,
    periods: Periods,
    fields: MessageRequest,
    context: ServingContext,
    hour: int,
    nonce: bytes,
    now: float,
    is_countable: bool,
) -> Decision:
    """Whatever the placement shows in this period, under a receipt of its own."""
    text = _text_of_period(placement, campaign, periods, fields.locale, hour)
    if not is_countable:
        return Decision(text.rendition, uncounted=UncountedReason.DECLINED)
    if text.paused:
        return Decision(text.rendition, uncounted=UncountedReason.PAUSED)
    arms, is_keyed = len(campaign.weights), fields.key is not None
    first, last = periods.window(hour, arms)
    closes = min(closing_hour(last, context.receipt_life_hours), first + MOST_OPEN_HOURS)
    window = ReceiptWindow(first, closes, nonce)
    # A request that is sent again, in a later hour, is one of its own hour.
    if not periods.is_counted(min(now, (hour + 1) * SECONDS_PER_HOUR - 1)):
        return Decision(text.rendition, uncounted=UncountedReason.WASHOUT, window=window, is_keyed=is_keyed)
    day = periods.tally_day(hour, arms)
    return Decision(text.rendition, b"", None, text, window, is_keyed=is_keyed, day=day)


def _text_of_period(
    placement: PlacementEntry, campaign: CampaignEntry, periods: Periods, locale: str | None, hour: int
) -> ServedText:
    """The text that the placement shows in this hour. What is in use shows one arm, and its texts take turns."""
    period, arms = periods.period_at(hour), len(campaign.weights)
    if periods.count:
        index = arm_of_period(period, salt=campaign.salt, placement=placement.key, arms=arms, hours=periods.hours)
    else:
        index = next(index for index, weight in enumerate(campaign.weights) if weight)
    offered = campaign.locales.index(best_locale(campaign.locales, locale))
    texts = placement.served_arms[offered * arms + index]
    return texts[text_of_period(period, salt=campaign.salt, placement=placement.key, texts=len(texts))]


def _repeat_in_tab(
    placement: PlacementEntry, campaign: CampaignEntry, session: str | None, context: ServingContext, *, now: float
) -> Decision | None:
    """The message that a browser tab was shown before, under its own receipt; None if that is no longer valid.

    A tab whose arm is paused stays in it: it sees the control's message, uncounted, and keeps its receipt for later. So
    does one whose text was stopped: it sees another text of its arm.
    """
    receipt = _receipt_of_tab(session, context, now=now) if campaign.unit == "session" else None
    if receipt is None or session is None:
        return None
    ids = pack_ids(campaign=receipt.campaign, placement=receipt.placement)
    shown = (ids, receipt.arm, receipt.locale)
    own = chain.from_iterable(placement.served_arms)
    texts = [text for text in own if (text.packed_ids, text.arm, text.locale) == shown]
    if not texts:
        return None
    arm = next((text for text in texts if text.paused or text.text == receipt.text), None)
    if arm is None:
        other = texts[text_for(receipt.nonce, campaign.salt, len(texts))]
        return Decision(other.rendition, uncounted=UncountedReason.PAUSED)
    if arm.paused:
        return Decision(arm.rendition, uncounted=UncountedReason.PAUSED)
    return Decision(arm.rendition, session.encode(), keeps_session=True)


def _decide_fallback(placement: PlacementEntry, locale: str | None, now: float) -> Decision:
    """The placement's fallback message, uncounted, or Refusal 409 with the reason why no campaign runs."""
    reason = placement.reason
    if placement.campaign is not None:
        reason = "campaign_not_started" if now < placement.campaign.starts else "campaign_ended"
    if placement.fallback:
        uncounted = UncountedReason(reason.removeprefix("campaign_"))
        return Decision(rendition_in_locale(placement.fallback, locale), uncounted=uncounted)
    raise Refusal(409, reason, _UNAVAILABLE_MESSAGES[reason])


def _decide_preview(placement: PlacementEntry, token: str, locale: str | None, context: ServingContext) -> Decision:
    """The arm that a preview link of staff names, or Refusal 404."""
    link = read_preview_token(token, now=context.clock(), givers=context.snapshot().preview_givers)
    arm = None if link is None else placement.previews.get(link.arm_id)
    texts = {text.position: text for text in arm.texts} if arm else {}
    text = texts.get(link.text) if link else None
    if arm is None or text is None:
        raise Refusal(404, "preview_unknown", "This preview link has ended, or leads to no message of this placement.")
    message = rendition_in_locale(text.renditions, locale)
    return Decision(message, uncounted=UncountedReason.PREVIEW, previewed_arm=arm.key)


def _decide_tag_check(
    placement: PlacementEntry,
    mark: TagCheckMark,
    fields: MessageRequest,
    context: ServingContext,
    *,
    channel: TagCheckChannel,
) -> Decision:
    """Note that a tag check reached the placement; what a visitor would be shown now, uncounted, or Refusal."""
    now = context.clock()
    if mark.placement_id != placement.id:
        context.tag_check_log.record_failure(mark, problem=TagCheckProblem.KEY, now=now)
        raise Refusal(404, "preview_unknown", "This is a test of another placement: look at the key.")
    context.tag_check_log.record_success(mark, channel=channel, now=now)
    visitor = MessageRequest(placement.key, locale=fields.locale)
    decision = decide(placement, visitor, context, channel=channel, is_countable=False)
    return Decision(decision.rendition, uncounted=UncountedReason.PREVIEW)


def count_served(
    decision: Decision, request: Request, placement: PlacementEntry, context: ServingContext, *, from_browser: bool
) -> Decision:
    """Count the decision as served, in memory, and sign its receipt.

    A machine gets no receipt. Whoever asks for more than a network's share gets one that says so to us alone. A request
    that was sent again under its key is not counted again.
    """
    arm = decision.served_arm
    if arm is None:
        if decision.uncounted is UncountedReason.WASHOUT:
            _count_washout(decision, placement, context)
        return decision
    if placement.counts_signed_only and not is_signed(request, placement):
        return Decision(decision.rendition, uncounted=UncountedReason.UNSIGNED)
    if placement.parts or placement.otherwise is not None:
        placement = placement.entry_of_campaign(arm.packed_ids) or placement
    before = context.recently_served.left_out(decision.window.nonce) if decision.is_keyed else None
    if before is not None:
        receipt = sign_receipt(arm, decision.window, context.receipt_signer, left_out=before)
        return Decision(decision.rendition, receipt, keeps_session=decision.keeps_session)
    now = context.clock()
    hour = int(now) // SECONDS_PER_HOUR
    reason = context.exclusions.exclusion_reason(request, placement, from_browser=from_browser, now=now)
    if reason is None:
        context.served_counter.add(hour // DAY_HOURS if decision.day is None else decision.day, arm)
    else:
        context.served_counter.add_excluded(hour=hour, placement=placement.id, reason=reason)
        if reason is LeftOutCount.Reason.MACHINE:
            return Decision(decision.rendition, uncounted=UncountedReason.MACHINE)
    left_out = reason is not None
    if decision.is_keyed:
        context.recently_served.add(decision.window.nonce, left_out=left_out)
    receipt = sign_receipt(arm, decision.window, context.receipt_signer, left_out=left_out)
    return Decision(decision.rendition, receipt, keeps_session=decision.keeps_session)


def _count_washout(decision: Decision, placement: PlacementEntry, context: ServingContext) -> None:
    """Count a message that was shown in a wash-out as left out, once for each key."""
    nonce = decision.window.nonce
    if decision.is_keyed:
        if context.recently_served.left_out(nonce) is not None:
            return
        context.recently_served.add(nonce, left_out=True)
    hour = int(context.clock()) // SECONDS_PER_HOUR
    context.served_counter.add_excluded(hour=hour, placement=placement.id, reason=LeftOutCount.Reason.WASHOUT)


def sign_receipt(arm: ServedText, window: ReceiptWindow, signer: ReceiptSigner, *, left_out: bool = False) -> bytes:
    """The receipt of a message that is shown."""
    hour, closes, nonce = window
    return signer.sign(
        arm.packed_ids, arm.arm, hour, closes, arm.locale, nonce, fresh_salt(), left_out=left_out, text=arm.text
    )


def running_campaign(placement: PlacementEntry, now: float) -> CampaignEntry | None:
    """The campaign that serves this placement at `now` (seconds since 1970)."""
    campaign = placement.campaign
    return campaign if campaign is not None and campaign.runs_at(now) else None
