"""The audience routes that serve: the decision as JSON, and the hosted page with its form."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from campaign.assignment.receipts import SECONDS_PER_HOUR, ReceiptExpired, ReceiptInvalid
from campaign.assignment.subject_ids import looks_like_contact_detail
from campaign.outcomes import OUTCOMES, RECORDED_OUTCOMES, read_form
from campaign.placements import tag_check
from campaign.placements.tag_check import TagCheckChannel, TagCheckProblem
from campaign.serving import decision as serving_decision
from campaign.serving import tag_check_answers
from campaign.serving.cors import cors_headers, preflight_reply
from campaign.serving.hosted_pages import interface_language, locale_query
from campaign.serving.http import JSON_HEADERS, Headers, Refusal, Reply, Request, parse_json, read_body, refusal_reply
from campaign.serving.preview_links import arm_id_from_token
from campaign.serving.privacy_signals import has_privacy_signal
from campaign.serving.routing import OutcomeEvent, PendingReply, Route, ServingContext
from campaign.serving.snapshot_entries import (
    ArmEntry,
    DecideRequest,
    PlacementEntry,
    RenditionEntry,
    ServedArm,
    Snapshot,
    intern_value,
)

BODY_LIMIT = 4096
MAX_FIELD_LENGTH = 200
_SHORT, _MAX_CACHED_REQUESTS = 100, 4096
_DECIDE_FIELDS = {"placement", "locale", "unit", "preview", "session"}
NEW_SESSION = "new"
_GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


def handle_decide(request: Request, at: ServingContext) -> Reply:
    """POST /api/v1/decide: the assigned message and its receipt, from memory."""
    method = request.method
    if method == "OPTIONS":
        return preflight_reply("POST")
    if method != "POST":
        return refusal_reply(
            Refusal(405, "method_not_allowed", "This address answers POST."), [("Allow", "POST, OPTIONS")]
        )
    try:
        placement, asked = _found(read_body(request, BODY_LIMIT), at.snapshot())
    except UnknownPlacement as refusal:
        tag_check_answers.record_failed_tag_check(at, refusal.tag_check_mark, TagCheckProblem.KEY)
        raise
    origin = cors_headers(request, placement.origins)
    if origin is None:
        tag_check_answers.record_failed_tag_check(
            at, asked.preview, TagCheckProblem.ORIGIN, origin=request.header("origin")
        )
        raise Refusal(403, "origin_not_allowed", "This site is not on the placement's list of allowed origins.")
    try:
        return _decided(request, at, asked, placement, origin)
    except Refusal as refusal:
        return refusal_reply(refusal, origin)


def _decided(
    request: Request, at: ServingContext, asked: DecideRequest, placement: PlacementEntry, origin: Headers
) -> Reply:
    locale, unit, session, preview = asked
    if preview is not None:
        if mark := tag_check.verify_mark(preview, now=at.clock()):
            way = TagCheckChannel.SERVER if request.header("origin") is None else TagCheckChannel.PAGE
            return _uncounted(
                placement, tag_check_answers.answer_tag_check(at, placement, mark, channel=way, locale=locale), origin
            )
        arm = _preview(placement, preview)
        key = b',"arm":%s' % json.dumps(arm.key).encode()
        return _uncounted(placement, serving_decision.rendition_in_locale(arm.renditions, locale), origin, key)
    if unit is not None and looks_like_contact_detail(unit):
        raise Refusal(
            400,
            "invalid_field",
            "A unit must not name a person.",
            {"unit": "This looks like an e-mail address or a phone number. Send an opaque key."},
        )
    now, declines = at.clock(), has_privacy_signal(request)
    try:
        if session is not None and not declines:
            kept = _kept(at, placement, session, now=now)
            if kept:
                if kept.receipt:
                    return _counted_in_a_tab(placement, kept, origin)
                return _uncounted(placement, kept.served_arm.rendition, origin)
        decision = serving_decision.decide(placement, locale, unit, now, at.receipt_signer, at.receipt_life_hours)
    except serving_decision.CampaignUnavailable as reason:
        if placement.fallback:
            return _uncounted(placement, serving_decision.rendition_in_locale(placement.fallback, locale), origin)
        raise Refusal(409, reason.code, serving_decision.UNAVAILABLE_MESSAGES[reason.code]) from None
    offer, receipt, planned = decision.served_arm, decision.receipt, decision.campaign.unit
    # A tab that keeps nothing, and a request without a subject's key, see the message and are not counted.
    named = planned == "view" or (session if planned == "session" else unit) is not None
    if (
        declines
        or not named
        or not receipt  # the arm is paused
        or not count_served(request, at, offer, placement, now, bool(origin))
    ):
        return _uncounted(placement, offer.rendition, origin)
    if planned == "session":
        return _counted_in_a_tab(placement, decision, origin)
    return Reply(200, JSON_HEADERS + origin, b'%s"%s"}' % (placement.insert_key(offer.rendition.decide_json), receipt))


def _counted_in_a_tab(placement: PlacementEntry, decision: serving_decision.ServingDecision, origin: Headers) -> Reply:
    """Tells the tab to keep its receipt."""
    answer = placement.insert_key(decision.served_arm.rendition.decide_json)
    return Reply(200, JSON_HEADERS + origin, b'%s"%s","unit":"session"}' % (answer, decision.receipt))


def _uncounted(placement: PlacementEntry, shown: RenditionEntry, origin: Headers, extra: bytes = b"") -> Reply:
    answer = placement.insert_key(shown.decide_json)
    return Reply(200, JSON_HEADERS + origin, b"%snull%s}" % (answer, extra))


class UnknownPlacement(Refusal):
    """No placement has this key; `mark` is the mark of a test, if the request carried one."""

    def __init__(self, mark: str | None) -> None:
        says = {"placement": "Unknown key."}
        super().__init__(404, "placement_unknown", "There is no placement with this key.", says)
        self.tag_check_mark = mark


def _kept(
    at: ServingContext, placement: PlacementEntry, text: str, *, now: float
) -> serving_decision.ServingDecision | None:
    """What a browser tab was shown before, if the campaign's unit is the tab and its receipt still stands."""
    if text == NEW_SESSION or placement.campaign is None or placement.campaign.unit != "session":
        return None
    try:
        receipt = at.receipt_signer.verify(text, hour=int(now) // SECONDS_PER_HOUR)
    except (ReceiptInvalid, ReceiptExpired):
        return None
    return serving_decision.repeat_decision(placement, receipt=receipt, text=text, now=now)


def count_served(
    request: Request,
    at: ServingContext,
    offer: ServedArm,
    placement: PlacementEntry,
    now: float,
    from_a_browser: bool,
) -> bool:
    """Add one to the arm's served count, in memory; or to those left out, if this message should not count."""
    hour = int(now) // SECONDS_PER_HOUR
    doubt = at.exclusions.exclusion_reason(request, from_a_browser, now)
    if doubt is not None:
        at.served_counter.add_excluded(hour=hour, placement=placement.id, reason=doubt)
        return False
    at.served_counter.add(hour, offer)
    return True


def _found(body: bytes, snapshot: Snapshot) -> tuple[PlacementEntry, DecideRequest]:
    """The placement that a body names, or Refusal 404. What holds anything of one visitor's alone is not remembered."""
    found = snapshot.request_cache.get(body)
    if found is None:
        fields = _decide_fields(parse_json(body))
        placement = snapshot.placements.get(fields.pop("placement"))
        if placement is None:
            raise UnknownPlacement(fields.get("preview"))
        found = (placement, DecideRequest(**fields))
        if fields.keys() <= {"locale"} and len(body) <= _SHORT:
            if len(snapshot.request_cache) >= _MAX_CACHED_REQUESTS:
                snapshot.request_cache.clear()
            snapshot.request_cache[body] = (placement, intern_value(found[1]))
    return found


def _decide_fields(value: Any) -> dict[str, str]:
    """The request's fields, or Refusal 400 that names what is wrong."""
    if not isinstance(value, dict):
        raise Refusal(400, "invalid_field", "The body must be a JSON object.")
    for name, field in value.items():
        if name not in _DECIDE_FIELDS:
            raise Refusal(400, "unknown_field", "The body has a field that this address does not know.")
        if not isinstance(field, str):
            raise Refusal(400, "invalid_field", "A field has the wrong type.", {name: "Must be a string."})
        if not 1 <= len(field) <= MAX_FIELD_LENGTH:
            raise Refusal(
                400,
                "invalid_field",
                "A field has the wrong length.",
                {name: f"Must have 1 to {MAX_FIELD_LENGTH} characters."},
            )
        if not field.isprintable():
            raise Refusal(400, "invalid_field", "A field holds control characters.", {name: "Must be plain text."})
    if "placement" not in value:
        raise Refusal(400, "invalid_field", "A field is missing.", {"placement": "This field is required."})
    return value


def _preview(placement: PlacementEntry, token: str) -> ArmEntry:
    number = arm_id_from_token(token)
    arm = None if number is None else placement.previews.get(number)
    if arm is None:
        raise Refusal(404, "preview_unknown", "This preview link does not lead to a message of this placement.")
    return arm


# The hosted page


def handle_hosted(request: Request, at: ServingContext) -> Reply | PendingReply:
    """/m/<placement>/ and what lies below it; a person always gets a page, whatever went wrong with the counting."""
    key, _, rest = request.path[3:].partition("/")
    placement = at.snapshot().placements.get(key)
    if placement is None:
        return _page(404, b"<!doctype html><title>Not found</title><p>There is nothing here.</p>", None)
    method = request.method
    if method == "POST" and rest == "":
        return _form(request, at, placement)
    if method not in ("GET", "HEAD"):
        allow = "GET, HEAD, POST" if rest == "" else "GET, HEAD"
        return refusal_reply(Refusal(405, "method_not_allowed", f"This address answers {allow}."), [("Allow", allow)])
    if rest == "":
        return _message(request, at, placement)
    if rest == "seen.gif":
        return _seen(request, at, placement)
    quiet = None if rest == "unavailable" else _quiet(request, placement, rest)
    return _unavailable(request, placement) if quiet is None else _page(200, quiet, placement)


def _unavailable(request: Request, placement: PlacementEntry) -> Reply:
    return _page(404, _quiet(request, placement, "unavailable") or b"", placement)


def _quiet(request: Request, placement: PlacementEntry, name: str) -> bytes | None:
    """One of the pages behind the message, in the language that the address or the browser asks for."""
    parts = placement.pages.get(f"{interface_language(_wanted(request))}:{name}")
    return None if parts is None else placement.insert_key(parts)


def _wanted(request: Request) -> str | None:
    query = _fields(request.query)
    return query["locale"][0] if "locale" in query else _language(request)


def _message(request: Request, at: ServingContext, placement: PlacementEntry) -> Reply:
    query, locale = _fields(request.query), _wanted(request)
    if "preview" in query:
        try:
            if mark := tag_check.verify_mark(query["preview"][0], now=at.clock()):
                shown = tag_check_answers.answer_tag_check(
                    at, placement, mark, channel=TagCheckChannel.HOSTED, locale=locale
                )
            else:
                shown = serving_decision.rendition_in_locale(
                    _preview(placement, query["preview"][0]).renditions, locale
                )
        except Refusal:
            return _unavailable(request, placement)
        return _page(200, placement.insert_key(shown.preview_page), placement)
    now = at.clock()
    try:
        decision = serving_decision.decide(placement, locale, None, now, at.receipt_signer, at.receipt_life_hours)
    except serving_decision.CampaignUnavailable:
        if placement.fallback:
            return _hosted(placement, serving_decision.rendition_in_locale(placement.fallback, locale), b"")
        return _unavailable(request, placement)
    offer, receipt = decision.served_arm, decision.receipt
    # A page of its own knows neither tab nor subject: where the plan asks for these, it shows and does not count.
    counts = not has_privacy_signal(request) and decision.campaign.unit == "view" and bool(receipt)
    if counts and request.method == "GET":
        counts = count_served(request, at, offer, placement, now, from_a_browser=True)
    return _hosted(placement, offer.rendition, receipt if counts else b"")


def _hosted(placement: PlacementEntry, shown: RenditionEntry, receipt: bytes) -> Reply:
    """The message as a page; without a receipt nothing is counted."""
    return _page(200, receipt.join(map(placement.insert_key, shown.page)), placement)


def _fields(text: str) -> dict[str, list[str]]:
    """Form or query fields; more of them than any of our pages sends is none at all."""
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=8)
    except ValueError:
        return {}


