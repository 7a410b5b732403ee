"""Metadata of a view for the API description, which campaign.api.schema reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rest_framework.serializers import BaseSerializer

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOperation:
    """One operation: its request, its response (None is a file) with its status, its errors, whether it is public, and
    the headers that it may need, each with its purpose."""

    tag: str
    response_serializer: type[BaseSerializer[Any]] | None
    error_statuses: tuple[int, ...]
    many: bool = False
    status: int = 200
    request_serializer: type[BaseSerializer[Any]] | None = None
    public: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, handler: F) -> F:
        handler.api_operation = self  # type: ignore[attr-defined]  # functions take attributes
        return handler
