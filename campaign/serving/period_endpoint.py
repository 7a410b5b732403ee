"""What a placement shows for a whole period: the text, which caches may hold for minutes, and a receipt for each page.

GET  /api/v1/text?placement=...&locale=...    the text and the period, without a receipt
POST /api/v1/receipt                          a receipt for a page that shows this text in this period
"""

import hmac
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import parse_qsl

from campaign.assignment.receipts import RECEIPT_LENGTH, SECONDS_PER_HOUR
from campaign.placements.tag_check import TagCheckChannel
from campaign.serving.cors import cors_headers, cross_origin_get, cross_origin_post
from campaign.serving.decide_endpoint import BODY_LIMIT, check_text_fields
from campaign.serving.decision import Decision, MessageRequest, count_served, decide, running_campaign
from campaign.serving.http import (
    CACHEABLE_JSON_HEADERS,
    JSON_HEADERS,
    Refusal,
    Reply,
    Request,
    parse_json,
    read_body,
    refusal_reply,
)
from campaign.serving.privacy_signals import has_privacy_signal
from campaign.serving.routing import Route, ServingContext
from campaign.serving.snapshot_entries import CampaignEntry, PlacementEntry, RenditionEntry
from campaign.uncounted import UncountedReason

# So long may a cache hold a text: a stop arrives everywhere within this time.
MAX_CACHE_SECONDS = 300
_DIGEST_DIGITS = 16
_RECEIPT_REPLY_LENGTH = len(b'{"receipt":""}') + RECEIPT_LENGTH


class ReceiptRequest(NamedTuple):
    """The fields of a request for a receipt: what the page shows, as the text's reply named it."""

    placement: str
    period: str
    locale: str | None = None


@cross_origin_get
def handle_text(request: Request, context: ServingContext) -> Reply:
    """What the placement shows now, without a receipt: the same bytes for everybody, so that a cache may hold them."""
    query = dict(parse_qsl(request.query[:BODY_LIMIT], keep_blank_values=True))
    fields = MessageRequest(**check_text_fields(query, ("placement", "locale"), required=("placement",)))
    now = context.clock()
    whole = _find_placement(fields.placement, context)
    _refuse_if_shared(whole)
    placement = whole.entry_at(now)
    campaign = running_campaign(placement, now)
    decision = decide(placement, fields, context, channel=TagCheckChannel.SERVER, is_countable=False)
    rendition = decision.rendition
    period = "null" if campaign is None else f'"{_period_name(placement, campaign, rendition, now)}"'
    body = b'{"message":%s,"period":%s}' % (placement.insert_key(rendition.message_json), period.encode())
    caching = f"public, max-age={_cache_seconds(whole, now)}"
    headers = [*CACHEABLE_JSON_HEADERS, ("Cache-Control", caching)]
    return Reply(200, headers, body.ljust(whole.lengths[rendition.language].message))


@cross_origin_post
def handle_receipt(request: Request, context: ServingContext) -> Reply:
    """A receipt for a page that shows the text of this period; none if it shows what was shown before."""
    body = parse_json(read_body(request, BODY_LIMIT))
    fields = ReceiptRequest(**check_text_fields(body, ReceiptRequest._fields, required=("placement", "period")))
    placement = _find_placement(fields.placement, context).entry_at(context.clock())
    headers = cors_headers(request, request.header("origin"), placement.origins)
    if headers is None:
        raise Refusal(403, "origin_not_allowed", "This site is not on the placement's list of allowed origins.")
    try:
        _refuse_if_shared(placement)
        decision = _decide_receipt(placement, fields, context, is_countable=not has_privacy_signal(request))
        decision = count_served(decision, request, placement, context, from_browser=bool(headers))
    except Refusal as refusal:
        return refusal_reply(refusal, headers)
    if decision.uncounted is None:
        reply = b'{"receipt":"%s"}' % decision.receipt
    else:
        reply = b'{"receipt":null,"reason":"%s"}' % decision.uncounted.encode()
    return Reply(200, JSON_HEADERS + headers, reply.ljust(_RECEIPT_REPLY_LENGTH))


def _decide_receipt(
    placement: PlacementEntry, fields: ReceiptRequest, context: ServingContext, *, is_countable: bool
) -> Decision:
    """The decision for what is shown now, uncounted if the page shows another period or other words."""
    now = context.clock()
    campaign = running_campaign(placement, now)
    shown = MessageRequest(placement.key, locale=fields.locale)
    decision = decide(placement, shown, context, channel=TagCheckChannel.SERVER, is_countable=is_countable)
    if campaign is None:
        return decision
    current = _period_name(placement, campaign, decision.rendition, now)
    if is_countable and not hmac.compare_digest(fields.period.encode(), current.encode()):
        return Decision(decision.rendition, uncounted=UncountedReason.PERIOD_OVER)
    return decision


def _period_name(placement: PlacementEntry, campaign: CampaignEntry, rendition: RenditionEntry, now: float) -> str:
    """The number of the period and a digest of the words: a page with other words gets no receipt for these."""
    if campaign.periods is None:
        raise _no_periods()
    words = sha256(placement.insert_key(rendition.message_json)).hexdigest()[:_DIGEST_DIGITS]
    return f"{campaign.periods.period_at(int(now) // SECONDS_PER_HOUR)}-{words}"


def _refuse_if_shared(placement: PlacementEntry) -> None:
    """Campaigns that share a placement draw a message for each visitor; the slots that are left may have none."""
    if placement.parts:
        raise _no_periods()


def _no_periods() -> Refusal:
    message = "This placement draws a message for each visitor. Ask /api/v1/decide, and cache nothing."
    return Refusal(409, "no_periods", message)


def _cache_seconds(placement: PlacementEntry, now: float) -> int:
    """How long the text may be held: no longer than its period, or than the campaign's start and end allow."""
    ends = [MAX_CACHE_SECONDS]
    for entry in placement.entries():
        campaign = entry.campaign
        if campaign is not None:
            ends += [int(moment - now) for moment in (campaign.starts, campaign.ends) if now < moment < now + 1e6]
        if campaign is not None and campaign.periods is not None and campaign.runs_at(now):
            periods = campaign.periods
            next_one = periods.first + periods.hours * (periods.period_at(int(now) // SECONDS_PER_HOUR) + 1)
            ends.append(int(next_one * SECONDS_PER_HOUR - now))
    return max(min(ends), 0)


def _find_placement(key: str, context: ServingContext) -> PlacementEntry:
    placement = context.snapshot().placements.get(key)
    if placement is None:
        raise Refusal(404, "placement_unknown", "There is no placement with this key.", {"placement": "Unknown key."})
    return placement


TEXT_ROUTE = Route(handle_text, reads_query=True)
RECEIPT_ROUTE = Route(handle_receipt, BODY_LIMIT)