def _language(request: Request) -> str | None:
    """The first language the browser asks for: read here, kept nowhere."""
    first = (request.header("accept-language") or "").split(",")[0].split(";")[0].strip()
    return first or None


def _form(request: Request, at: ServingContext, placement: PlacementEntry) -> Reply | PendingReply:
    """The page's one form: record what was pressed, then lead on. Counting may fail; leading on may not."""
    try:
        body = read_body(request, BODY_LIMIT)
        fields = _fields(body.decode("ascii", "replace"))
    except Refusal:
        fields = {}
    outcome, value = read_form(fields)
    # No look at Origin: our own Referrer-Policy makes browsers send "null" here, and the receipt is what counts.
    reply = Reply(303, [("Location", _next(request, placement, outcome)), ("Cache-Control", "no-store")], b"")
    if outcome not in RECORDED_OUTCOMES or has_privacy_signal(request):
        return reply
    return _counted(at, placement, fields.get("receipt", [""])[0], outcome, value, reply)


def _next(request: Request, placement: PlacementEntry, outcome: str) -> str:
    """Where a pressed button leads: in the language of the page that it stood on."""
    action = OUTCOMES[outcome].action if outcome in OUTCOMES else None
    if action and action.placement_url and (url := getattr(placement, action.placement_url)):
        return str(url)
    page = (action and action.page) or "thanks"
    return f"/m/{placement.key}/{page}{locale_query(_fields(request.query).get('locale', [''])[0])}"


