"""POST /api/v1/events: what was done with a shown message, one event or a list of up to 500."""

from __future__ import annotations

from typing import Any

from analytics.ingest.writer import receipt_expired_refusal
from campaign.assignment.receipts import SECONDS_PER_HOUR, Receipt, ReceiptExpired, ReceiptInvalid
from campaign.outcomes import RECORDED_OUTCOMES
from campaign.serving.cors import cors_headers, preflight_reply
from campaign.serving.http import (
    JSON_HEADERS,
    Refusal,
    Reply,
    Request,
    json_reply,
    not_recorded_refusal,
    parse_json,
    read_body,
    refusal_reply,
)
from campaign.serving.privacy_signals import has_privacy_signal
from campaign.serving.routing import OutcomeEvent, PendingReply, RecordResults, Route, ServingContext

MAX_EVENTS = 500
SINGLE_BODY_LIMIT = 4096
BODY_LIMIT = 131_072
_FIELDS = {"receipt", "outcome", "value"}


def handle_events(request: Request, at: ServingContext) -> Reply | PendingReply:
    """Verify each event, have the good ones put on disk, then answer: 200, or 207 naming the bad ones of a list.

    Who asks not to be counted is answered as anyone else, and nothing is kept.
    """
    method = request.method
    if method == "OPTIONS":
        return preflight_reply("POST")
    if method != "POST":
        return refusal_reply(
            Refusal(405, "method_not_allowed", "This address answers POST."), [("Allow", "POST, OPTIONS")]
        )
    body = read_body(request, BODY_LIMIT)
    value = parse_json(body)
    if isinstance(value, list):
        return _many(value, _Desk(request, at))
    if len(body) > SINGLE_BODY_LIMIT:
        raise Refusal(413, "body_too_large", f"One event may hold at most {SINGLE_BODY_LIMIT} bytes.")
    return _one(value, _Desk(request, at))


def _one(item: Any, desk: _Desk) -> Reply | PendingReply:
    """What browsers send, and so worth a way without lists."""
    event = desk.verified(item)
    headers = list(desk.cors.items())
    if isinstance(event, Refusal):
        return refusal_reply(event, headers)
    if desk.declines:
        return Reply(200, JSON_HEADERS + headers, b'{"accepted":0}')

    def reply(answers: RecordResults) -> Reply:
        refusal = answers[0]
        if refusal is not None:
            return refusal_reply(refusal, headers)
        return Reply(200, JSON_HEADERS + headers, b'{"accepted":1}')

    return PendingReply([event], reply)


def _many(items: list[Any], desk: _Desk) -> Reply | PendingReply:
    if not 1 <= len(items) <= MAX_EVENTS:
        raise Refusal(413 if items else 400, "wrong_number_of_events", f"Send 1 to {MAX_EVENTS} events at a time.")
    outcomes = [desk.verified(item) for item in items]
    good = [(index, event) for index, event in enumerate(outcomes) if isinstance(event, OutcomeEvent)]
    refused = {index: refusal for index, refusal in enumerate(outcomes) if isinstance(refusal, Refusal)}

    def reply(answers: RecordResults) -> Reply:
        late = {index: refusal for (index, _), refusal in zip(good, answers, strict=True) if refusal is not None}
        errors = {**refused, **late}
        answer: dict[str, Any] = {"accepted": 0 if desk.declines else len(items) - len(errors)}
        if errors:
            answer["rejected"] = [{"index": index, "error": errors[index].as_dict()} for index in sorted(errors)]
        return json_reply(207 if errors else 200, answer, list(desk.cors.items()))

    if desk.declines:
        good = []
    return PendingReply([event for _, event in good], reply) if good else reply([])


class _Desk:
    """Looks at the events of one request: what they have in common is looked at once."""

    def __init__(self, request: Request, at: ServingContext) -> None:
        self._request, self._office = request, at.receipt_signer
        self.declines = has_privacy_signal(request)
        self._hour = int(at.clock()) // SECONDS_PER_HOUR
        snapshot = at.snapshot()
        self._placements, self._compiled = snapshot.placement_ids, snapshot.is_compiled
        self._receipts: dict[str, Receipt | Refusal] = {}
        self._welcome: dict[int, bool] = {}
        self.cors: dict[str, str] = {}

    def verified(self, item: Any) -> OutcomeEvent | Refusal:
        """One event with its receipt opened, or why it cannot count."""
        if not isinstance(item, dict):
            return Refusal(400, "invalid_field", "An event must be a JSON object.")
        if not item.keys() <= _FIELDS:
            return Refusal(400, "unknown_field", "An event has a field that this address does not know.")
        text, key = item.get("receipt"), item.get("outcome")
        if not isinstance(text, str) or not isinstance(key, str):
            name = "outcome" if isinstance(text, str) else "receipt"
            return Refusal(
                400, "invalid_field", "A field is missing or has the wrong type.", {name: "Must be a string."}
            )
        outcome = RECORDED_OUTCOMES.get(key)
        if outcome is None:
            return Refusal(400, "unknown_outcome", "This outcome is not in the catalogue.", {"outcome": "Unknown."})
        value = item.get("value")
        if outcome.values:
            if isinstance(value, bool) or not isinstance(value, int) or value not in outcome.values:
                low, high = outcome.values[0], outcome.values[-1]
                says = {"value": f"A whole number from {low} to {high}."}
                return Refusal(400, "invalid_value", "This outcome needs a value.", says)
        elif "value" in item:
            return Refusal(400, "invalid_value", "This outcome takes no value.", {"value": "Leave it out."})
        receipt = self._receipts.get(text)
        if receipt is None:
            receipt = self._receipts[text] = self._opened(text)
        return OutcomeEvent(receipt, key, value) if isinstance(receipt, Receipt) else receipt

    def _opened(self, text: str) -> Receipt | Refusal:
        try:
            receipt = self._office.verify(text, hour=self._hour)
        except ReceiptInvalid:
            return Refusal(403, "receipt_invalid", "This receipt was not issued here.", {"receipt": "Not genuine."})
        except ReceiptExpired:
            return receipt_expired_refusal()
        welcome = self._welcome.get(receipt.placement)
        if welcome is None:
            welcome = self._welcome[receipt.placement] = self._may_use(receipt.placement)
        if not self._compiled:  # this process has not seen a single placement yet: it cannot know
            return not_recorded_refusal()
        if not welcome:
            says = {"receipt": "Not of this placement."}
            return Refusal(403, "receipt_foreign", "This receipt belongs to another placement.", says)
        return receipt

    def _may_use(self, number: int) -> bool:
        placement = self._placements.get(number)
        origin = cors_headers(self._request, placement.origins) if placement else None
        if origin is None:
            return False
        self.cors.update(origin)
        return True


EVENTS_ROUTE = Route(handle_events, BODY_LIMIT)
