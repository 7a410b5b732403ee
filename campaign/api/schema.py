"""Generate the description of the API; `manage.py describe_api` writes it next to this file as JSON and YAML.

Generating needs the development packages; the site serves the written files. Staff addresses are described by their
views (campaign.api.operation), and the audience surface by campaign.api.audience_schema.
"""

import hashlib
import json
from typing import Any

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.settings import patched_settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from drf_spectacular.validation import validate_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from campaign.api.audience_schema import TAG, Json, audience_paths, audience_schemas
from campaign.api.operation import ApiOperation

_SETTINGS = {"TITLE": "Second Thought", "VERSION": "1", "OAS_VERSION": "3.1.0"}


class SessionAuthenticationScheme(SessionScheme):  # defining it registers it
    """A browser's session, authenticated by SecondFactorSessionAuthentication."""

    target_class = "campaign.api.authentication.SecondFactorSessionAuthentication"


def build_schema() -> Json:
    """The whole description; ValueError if the code is ambiguous or the result breaks the standard."""
    generator = _Generator()
    with patched_settings(_SETTINGS):
        made: Json = _with_audience(generator.get_schema(request=None, public=True))
    if GENERATOR_STATS:
        raise ValueError("the description was made with a warning")
    validate_schema(made)
    return made


def render_schema_files(made: Json) -> dict[str, bytes]:
    """The description as files, by format."""
    yaml: bytes = OpenApiYamlRenderer().render(made)
    return {"json": _as_json(made), "yaml": yaml, "jsonschema": _as_json(answer_schemas(made))}


def answer_schemas(made: Json) -> Json:
    """What is sent and answered as one JSON Schema, whose version changes with it."""
    definitions = made["components"]["schemas"]
    shapes = json.loads(json.dumps(definitions).replace("#/components/schemas/", "#/$defs/"))
    digest = hashlib.sha256(json.dumps(shapes, sort_keys=True).encode()).hexdigest()[:12]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:second-thought:api:{_SETTINGS['VERSION']}:{digest}",
        "title": "Second Thought: what the API takes and answers",
        "version": f"{_SETTINGS['VERSION']}+{digest}",
        "$defs": shapes,
    }


def _as_json(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


class _OperationSchema(AutoSchema):
    """Describes one operation from the ApiOperation of its handler."""

    @property
    def facts(self) -> ApiOperation:
        facts: ApiOperation = getattr(self.view, self.method.lower()).api_operation
        return facts

    def is_excluded(self) -> bool:
        return not self.path.startswith("/api/v1/")

    def get_tags(self) -> list[str]:
        return [self.facts.tag]

    def get_auth(self) -> list[Json]:
        """Name the scope that a token needs, as OpenAPI 3.1 allows for every kind of credentials."""
        if self.facts.public:
            return []
        scope = [self.facts.tag]
        return [{name: scope if "token" in name.lower() else [] for name in one} for one in super().get_auth()]

    def get_request_serializer(self) -> Any:
        return self.facts.request_serializer

    def get_override_parameters(self) -> list[Any]:
        return [
            OpenApiParameter(name, str, OpenApiParameter.HEADER, description=told)
            for name, told in self.facts.headers.items()
        ]

    def get_response_serializers(self) -> Any:
        refusals = {code: OpenApiResponse(ErrorReplySerializer, _REASONS[code]) for code in self.facts.error_statuses}
        answer = self.facts.response_serializer
        if answer is None:
            return {(self.facts.status, "application/octet-stream"): OpenApiTypes.BINARY, **refusals}
        return {self.facts.status: answer(many=True) if self.facts.many else answer, **refusals}


class _Generator(SchemaGenerator):
    def create_view(self, callback: Any, method: str, request: Request | None = None) -> APIView:
        view: APIView = super().create_view(callback, method, request)
        view.schema = _OperationSchema()
        return view


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="For programs: one of the codes listed in docs/api.md.")
    message = serializers.CharField(help_text="For people: one sentence.")
    fields = serializers.DictField(  # type: ignore[assignment]  # the name is the contract's, not DRF's own attribute
        child=serializers.CharField(), help_text="What is wrong with which field; often empty."
    )


class ErrorReplySerializer(serializers.Serializer[Any]):
    """What every refusal looks like."""

    error = ErrorSerializer()


_REASONS = {
    400: "The body is not JSON, or a field is wrong.",
    401: "No valid token or session.",
    403: "Signed in, but without the role that this needs, or with a token of another scope.",
    404: "Not found.",
    409: "The campaign cannot take this step now; the message says why.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    429: "Too many attempts; Retry-After says how many seconds to wait.",
}

_TAGS = [
    {"name": TAG, "description": "What visitors and partners use: no sign-in, no cookie, nothing that names a person."},
    {"name": "signing in", "description": "For staff and analysts."},
    {"name": "campaigns", "description": "Campaigns and their plans."},
    {
        "name": "steps",
        "description": "The steps of a campaign's life: draft, submitted, approved, running, paused, closed.",
    },
    {"name": "results", "description": "What was counted and what was concluded."},
]


def _with_audience(result: Json) -> Json:
    """Add the paths and schemas of the audience surface."""
    for operation in (operation for path in result["paths"].values() for operation in path.values()):
        operation["summary"] = operation["description"].split(". ")[0].split(".\n")[0].rstrip(".")
    result["paths"] = audience_paths() | result["paths"]
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(audience_schemas())
    result["tags"] = _TAGS
    return result