def _seen(request: Request, at: ServingContext, placement: PlacementEntry) -> Reply | PendingReply:
    """The image in <noscript>: seen, without JavaScript."""
    query = _fields(request.query)
    reply = Reply(200, [("Content-Type", "image/gif"), ("Cache-Control", "no-store")], _GIF)
    if request.method != "GET" or has_privacy_signal(request):
        return reply
    return _counted(at, placement, query.get("receipt", [""])[0], "exposed", None, reply)


def _counted(
    at: ServingContext, placement: PlacementEntry, text: str, outcome: str, value: int | None, reply: Reply
) -> Reply | PendingReply:
    """This reply, once the outcome is on disk; the same if it does not count."""
    try:
        receipt = at.receipt_signer.verify(text, hour=int(at.clock()) // SECONDS_PER_HOUR)
    except (ReceiptInvalid, ReceiptExpired):
        return reply
    if receipt.placement != placement.id:
        return reply
    return PendingReply([OutcomeEvent(receipt, outcome, value)], lambda answers: reply)


def _page(status: int, body: bytes, placement: PlacementEntry | None) -> Reply:
    policy = placement.content_security_policy if placement else "default-src 'none'"
    return Reply(
        status,
        [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", policy),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Robots-Tag", "noindex"),
        ],
        body,
    )


DECIDE_ROUTE = Route(handle_decide, BODY_LIMIT)
HOSTED_ROUTE = Route(handle_hosted, BODY_LIMIT, reads_query=True)
