"""POST /api/v1/events: what was done with a shown message, one event or a list of up to 500."""

from collections.abc import Sequence
from typing import Any

from analytics.ingest.writer import receipt_expired_refusal
from campaign.assignment.receipts import SECONDS_PER_HOUR, Receipt, ReceiptExpired, ReceiptInvalid
from campaign.outcomes import REPORTED, WITHDRAWAL
from campaign.serving.cors import cors_headers, cross_origin_post
from campaign.serving.http import (
    Headers,
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
_OPAQUE = frozenset({"null"})


@cross_origin_post
def handle_events(request: Request, context: ServingContext) -> Reply | PendingReply:
    """Verify the events, have the valid ones put on disk, and reply; alike where a visitor asks not to be counted.

    Of such a visitor only a withdrawal is recorded: the view may be older than the browser's signal.
    """
    items, is_list = _parse_items(read_body(request, BODY_LIMIT))
    verifier = _EventVerifier(request, context)
    results = [verifier.verify(item) for item in items]
    is_silent = has_privacy_signal(request)
    events = [
        event
        for event in results
        if isinstance(event, OutcomeEvent) and (not is_silent or event.outcome == WITHDRAWAL.key)
    ]
    headers = list(verifier.cors.items())

    def build_reply(recorded: RecordResults) -> Reply:
        refusals = _merge_refusals(results, events, recorded)
        accepted = sum(refusal is None for refusal in recorded)
        return _list_reply(accepted, refusals, headers) if is_list else _single_reply(accepted, refusals[0], headers)

    return PendingReply(events, build_reply) if events else build_reply([])


def _parse_items(body: bytes) -> tuple[list[Any], bool]:
    """The events as sent, and whether they came as a list."""
    value = parse_json(body)
    if not isinstance(value, list):
        if len(body) > SINGLE_BODY_LIMIT:
            raise Refusal(413, "body_too_large", f"One event may hold at most {SINGLE_BODY_LIMIT} bytes.")
        return [value], False
    if not 1 <= len(value) <= MAX_EVENTS:
        raise Refusal(413 if value else 400, "wrong_number_of_events", f"Send 1 to {MAX_EVENTS} events at a time.")
    return value, True


def _merge_refusals(
    results: Sequence[OutcomeEvent | Refusal], events: Sequence[OutcomeEvent], recorded: RecordResults
) -> list[Refusal | None]:
    """Why each event does not count, if it does not: it was not valid, or it could not be recorded."""
    late = {id(event): refusal for event, refusal in zip(events, recorded, strict=True)}
    return [result if isinstance(result, Refusal) else late.get(id(result)) for result in results]


def _single_reply(accepted: int, refusal: Refusal | None, headers: Headers) -> Reply:
    return json_reply(200, {"accepted": accepted}, headers) if refusal is None else refusal_reply(refusal, headers)


def _list_reply(accepted: int, refusals: Sequence[Refusal | None], headers: Headers) -> Reply:
    """200, or 207 that names the events that do not count; of one length however many count."""
    rejected = [{"index": i, "error": refusal.as_dict()} for i, refusal in enumerate(refusals) if refusal is not None]
    answer = {"accepted": accepted} | ({"rejected": rejected} if rejected else {})
    reply = json_reply(207 if rejected else 200, answer, headers)
    reply.body += b" " * (len(str(MAX_EVENTS)) - len(str(accepted)))
    return reply


class _EventVerifier:
    """Verifies the events of one request; receipts and placements that they share are verified once."""

    def __init__(self, request: Request, context: ServingContext) -> None:
        self._request, self._receipt_signer = request, context.receipt_signer
        self._hour = int(context.clock()) // SECONDS_PER_HOUR
        self._snapshot = context.snapshot()
        self._receipts: dict[str, Receipt | Refusal] = {}
        self._allowed: dict[int, bool] = {}  # by placement
        self.cors: dict[str, str] = {}

    def verify(self, item: Any) -> OutcomeEvent | Refusal:
        """One event with its verified receipt, or why it cannot count."""
        if not isinstance(item, dict):
            return Refusal(400, "invalid_field", "An event must be a JSON object.")
        if not item.keys() <= _FIELDS:
            return Refusal(400, "unknown_field", "An event has a field that this address does not recognise.")
        text, key = item.get("receipt"), item.get("outcome")
        if not isinstance(text, str) or not isinstance(key, str):
            name = "outcome" if isinstance(text, str) else "receipt"
            return Refusal(
                400, "invalid_field", "A field is missing or has the wrong type.", {name: "Must be a string."}
            )
        outcome = REPORTED.get(key)
        if outcome is None:
            return Refusal(400, "unknown_outcome", "This outcome is not in the catalogue.", {"outcome": "Unknown."})
        value = item.get("value")
        if outcome.values:
            if isinstance(value, bool) or not isinstance(value, int) or value not in outcome.values:
                reason = {"value": f"A whole number from {outcome.values[0]} to {outcome.values[-1]}."}
                return Refusal(400, "invalid_value", "This outcome needs a value.", reason)
        elif value is not None:
            return Refusal(400, "invalid_value", "This outcome takes no value.", {"value": "Leave it out."})
        receipt = self._receipts.get(text)
        if receipt is None:
            receipt = self._receipts[text] = self._verify_receipt(text)
        return OutcomeEvent(receipt, key, value) if isinstance(receipt, Receipt) else receipt

    def _verify_receipt(self, text: str) -> Receipt | Refusal:
        try:
            receipt = self._receipt_signer.verify(text, hour=self._hour)
        except ReceiptInvalid:
            return Refusal(403, "receipt_invalid", "This receipt was not issued here.", {"receipt": "Not genuine."})
        except ReceiptExpired:
            return receipt_expired_refusal()
        is_allowed = self._allowed.get(receipt.placement)
        if is_allowed is None:
            is_allowed = self._allowed[receipt.placement] = self._allows_origin(receipt.placement)
        if not self._snapshot.is_compiled:  # this process has read no placement yet, so it cannot judge
            return not_recorded_refusal()
        if not is_allowed:
            reason = {"receipt": "It belongs to another placement."}
            return Refusal(403, "receipt_foreign", "This receipt belongs to another placement.", reason)
        return receipt

    def _allows_origin(self, number: int) -> bool:
        placement, origin = self._snapshot.placement_ids.get(number), self._request.header("origin")
        if placement is None:
            return False
        # Our frame is in a sandbox, which has no origin; nor has a server. The receipt is the proof.
        headers = cors_headers(self._request, origin, _OPAQUE if origin == "null" else placement.origins)
        if headers is None:
            return False
        self.cors.update(headers)
        return True


EVENTS_ROUTE = Route(handle_events, BODY_LIMIT)
