"""Serve the API description that campaign.api.schema wrote, and the page that shows it."""

from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

SCHEMA_FILES = {format_: Path(__file__).with_name(f"openapi.{format_}") for format_ in ("json", "yaml")}


class OpenApiJson(JSONRenderer):
    media_type = "application/vnd.oai.openapi+json"


class OpenApiYaml(JSONRenderer):
    """Errors stay JSON, which is valid YAML."""

    media_type = "application/vnd.oai.openapi"
    format = "yaml"


class SchemaView(APIView):
    """OpenAPI 3.1 as JSON or YAML (`?format=yaml`), public so that developers of partners can read it."""

    authentication_classes = []
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer, OpenApiJson, OpenApiYaml]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer: Any = request.accepted_renderer
        return HttpResponse(SCHEMA_FILES[renderer.format].read_bytes(), content_type=renderer.media_type)


@method_decorator(login_not_required, name="dispatch")
class DocsView(TemplateView):
    """The description as a page, without third-party files and under the staff pages' security policy."""

    template_name = "campaign/api/docs.html"
