"""Describe the audience surface for the API description: it is in front of Django, so no generator finds it."""

from typing import Any

from campaign.api.audience_refusals import (
    DECIDE_REFUSALS,
    EVENT_REFUSALS,
    EVENTS_REFUSALS,
    RECEIPT_REFUSALS,
    TEXT_REFUSALS,
)
from campaign.outcomes import PAGE_ADDRESSES, RECORDED_OUTCOMES, REPORTED, offered_outcomes
from campaign.uncounted import EXPLANATIONS

Json = dict[str, Any]
TAG = "audience"


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: Json, description: str) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _refusal(codes: dict[str, str]) -> Json:
    """One error status: the error shape with exactly these codes."""
    said = "\n".join(f"- `{code}`: {when}" for code, when in codes.items())
    code = {"properties": {"error": {"properties": {"code": {"enum": sorted(codes)}}}}}
    return _json({"allOf": [_ref("ErrorReply"), code]}, said)


def _refusals(table: dict[int, dict[str, str]]) -> Json:
    return {str(status): _refusal(codes) for status, codes in sorted(table.items())}


def audience_paths() -> Json:
    return {
        "/api/v1/decide": {"post": _decide()},
        "/api/v1/text": {"get": _period_text()},
        "/api/v1/receipt": {"post": _period_receipt()},
        "/api/v1/events": {"post": _events()},
        "/m/{placement}/": {"get": _hosted_page(), "post": _hosted_form()},
        "/m/{placement}/seen.gif": {"get": _hosted_seen_image()},
        "/m/{placement}/{page}": {
            "get": _neighbour(
                "hosted_neighbour",
                "The quiet pages that the message's buttons and doors lead to",
                _path_parameter(
                    "page",
                    "; ".join(f"`{address}`: {name}" for name, address in PAGE_ADDRESSES.items()),
                    list(PAGE_ADDRESSES.values()),
                ),
            )
        },
    }


def _operation(operation_id: str, summary: str, description: str = "") -> Json:
    """What every operation of the audience surface has."""
    told = {"description": description} if description else {}
    return {"operationId": operation_id, "tags": [TAG], "summary": summary, **told, "security": []}


def _decide() -> Json:
    example = {"placement": "quiet-page", "locale": "en"}
    description = (
        "Assigns an arm of the campaign that runs at the placement and answers its words. The same `unit` gets "
        "the same arm throughout a campaign; without one, each request is assigned anew. `receipt` is null when "
        'nothing is to be counted, and `reason` says why. Where `unit` is answered with "session", the tab keeps its '
        "receipt and sends it as `session` next time: the same message under the same receipt, counted once."
    )
    return _operation("decide", "Which message to show, and its receipt", description) | {
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("Ask"), "example": example}}},
        "responses": {"200": _json(_ref("Decision"), "The message.") | {"headers": _NO_STORE}}
        | _refusals(DECIDE_REFUSALS),
    }


def _period_text() -> Json:
    description = (
        "Where the campaign's unit is the period: what the placement shows everybody now, without a receipt. A cache "
        "may hold it as long as Cache-Control says, 300 seconds at most, so that a stop arrives. `period` is null "
        "while nothing is counted."
    )
    caching = {"description": "At most 300 seconds.", "schema": {"type": "string"}}
    return _operation("period_text", "The text of a whole period, for caches", description) | {
        "parameters": [
            _query_parameter("placement", "The placement's key.") | {"required": True},
            _query_parameter("locale", 'Such as "en" or "pt-BR"; else the campaign\'s first.'),
        ],
        "responses": {"200": _json(_ref("PeriodText"), "The text.") | {"headers": {"Cache-Control": caching}}}
        | _refusals(TEXT_REFUSALS),
    }


def _period_receipt() -> Json:
    example = {"placement": "quiet-page", "period": "12-0123456789abcdef", "locale": "en"}
    description = (
        "Each page that shows the text asks for its own receipt, and no cache holds it. Without one nothing is "
        "counted, and `reason` says why; a page that shows what was there before gets none."
    )
    return _operation("period_receipt", "A receipt for a page that shows this text", description) | {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref("AskReceipt"), "example": example}},
        },
        "responses": {"200": _json(_ref("PeriodReceipt"), "The receipt.") | {"headers": _NO_STORE}}
        | _refusals(RECEIPT_REFUSALS),
    }


