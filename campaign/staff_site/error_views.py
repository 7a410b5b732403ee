"""The page for what no view has caught."""

import sys
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.defaults import server_error

RETRY_SECONDS = 60


def unexpected_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 if the database is away or its disk is full, so that nobody takes it for a fault of the program."""
    if not isinstance(sys.exception(), OperationalError | InterfaceError):
        return server_error(request)
    page = loader.get_template("503.html").render()  # without the request, whose session would ask the database
    return HttpResponse(page, status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(RETRY_SECONDS)})
