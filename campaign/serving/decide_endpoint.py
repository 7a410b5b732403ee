"""POST /api/v1/decide: the assigned message and its receipt, as JSON, from memory."""

import json
import re
from collections.abc import Collection
from typing import Any

from campaign.assignment import decide_keys
from campaign.placements import tag_check
from campaign.placements.tag_check import TagCheckChannel, TagCheckProblem
from campaign.serving.cors import cors_headers, cross_origin_post
from campaign.serving.decision import Decision, MessageRequest, count_served, decide
from campaign.serving.http import JSON_HEADERS, Headers, Refusal, Reply, Request, parse_json, read_body, refusal_reply
from campaign.serving.privacy_signals import has_privacy_signal
from campaign.serving.routing import Route, ServingContext
from campaign.serving.snapshot_entries import PlacementEntry

BODY_LIMIT = 4096
MAX_FIELD_LENGTH = 200
_FIELDS = frozenset(MessageRequest._fields)
_MAX_CACHED_BODIES, _MAX_CACHED_BYTES = 1024, 256  # our script fills bodies up to 256
_cached_fields: dict[tuple[bytes, bytes, bytes], MessageRequest] = {}
_KEY_FIELD, _PLAIN_KEY = b'"key":"', re.compile(decide_keys.FORM.encode())


@cross_origin_post
def handle_decide(request: Request, context: ServingContext) -> Reply:
    """Parse, resolve the placement, decide, count, reply."""
    fields = read_fields(read_body(request, BODY_LIMIT))
    placement = _find_placement(fields, context)
    origin = request.header("origin")
    headers = _check_origin(request, origin, placement, fields, context)
    channel = TagCheckChannel.SERVER if origin is None else TagCheckChannel.PAGE
    try:
        decision = decide(placement, fields, context, channel=channel, is_countable=not has_privacy_signal(request))
        decision = count_served(decision, request, placement, context, from_browser=bool(headers))
        return _decision_reply(decision, placement, headers)
    except Refusal as refusal:
        return refusal_reply(refusal, headers)


def read_fields(body: bytes) -> MessageRequest:
    """The fields of the body, or Refusal 400.

    All visitors of a page send the same few bytes but for the key, so those are parsed once: 7 us of 45 (decision
    0020). A body that says anything else of its visitor but the language is never cached.
    """
    before, found, rest = body.partition(_KEY_FIELD)
    raw_key, _, after = rest.partition(b'"')
    shape = before, found, after  # that of the body, whatever its key
    cached = _cached_fields.get(shape)
    if cached is not None:
        if not found:
            return cached
        if _PLAIN_KEY.fullmatch(raw_key):
            return cached._replace(key=raw_key.decode())
    fields = parse_fields(parse_json(body))
    said = fields.key.encode() if fields.key else b""
    if len(body) <= _MAX_CACHED_BYTES and fields.unit is fields.session is fields.preview is None and said == raw_key:
        if len(_cached_fields) >= _MAX_CACHED_BODIES:
            _cached_fields.clear()
        _cached_fields[shape] = fields if fields.key is None else fields._replace(key=None)
    return fields


def parse_fields(value: Any) -> MessageRequest:
    """The request's fields, or Refusal 400 that names what is wrong."""
    fields = MessageRequest(**check_text_fields(value, _FIELDS, required=("placement",)))
    if fields.key is not None and not decide_keys.has_key_form(fields.key):
        reason = {"key": "Send the hour since 1970 in UTC, a hyphen, and 16 to 64 random letters or digits."}
        raise Refusal(400, "invalid_field", "The key has another form.", reason)
    return fields


def check_text_fields(value: Any, names: Collection[str], *, required: Collection[str]) -> dict[str, str]:
    """An object of short texts under these names, the required ones among them, or Refusal 400; null is absent."""
    if not isinstance(value, dict):
        raise Refusal(400, "invalid_field", "The body must be a JSON object.")
    given: dict[str, str] = {name: field for name, field in value.items() if field is not None or name not in names}
    for name, field in given.items():
        if name not in names:
            raise Refusal(400, "unknown_field", "The body has a field that this address does not know.")
        if not isinstance(field, str):
            raise Refusal(400, "invalid_field", "A field has the wrong type.", {name: "Must be a string."})
        if not 1 <= len(field) <= MAX_FIELD_LENGTH:
            reason = f"Must have 1 to {MAX_FIELD_LENGTH} characters."
            raise Refusal(400, "invalid_field", "A field has the wrong length.", {name: reason})
        if not field.isprintable():
            raise Refusal(400, "invalid_field", "A field holds control characters.", {name: "Must be plain text."})
    for name in required:
        if name not in given:
            raise Refusal(400, "invalid_field", "A field is missing.", {name: "This field is required."})
    return given


def _find_placement(fields: MessageRequest, context: ServingContext) -> PlacementEntry:
    placement = context.snapshot().placements.get(fields.placement)
    if placement is None:
        _record_failed_tag_check(context, fields, TagCheckProblem.KEY)
        raise Refusal(404, "placement_unknown", "There is no placement with this key.", {"placement": "Unknown key."})
    return placement


def _check_origin(
    request: Request, origin: str | None, placement: PlacementEntry, fields: MessageRequest, context: ServingContext
) -> Headers:
    """The headers for an allowed origin, or Refusal 403."""
    headers = cors_headers(request, origin, placement.origins)
    if headers is None:
        _record_failed_tag_check(context, fields, TagCheckProblem.ORIGIN, origin=origin)
        raise Refusal(403, "origin_not_allowed", "This site is not on the placement's list of allowed origins.")
    return headers


def _record_failed_tag_check(
    context: ServingContext, fields: MessageRequest, problem: TagCheckProblem, origin: str | None = None
) -> None:
    """Note on an open tag check, if the request carries its mark, what was wrong."""
    now = context.clock()
    mark = None if fields.preview is None else tag_check.verify_mark(fields.preview, now=now)
    if mark is not None:
        context.tag_check_log.record_failure(mark, problem=problem, now=now, origin=origin)


def _decision_reply(decision: Decision, placement: PlacementEntry, origin: Headers) -> Reply:
    more = b""
    if decision.uncounted is None:
        receipt = b'"%s"' % decision.receipt
    else:
        receipt = b'null,"reason":"%s"' % decision.uncounted.encode()
    if decision.keeps_session:
        more = b',"unit":"session"'
    elif decision.previewed_arm:
        more = b',"arm":%s' % json.dumps(decision.previewed_arm).encode()
    rendition = decision.rendition
    body = b'{"message":%s,"receipt":%s%s}' % (placement.insert_key(rendition.message_json), receipt, more)
    return Reply(200, JSON_HEADERS + origin, body.ljust(placement.lengths[rendition.language].message))


DECIDE_ROUTE = Route(handle_decide, BODY_LIMIT)