def _events() -> Json:
    some = {"oneOf": [_ref("Event"), {"type": "array", "items": _ref("Event"), "minItems": 1, "maxItems": 500}]}
    examples = {
        "one": {"value": {"receipt": "AQAAAAE…", "outcome": "exposed"}},
        "several": {
            "value": [
                {"receipt": "AQAAAAE…", "outcome": "left"},
                {"receipt": "AQAAAAE…", "outcome": "rating", "value": 4},
            ]
        },
    }
    description = (
        "One event, or a list of up to 500. An answer of 200 means that it is on disk. Each outcome counts at most "
        "once per shown message, so sending the same event again changes nothing and answers 200 again."
    )
    return _operation("record_events", "What was done with a shown message", description) | {
        "requestBody": {"required": True, "content": {"application/json": {"schema": some, "examples": examples}}},
        "responses": {
            "200": _json(_ref("Accepted"), "Every event is on disk."),
            "207": _json(_ref("PartlyAccepted"), "A list: the good ones are on disk, the bad ones are named."),
        }
        | _refusals(EVENTS_REFUSALS),
    }


def _hosted_page() -> Json:
    description = "Works with and without JavaScript. Also answers HEAD, which counts nothing."
    return _operation("hosted_page", "The message as a page of its own", description) | {
        "parameters": [
            _PLACEMENT,
            _query_parameter("locale", "Before the languages of Accept-Language, by their weights."),
            _query_parameter("preview", "A preview token from staff, or the mark of a test: counts nothing."),
        ],
        "responses": {
            "200": _html("The message, or the placement's fallback."),
            "404": _html("No such placement or preview, or nothing to show here now."),
            "405": _refusal({"method_not_allowed": "This address answers GET, HEAD and POST."}),
        },
    }


def _hosted_form() -> Json:
    fields = {
        "receipt": {"type": "string"},
        "outcome": {"type": "string", "enum": [key for key, outcome in REPORTED.items() if not outcome.values]},
    } | {
        outcome.key: {"type": "string", "enum": list(map(str, outcome.values))}
        for outcome, _ in offered_outcomes()
        if outcome.values
    }
    description = "Counts what was pressed if it can, and leads on in any case."
    return _operation("hosted_form", "The page's form, without JavaScript", description) | {
        "parameters": [_PLACEMENT],
        "requestBody": {
            "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": fields}}}
        },
        "responses": {
            "303": {
                "description": "Where the pressed button leads.",
                "headers": {"Location": {"required": True, "schema": {"type": "string"}}},
            },
            "404": _html("No such placement."),
        },
    }


def _hosted_seen_image() -> Json:
    return _operation("hosted_seen", "Seen on screen, without JavaScript") | {
        "parameters": [_PLACEMENT, _query_parameter("receipt", "The receipt of the page.")],
        "responses": {
            "200": {
                "description": "A transparent pixel, whether or not it counted.",
                "content": {"image/gif": {"schema": {"type": "string", "contentMediaType": "image/gif"}}},
            },
            "404": _html("No such placement."),
            "405": _refusal({"method_not_allowed": "This address answers GET."}),
        },
    }


def _neighbour(operation: str, summary: str, which: Json) -> Json:
    return _operation(operation, summary) | {
        "parameters": [_PLACEMENT, which],
        "responses": {
            "200": _html("The page."),
            "404": _html("No such page."),
            "405": _refusal({"method_not_allowed": "This address answers GET."}),
        },
    }


def _html(description: str) -> Json:
    return {"description": description, "content": {"text/html": {"schema": {"type": "string"}}}}


def _path_parameter(name: str, description: str, enum: list[str] | None = None) -> Json:
    schema = {"type": "string"} | ({"enum": enum} if enum else {})
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def _query_parameter(name: str, description: str) -> Json:
    return {"name": name, "in": "query", "description": description, "schema": {"type": "string"}}


_PLACEMENT = _path_parameter("placement", "The placement's key.")
_NO_STORE = {"Cache-Control": {"description": "Nothing assigned may be cached.", "schema": {"const": "no-store"}}}


def _object(properties: Json, required: list[str] | None = None, description: str = "") -> Json:
    schema: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    if required is None or required:
        schema["required"] = list(properties) if required is None else required
    return schema | ({"description": description} if description else {})


def _text(description: str = "", **more: Any) -> Json:
    return {"type": "string"} | ({"description": description} if description else {}) | more


def _optional_text(description: str, **more: Any) -> Json:
    """A text that may be null, which is the same as absent."""
    return _text(description, **more) | {"type": ["string", "null"]}


_RECEIPT = {
    "type": ["string", "null"],
    "description": "Send it back with each event; null when nothing is to be counted.",
}


