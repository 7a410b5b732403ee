"""The error shape of the staff API for every error: {"error": {"code", "message", "fields"}}."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from campaign.api.parsers import BodyTooLarge
from campaign.lifecycle.actions import ActionRefused
from messages.review.workflow import ReviewRefused

log = logging.getLogger(__name__)


class InternalError(exceptions.APIException):
    default_code = "internal_error"
    default_detail = "Something went wrong on our side."


class DatabaseUnavailable(exceptions.APIException):
    status_code = 503
    default_code = "database_unavailable"
    default_detail = "The database is away, or its disk is full. Try again in a few minutes."


class TransitionConflict(exceptions.APIException):
    status_code = 409
    default_code = "step_refused"

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


def handle_api_exception(error: Exception, context: dict[str, Any]) -> Response:
    """Turn any exception into the API's error shape; registered as DRF's EXCEPTION_HANDLER."""
    refusal = _as_api_exception(error)
    if isinstance(refusal, InternalError | DatabaseUnavailable):
        log.error("The API failed", exc_info=error)
    response = exception_handler(refusal, context)
    assert response is not None  # it is None only for what is not an APIException
    response.data = {"error": _error_body(refusal)}
    return response


def _as_api_exception(error: Exception) -> exceptions.APIException:
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound("There is nothing at this address.")
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, ActionRefused):
        return TransitionConflict(str(error))
    if isinstance(error, ReviewRefused):
        return TransitionConflict(str(error), error.fields)
    if isinstance(error, RequestDataTooBig):
        return BodyTooLarge()
    if isinstance(error, OperationalError | InterfaceError):
        return DatabaseUnavailable()
    if isinstance(error, SuspiciousOperation | BadRequest | MultiPartParserError):
        return exceptions.ParseError("The request could not be read.", code="bad_request")
    return InternalError()


# The same codes as the audience surface uses.
_CODES = {"parse_error": "malformed_json"}
_NO_FIELD = "non_field_errors"


def _error_body(refusal: exceptions.APIException) -> dict[str, Any]:
    if isinstance(refusal, exceptions.ValidationError):
        fields = _fields(refusal.detail)
        message = fields.pop(_NO_FIELD, "") or "A field is missing or wrong."
        return {"code": "invalid_field", "message": message, "fields": fields}
    detail = refusal.detail
    code = str(detail.code if isinstance(detail, exceptions.ErrorDetail) else refusal.default_code)
    fields = refusal.fields if isinstance(refusal, TransitionConflict) else {}
    return {"code": _CODES.get(code, code), "message": str(detail), "fields": fields}


def _fields(detail: Any, path: str = "") -> dict[str, str]:
    """Flatten DRF's nested errors to one sentence per field: {"arms.0.key": "..."}."""
    if isinstance(detail, Mapping):
        inner = [_fields(value, f"{path}.{name}" if path else str(name)) for name, value in detail.items()]
        return {name: message for part in inner for name, message in part.items()}
    if isinstance(detail, list) and any(isinstance(item, Mapping) for item in detail):
        return _fields(dict(enumerate(detail)), path)
    return {path or _NO_FIELD: " ".join(map(str, detail)) if isinstance(detail, list) else str(detail)}
