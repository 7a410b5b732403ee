"""The audience routes that serve: the decision as JSON, and the hosted page with its form."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from campaign.assignment.receipts import SECONDS_PER_HOUR, ReceiptExpired, ReceiptInvalid
from campaign.assignment.subject_ids import names_a_person
from campaign.outcomes import RECORDED
from campaign.placements import tag_check
from campaign.placements.tag_check import Problem, Way
from campaign.serving import decision as serving_decision
from campaign.serving import tag_check_answers
from campaign.serving.application import (
    JSON_HEADERS,
    Event,
    Headers,
    Recording,
    Refusal,
    Reply,
    Request,
    Route,
    Surroundings,
    body_of,
    cross_origin,
    parse_json,
    preflight,
    refusal_reply,
    wants_not_to_be_counted,
)
from campaign.serving.hosted_pages import in_language, spoken
from campaign.serving.preview_links import arm_of
from campaign.serving.snapshot import ArmEntry, Asked, Offer, PlacementEntry, Shown, Snapshot, one_for_all

BODY_LIMIT = 4096
UNIT_LIMIT = 200
_SHORT, _REMEMBERED = 100, 4096
_DECIDE_FIELDS = {"placement", "locale", "unit", "preview", "session"}
NEW_SESSION = "new"
_GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


def decide(request: Request, at: Surroundings) -> Reply:
    """POST /api/v1/decide: the assigned message and its receipt, from memory."""
    method = request.method
    if method == "OPTIONS":
        return preflight("POST")
    if method != "POST":
        return refusal_reply(
            Refusal(405, "method_not_allowed", "This address answers POST."), [("Allow", "POST, OPTIONS")]
        )
    try:
        placement, asked = _found(body_of(request, BODY_LIMIT), at.snapshot())
    except UnknownPlacement as refusal:
        tag_check_answers.failed(at, refusal.mark, Problem.KEY)
        raise
    origin = cross_origin(request, placement.origins)
    if origin is None:
        tag_check_answers.failed(at, asked.preview, Problem.ORIGIN, origin=request.header("origin"))
        raise Refusal(403, "origin_not_allowed", "This site is not on the placement's list of allowed origins.")
    try:
        return _decided(request, at, asked, placement, origin)
    except Refusal as refusal:
        return refusal_reply(refusal, origin)


def _decided(request: Request, at: Surroundings, asked: Asked, placement: PlacementEntry, origin: Headers) -> Reply:
    locale, unit, session, preview = asked
    if preview is not None:
        if mark := tag_check.opened(preview, now=at.clock()):
            way = Way.SERVER if request.header("origin") is None else Way.PAGE
            return _uncounted(placement, tag_check_answers.shown(at, placement, mark, way=way, locale=locale), origin)
        arm = _preview(placement, preview)
        key = b',"arm":%s' % json.dumps(arm.key).encode()
        return _uncounted(placement, serving_decision.in_locale(arm.shown, locale), origin, key)
    if unit is not None and names_a_person(unit):
        raise Refusal(
            400,
            "invalid_field",
            "A unit must not name a person.",
            {"unit": "This looks like an e-mail address or a phone number. Send an opaque key."},
        )
    now, declines = at.clock(), wants_not_to_be_counted(request)
    try:
        if session is not None and not declines:
            kept = _kept(at, placement, session, now=now)
            if kept:
                if kept.receipt:
                    return _counted_in_a_tab(placement, kept, origin)
                return _uncounted(placement, kept.offer.shown, origin)
        decision = serving_decision.decide(placement, locale, unit, now, at.office, at.life_hours)
    except serving_decision.Unavailable as reason:
        if placement.fallback:
            return _uncounted(placement, serving_decision.in_locale(placement.fallback, locale), origin)
        raise Refusal(409, reason.code, serving_decision.WHY_NOT[reason.code]) from None
    offer, receipt, planned = decision.offer, decision.receipt, decision.campaign.unit
    # A tab that keeps nothing, and a request without a subject's key, see the message and are not counted.
    named = planned == "view" or (session if planned == "session" else unit) is not None
    if (
        declines
        or not named
        or not receipt  # the arm is paused
        or not count_served(request, at, offer, placement, now, bool(origin))
    ):
        return _uncounted(placement, offer.shown, origin)
    if planned == "session":
        return _counted_in_a_tab(placement, decision, origin)
    return Reply(200, JSON_HEADERS + origin, b'%s"%s"}' % (placement.whole(offer.shown.answer), receipt))


def _counted_in_a_tab(placement: PlacementEntry, decision: serving_decision.Decision, origin: Headers) -> Reply:
    """Tells the tab to keep its receipt."""
    answer = placement.whole(decision.offer.shown.answer)
    return Reply(200, JSON_HEADERS + origin, b'%s"%s","unit":"session"}' % (answer, decision.receipt))


def _uncounted(placement: PlacementEntry, shown: Shown, origin: Headers, extra: bytes = b"") -> Reply:
    answer = placement.whole(shown.answer)
    return Reply(200, JSON_HEADERS + origin, b"%snull%s}" % (answer, extra))


class UnknownPlacement(Refusal):
    """No placement has this key; `mark` is the mark of a test, if the request carried one."""

    def __init__(self, mark: str | None) -> None:
        says = {"placement": "Unknown key."}
        super().__init__(404, "placement_unknown", "There is no placement with this key.", says)
        self.mark = mark


def _kept(at: Surroundings, placement: PlacementEntry, text: str, *, now: float) -> serving_decision.Decision | None:
    """What a browser tab was shown before, if the campaign's unit is the tab and its receipt still stands."""
    if text == NEW_SESSION or placement.campaign is None or placement.campaign.unit != "session":
        return None
    try:
        receipt = at.office.verify(text, hour=int(now) // SECONDS_PER_HOUR)
    except (ReceiptInvalid, ReceiptExpired):
        return None
    return serving_decision.again(placement, receipt=receipt, text=text, now=now)


def count_served(
    request: Request,
    at: Surroundings,
    offer: Offer,
    placement: PlacementEntry,
    now: float,
    from_a_browser: bool,
) -> bool:
    """Add one to the arm's served count, in memory; or to those left out, if this message should not count."""
    hour = int(now) // SECONDS_PER_HOUR
    doubt = at.doubts.about(request, from_a_browser, now)
    if doubt is not None:
        at.served.leave_out(hour=hour, placement=placement.id, reason=doubt)
        return False
    at.served.add(hour, offer)
    return True


def _found(body: bytes, snapshot: Snapshot) -> tuple[PlacementEntry, Asked]:
    """The placement that a body names, or Refusal 404. What holds anything of one visitor's alone is not remembered."""
    found = snapshot.lately.get(body)
    if found is None:
        fields = _decide_fields(parse_json(body))
        placement = snapshot.placements.get(fields.pop("placement"))
        if placement is None:
            raise UnknownPlacement(fields.get("preview"))
        found = (placement, Asked(**fields))
        if fields.keys() <= {"locale"} and len(body) <= _SHORT:
            if len(snapshot.lately) >= _REMEMBERED:
                snapshot.lately.clear()
            snapshot.lately[body] = (placement, one_for_all(found[1]))
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
        if not 1 <= len(field) <= UNIT_LIMIT:
            raise Refusal(
                400,
                "invalid_field",
                "A field has the wrong length.",
                {name: f"Must have 1 to {UNIT_LIMIT} characters."},
            )
        if not field.isprintable():
            raise Refusal(400, "invalid_field", "A field holds control characters.", {name: "Must be plain text."})
    if "placement" not in value:
        raise Refusal(400, "invalid_field", "A field is missing.", {"placement": "This field is required."})
    return value


def _preview(placement: PlacementEntry, token: str) -> ArmEntry:
    number = arm_of(token)
    arm = None if number is None else placement.previews.get(number)
    if arm is None:
        raise Refusal(404, "preview_unknown", "This preview link does not lead to a message of this placement.")
    return arm


# The hosted page


def hosted(request: Request, at: Surroundings) -> Reply | Recording:
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
    parts = placement.pages.get(f"{spoken(_wanted(request))}:{name}")
    return None if parts is None else placement.whole(parts)


def _wanted(request: Request) -> str | None:
    query = _fields(request.query)
    return query["locale"][0] if "locale" in query else _language(request)


def _message(request: Request, at: Surroundings, placement: PlacementEntry) -> Reply:
    query, locale = _fields(request.query), _wanted(request)
    if "preview" in query:
        try:
            if mark := tag_check.opened(query["preview"][0], now=at.clock()):
                shown = tag_check_answers.shown(at, placement, mark, way=Way.HOSTED, locale=locale)
            else:
                shown = serving_decision.in_locale(_preview(placement, query["preview"][0]).shown, locale)
        except Refusal:
            return _unavailable(request, placement)
        return _page(200, placement.whole(shown.preview_page), placement)
    now = at.clock()
    try:
        decision = serving_decision.decide(placement, locale, None, now, at.office, at.life_hours)
    except serving_decision.Unavailable:
        if placement.fallback:
            return _hosted(placement, serving_decision.in_locale(placement.fallback, locale), b"")
        return _unavailable(request, placement)
    offer, receipt = decision.offer, decision.receipt
    # A page of its own knows neither tab nor subject: where the plan asks for these, it shows and does not count.
    counts = not wants_not_to_be_counted(request) and decision.campaign.unit == "view" and bool(receipt)
    if counts and request.method == "GET":
        counts = count_served(request, at, offer, placement, now, from_a_browser=True)
    return _hosted(placement, offer.shown, receipt if counts else b"")


def _hosted(placement: PlacementEntry, shown: Shown, receipt: bytes) -> Reply:
    """The message as a page; without a receipt nothing is counted."""
    return _page(200, receipt.join(map(placement.whole, shown.page)), placement)


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


def _form(request: Request, at: Surroundings, placement: PlacementEntry) -> Reply | Recording:
    """The page's one form: record what was pressed, then lead on. Counting may fail; leading on may not."""
    try:
        body = body_of(request, BODY_LIMIT)
        fields = _fields(body.decode("ascii", "replace"))
    except Refusal:
        fields = {}
    outcome, value = fields.get("outcome", [""])[0], None
    if fields.get("rating", [""])[0] in {"1", "2", "3", "4", "5"}:
        outcome, value = "rating", int(fields["rating"][0])
    # No look at Origin: our own Referrer-Policy makes browsers send "null" here, and the receipt is what counts.
    reply = Reply(303, [("Location", _next(request, placement, outcome)), ("Cache-Control", "no-store")], b"")
    if outcome not in RECORDED or wants_not_to_be_counted(request):
        return reply
    return _counted(at, placement, fields.get("receipt", [""])[0], outcome, value, reply)


def _next(request: Request, placement: PlacementEntry, outcome: str) -> str:
    """Where a pressed button leads: in the language of the page that it stood on."""
    if elsewhere := {"left": placement.leave_url, "continued": placement.continue_url}.get(outcome):
        return elsewhere
    page = {
        "left": "left",
        "continued": "continued",
        "help_self": "help/self",
        "help_affected": "help/affected",
        "learn_more": "about",
    }.get(outcome, "thanks")
    return f"/m/{placement.key}/{page}{in_language(_fields(request.query).get('locale', [''])[0])}"


def _seen(request: Request, at: Surroundings, placement: PlacementEntry) -> Reply | Recording:
    """The image in <noscript>: seen, without JavaScript."""
    query = _fields(request.query)
    reply = Reply(200, [("Content-Type", "image/gif"), ("Cache-Control", "no-store")], _GIF)
    if request.method != "GET" or wants_not_to_be_counted(request):
        return reply
    return _counted(at, placement, query.get("receipt", [""])[0], "exposed", None, reply)


def _counted(
    at: Surroundings, placement: PlacementEntry, text: str, outcome: str, value: int | None, reply: Reply
) -> Reply | Recording:
    """This reply, once the outcome is on disk; the same if it does not count."""
    try:
        receipt = at.office.verify(text, hour=int(at.clock()) // SECONDS_PER_HOUR)
    except (ReceiptInvalid, ReceiptExpired):
        return reply
    if receipt.placement != placement.id:
        return reply
    return Recording([Event(receipt, outcome, value)], lambda answers: reply)


def _page(status: int, body: bytes, placement: PlacementEntry | None) -> Reply:
    policy = placement.policy if placement else "default-src 'none'"
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


DECIDE = Route(decide, BODY_LIMIT)
HOSTED = Route(hosted, BODY_LIMIT, reads_query=True)
