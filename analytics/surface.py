"""POST /api/v1/events: what was done with a shown message, one event or a list of up to 500."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analytics.ingest import expired
from campaign.audience import (
    Event,
    Refusal,
    Reply,
    Surroundings,
    cross_origin,
    json_reply,
    parse_json,
    preflight,
    read_body,
    refusal_reply,
)
from campaign.outcomes import RECORDED
from campaign.receipt import SECONDS_PER_HOUR, ReceiptExpired, ReceiptInvalid

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

MOST_EVENTS = 500
SINGLE_LIMIT = 4096
BODY_LIMIT = 131_072
_FIELDS = {"receipt", "outcome", "value"}


def events(environ: WSGIEnvironment, at: Surroundings) -> Reply:
    """Verify each event, commit the good ones to disk, then answer: 200, or 207 naming the bad ones of a list."""
    method = environ["REQUEST_METHOD"]
    if method == "OPTIONS":
        return preflight("POST")
    if method != "POST":
        return refusal_reply(
            Refusal(405, "method_not_allowed", "This address answers POST."), [("Allow", "POST, OPTIONS")]
        )
    body = read_body(environ, BODY_LIMIT)
    value = parse_json(body)
    single = not isinstance(value, list)
    items = [value] if single else value
    if single and len(body) > SINGLE_LIMIT:
        raise Refusal(413, "body_too_large", f"One event may hold at most {SINGLE_LIMIT} bytes.")
    if not 1 <= len(items) <= MOST_EVENTS:
        raise Refusal(413 if items else 400, "wrong_number_of_events", f"Send 1 to {MOST_EVENTS} events at a time.")
    cors: dict[str, str] = {}
    outcomes = [_verified(item, environ, at, cors) for item in items]
    good = [(index, event) for index, event in enumerate(outcomes) if isinstance(event, Event)]
    refused = {index: refusal for index, refusal in enumerate(outcomes) if isinstance(refusal, Refusal)}
    if good:
        recorded = at.record([event for _, event in good])
        refused |= {index: refusal for (index, _), refusal in zip(good, recorded, strict=True) if refusal is not None}
    headers = list(cors.items())
    if single and refused:
        return refusal_reply(refused[0], headers)
    answer: dict[str, Any] = {"accepted": len(items) - len(refused)}
    if refused:
        answer["rejected"] = [{"index": index, "error": refused[index].as_dict()} for index in sorted(refused)]
    return json_reply(207 if refused else 200, answer, headers)


def _verified(item: Any, environ: WSGIEnvironment, at: Surroundings, cors: dict[str, str]) -> Event | Refusal:
    """One event with its receipt opened, or why it cannot count."""
    if not isinstance(item, dict):
        return Refusal(400, "invalid_field", "An event must be a JSON object.")
    if not item.keys() <= _FIELDS:
        return Refusal(400, "unknown_field", "An event has a field that this address does not know.")
    for name in ("receipt", "outcome"):
        if not isinstance(item.get(name), str):
            return Refusal(
                400, "invalid_field", "A field is missing or has the wrong type.", {name: "Must be a string."}
            )
    outcome = RECORDED.get(item["outcome"])
    if outcome is None:
        return Refusal(400, "unknown_outcome", "This outcome is not in the catalogue.", {"outcome": "Unknown."})
    value = item.get("value")
    if outcome.values:
        if isinstance(value, bool) or not isinstance(value, int) or value not in outcome.values:
            low, high = outcome.values[0], outcome.values[-1]
            return Refusal(
                400, "invalid_value", "This outcome needs a value.", {"value": f"A whole number from {low} to {high}."}
            )
    elif "value" in item:
        return Refusal(400, "invalid_value", "This outcome takes no value.", {"value": "Leave it out."})
    try:
        receipt = at.office.verify(item["receipt"], hour=int(at.clock()) // SECONDS_PER_HOUR)
    except ReceiptInvalid:
        return Refusal(403, "receipt_invalid", "This receipt was not issued here.", {"receipt": "Not genuine."})
    except ReceiptExpired:
        return expired()
    placement = at.snapshot().placement_ids.get(receipt.placement)
    origin = cross_origin(environ, placement.origins) if placement else None
    if origin is None:
        return Refusal(
            403, "receipt_foreign", "This receipt belongs to another placement.", {"receipt": "Not of this placement."}
        )
    cors.update(origin)
    return Event(receipt, outcome.key, value)
