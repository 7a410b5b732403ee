"""The one error shape of the staff API: {"error": {"code", "message", "fields"}}, whatever went wrong."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from campaign.lifecycle import transitions
from messages.review.workflow import ReviewRefused

log = logging.getLogger(__name__)

BODY_LIMIT = 16_384


class BodyTooLarge(exceptions.APIException):
    status_code = 413
    default_code = "body_too_large"
    default_detail = f"The body may hold at most {BODY_LIMIT} bytes."


class InternalError(exceptions.APIException):
    default_code = "internal_error"
    default_detail = "Something went wrong on our side."


class TransitionConflict(exceptions.APIException):
    status_code = 409
    default_code = "step_refused"

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


def handle_api_exception(error: Exception, context: dict[str, Any]) -> Response:
    """Every refusal of this API as {"error": {"code", "message", "fields"}}, whoever raised it."""
    refusal = _refusal(error)
    if isinstance(refusal, InternalError):
        log.error("The API failed", exc_info=error)
    response = exception_handler(refusal, context)
    assert response is not None  # it is None only for what is not an APIException
    response.data = {"error": _described(refusal)}
    return response


def _refusal(error: Exception) -> exceptions.APIException:
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound("There is nothing at this address.")
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, transitions.ActionRefused):
        return TransitionConflict(str(error))
    if isinstance(error, ReviewRefused):
        return TransitionConflict(str(error), error.fields)
    if isinstance(error, RequestDataTooBig):
        return BodyTooLarge()
    if isinstance(error, SuspiciousOperation | BadRequest | MultiPartParserError):
        return exceptions.ParseError("The request could not be read.", code="bad_request")
    return InternalError()


# Where the audience surface has a word for the same thing, it is the same word.
_CODES = {"parse_error": "malformed_json"}
_WHOLE = "non_field_errors"


def _described(refusal: exceptions.APIException) -> dict[str, Any]:
    if isinstance(refusal, exceptions.ValidationError):
        fields = _fields(refusal.detail)
        message = fields.pop(_WHOLE, "") or "A field is missing or wrong."
        return {"code": "invalid_field", "message": message, "fields": fields}
    detail = refusal.detail
    code = str(detail.code if isinstance(detail, exceptions.ErrorDetail) else refusal.default_code)
    fields = refusal.fields if isinstance(refusal, TransitionConflict) else {}
    return {"code": _CODES.get(code, code), "message": str(detail), "fields": fields}


def _fields(detail: Any, path: str = "") -> dict[str, str]:
    """DRF's nested lists and dicts of complaints as one sentence per field: {"arms.0.key": "..."}."""
    if isinstance(detail, Mapping):
        inner = [_fields(value, f"{path}.{name}" if path else str(name)) for name, value in detail.items()]
        return {name: said for part in inner for name, said in part.items()}
    if isinstance(detail, list) and any(isinstance(item, Mapping) for item in detail):
        return _fields(dict(enumerate(detail)), path)
    return {path or _WHOLE: " ".join(map(str, detail)) if isinstance(detail, list) else str(detail)}