def _uncounted_reason() -> Json:
    reasons = "; ".join(f"{reason}: {why}" for reason, why in EXPLANATIONS.items())
    return _text(f"Only where the receipt is null. {reasons}", enum=[str(reason) for reason in EXPLANATIONS])


def audience_schemas() -> Json:
    ordered = [outcome for outcome in RECORDED_OUTCOMES.values() if outcome.values]
    ranges = ", for ".join(f"`{outcome.key}` {outcome.values[0]} to {outcome.values[-1]}" for outcome in ordered)
    limited = {"minLength": 1, "maxLength": 200}
    codes = {"properties": {"code": {"enum": sorted(code for each in EVENT_REFUSALS.values() for code in each)}}}
    return {
        "Ask": _object(
            {
                "placement": _text("The placement's key.", **limited),
                "locale": _optional_text(
                    'Such as "en" or "pt-BR", or a list like Accept-Language; else the campaign\'s first.', **limited
                ),
                "unit": _optional_text(
                    "An opaque key of yours for whoever sees the message. Never stored, never logged.", **limited
                ),
                "preview": _optional_text("A preview token from staff, or the mark of a test.", **limited),
                "session": _optional_text('The receipt that this browser tab keeps, or "new".', **limited),
                "key": _optional_text(
                    "The hour since 1970 (UTC), a hyphen and random characters: the same request, sent again within"
                    " the hours that a receipt is valid, gets the same message and is one view. Never stored.",
                    pattern="^[0-9]{5,7}-[A-Za-z0-9_-]{16,64}$",
                ),
            },
            ["placement"],
        ),
        "PeriodText": _object(
            {
                "message": _ref("ShownMessage"),
                "period": {"type": ["string", "null"], "description": "Send it with the request for a receipt."},
            }
        ),
        "AskReceipt": _object(
            {
                "placement": _text("The placement's key.", **limited),
                "period": _text("What came with the text.", **limited),
                "locale": _text("That of the text.", **limited),
            },
            ["placement", "period"],
        ),
        "PeriodReceipt": _object({"receipt": _RECEIPT, "reason": _uncounted_reason()}, ["receipt"]),
        "Decision": _object(
            {
                "arm": _text("Only in a preview: visitors are never told their arm."),
                "unit": _text("Where the campaign's unit is the browser tab: keep the receipt.", enum=["session"]),
                "message": _ref("ShownMessage"),
                "receipt": _RECEIPT,
                "reason": _uncounted_reason(),
            },
            ["message", "receipt"],
        ),
        "ShownMessage": _object(
            {
                "headline": _text(),
                "body_html": _text("Only p, em, strong and br."),
                "locale": _text(),
                "dir": _text(enum=["ltr", "rtl"]),
                "actions": {"type": "array", "items": _ref("Action")},
                "crisis": _ref("Crisis"),
                "exit": _ref("Exit"),
                "privacy": _text("What is counted, in one sentence: show it."),
            }
        ),
        "Crisis": _object(
            {
                "label": _text(),
                "note": _text(),
                "href": _text("Lines for somebody in crisis, relative to this site: show it first of all help."),
            }
        ),
        "Exit": _object(
            {
                "label": _text(),
                "href": _text("A neutral site: blank the page, replace it in the history, and report nothing."),
            }
        ),
        "Action": _object(
            {
                "outcome": _ref("RecordedOutcome"),
                "label": _text(),
                "note": _text(),
                "href": _text("Where it leads, relative to this site; empty: close the message."),
                "values": {"type": "array", "items": {"type": "integer"}},
                "low": _text("What the lowest value means."),
                "high": _text("What the highest value means."),
                "thanks": {"type": "string", "description": "Said when it was pressed."},
            },
            ["outcome", "label"],
        ),
        "RecordedOutcome": _text(
            "; ".join(f"`{key}`: {outcome.name}" for key, outcome in REPORTED.items()), enum=list(REPORTED)
        ),
        "Event": _object(
            {
                "receipt": _text("As decide gave it."),
                "outcome": _ref("RecordedOutcome"),
                "value": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": max(outcome.values[-1] for outcome in ordered),
                    "description": f"For {ranges}; other outcomes take none.",
                },
            },
            ["receipt", "outcome"],
        ),
        "Accepted": _object({"accepted": {"type": "integer", "description": "How many events now count."}}),
        "PartlyAccepted": _object(
            {
                "accepted": {"type": "integer"},
                "rejected": {
                    "type": "array",
                    "minItems": 1,
                    "items": _object(
                        {
                            "index": {"type": "integer", "description": "Its place in the list, from 0."},
                            "error": {"allOf": [_ref("Error"), codes]},
                        }
                    ),
                },
            }
        ),
    }
