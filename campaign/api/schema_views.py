"""Serve the API description that campaign.api.schema wrote, and the page that shows it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.generic import TemplateView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

SCHEMA_FILES = {
    "json": Path(__file__).with_name("openapi.json"),
    "yaml": Path(__file__).with_name("openapi.yaml"),
    "jsonschema": Path(__file__).with_name("answers.schema.json"),
}


class OpenApiJson(JSONRenderer):
    media_type = "application/vnd.oai.openapi+json"


class OpenApiYaml(JSONRenderer):
    """Errors stay JSON, which is valid YAML."""

    media_type = "application/vnd.oai.openapi"
    format = "yaml"


class JsonSchema(JSONRenderer):
    media_type = "application/schema+json"
    format = "jsonschema"


class SchemaView(APIView):
    """OpenAPI 3.1 as JSON or YAML (`?format=yaml`), and what is answered as JSON Schema (`?format=jsonschema`).

    It is public so that developers of partners can read it.
    """

    authentication_classes = []
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer, OpenApiJson, OpenApiYaml, JsonSchema]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer: Any = request.accepted_renderer
        return HttpResponse(SCHEMA_FILES[renderer.format].read_bytes(), content_type=renderer.media_type)


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One operation as the page lists it."""

    method: str
    path: str
    summary: str
    description: SafeString
    parameters: list[dict[str, Any]]
    responses: list[tuple[str, list[SafeString]]]


@dataclass(frozen=True, slots=True)
class OperationGroup:
    """The operations of one tag."""

    name: str
    description: str
    operations: tuple[OperationRow, ...]


@cache
def api_description() -> dict[str, Any]:
    """The description as values."""
    description: dict[str, Any] = json.loads(SCHEMA_FILES["json"].read_bytes())
    return description


def operation_groups(description: Mapping[str, Any]) -> list[OperationGroup]:
    """Return the operations by tag, in the order of the description."""
    found = [
        (operation["tags"][0], _operation_row(method, path, operation))
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if "operationId" in operation
    ]
    return [
        OperationGroup(tag["name"], tag["description"], tuple(row for name, row in found if name == tag["name"]))
        for tag in description["tags"]
    ]


def _operation_row(method: str, path: str, operation: Mapping[str, Any]) -> OperationRow:
    return OperationRow(
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=_mark_code(operation.get("description", "")),
        parameters=[each for each in operation.get("parameters", ()) if "name" in each],
        responses=[
            (status, [_mark_code(line.removeprefix("- ")) for line in answer["description"].splitlines() if line])
            for status, answer in sorted(operation["responses"].items())
        ],
    )


def _mark_code(text: str) -> SafeString:
    """Show what stands between backticks as code."""
    parts = text.split("`")
    return format_html_join("", "{}", ((_code(part) if number % 2 else part,) for number, part in enumerate(parts)))


def _code(text: str) -> SafeString:
    return format_html("<code>{}</code>", text)


@method_decorator(login_not_required, name="dispatch")
class DocsView(TemplateView):
    """The description as a page, under the staff pages' security policy; Swagger UI is loaded by a button."""

    template_name = "campaign/api/docs.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        description = api_description()
        return super().get_context_data(description=description, groups=operation_groups(description), **kwargs)
