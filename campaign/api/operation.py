"""Metadata that a view gives about itself for the API description (read by campaign.api.schema)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rest_framework.serializers import BaseSerializer

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOperation:
    """One operation: what it takes, what it answers with 200, its refusals, whether anybody may ask, and the
    headers that it may need, each with what it is for."""

    tag: str
    response_serializer: type[BaseSerializer[Any]]
    error_statuses: tuple[int, ...]
    many: bool = False
    request_serializer: type[BaseSerializer[Any]] | None = None
    public: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, handler: F) -> F:
        handler.api_operation = self  # type: ignore[attr-defined]  # functions take attributes
        return handler
