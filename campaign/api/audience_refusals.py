"""The refusals of the audience surface by status and code, each with when it is given."""

# The errors of each address: status -> code -> reason. docs/api.md says what to do about each.
DECIDE_REFUSALS: dict[int, dict[str, str]] = {
    400: {
        "malformed_json": "The body is not JSON.",
        "incomplete_body": "The body ended before its announced length.",
        "unknown_field": "The body has a field that this address does not know.",
        "invalid_field": "A field is missing, of the wrong type or length, or holds control characters.",
    },
    403: {"origin_not_allowed": "The request's Origin is not on the placement's list."},
    404: {
        "placement_unknown": "There is no placement with this key.",
        "preview_unknown": "The preview token is not ours, has ended, or names no message of this placement.",
    },
    405: {"method_not_allowed": "This address answers POST."},
    409: {
        "no_campaign": "No campaign runs at this placement, and it has no fallback.",
        "campaign_not_started": "The campaign has not started, and the placement has no fallback.",
        "campaign_paused": "The campaign is paused, and the placement has no fallback.",
        "campaign_ended": "The campaign has ended, and the placement has no fallback.",
    },
    410: {"key_closed": "The hour of the key is over by more than a receipt's life, or has not begun."},
    413: {"body_too_large": "The body holds more than 4096 bytes."},
    500: {"internal_error": "A fault of ours."},
}
_NO_PERIODS = {"no_periods": "The campaign there draws a message for each visitor: ask /api/v1/decide."}
TEXT_REFUSALS: dict[int, dict[str, str]] = {
    400: {name: why for name, why in DECIDE_REFUSALS[400].items() if name.endswith("_field")},
    404: {"placement_unknown": DECIDE_REFUSALS[404]["placement_unknown"]},
    405: {"method_not_allowed": "This address answers GET and HEAD."},
    409: {**DECIDE_REFUSALS[409], **_NO_PERIODS},
    500: DECIDE_REFUSALS[500],
}
RECEIPT_REFUSALS: dict[int, dict[str, str]] = {**DECIDE_REFUSALS, 404: TEXT_REFUSALS[404], 409: TEXT_REFUSALS[409]}
# Errors of a single event: as its reply, or among the rejected events of a list.
EVENT_REFUSALS: dict[int, dict[str, str]] = {
    400: {
        "unknown_field": "An event has a field that this address does not recognise.",
        "invalid_field": "An event is not an object, or its receipt or outcome is missing or not a string.",
        "unknown_outcome": "The outcome is not in the catalogue.",
        "invalid_value": "A value is missing, out of range, or given to an outcome that takes none.",
    },
    403: {
        "receipt_invalid": "The receipt was not issued here, or was altered.",
        "receipt_foreign": "The receipt belongs to a placement that this origin may not use, or that is gone.",
    },
    410: {"receipt_expired": "The receipt's window has closed."},
    503: {"not_recorded": "It could not be stored. Send it again."},
}
EVENTS_REFUSALS: dict[int, dict[str, str]] = {
    400: {
        "malformed_json": "The body is not JSON.",
        "incomplete_body": "The body ended before its announced length.",
        "wrong_number_of_events": "The list is empty.",
        **EVENT_REFUSALS[400],
    },
    403: EVENT_REFUSALS[403],
    405: {"method_not_allowed": "This address answers POST."},
    410: EVENT_REFUSALS[410],
    413: {
        "body_too_large": "One event holds more than 4096 bytes, or a list more than 131072.",
        "wrong_number_of_events": "The list holds more than 500 events.",
    },
    500: {"internal_error": "A fault of ours."},
    503: EVENT_REFUSALS[503],
}
