"""Reading the body of POST /api/v1/decide."""

import json

import pytest

from campaign.serving import decide_endpoint
from campaign.serving.decide_endpoint import read_fields
from campaign.serving.http import Refusal


def body(**fields: str) -> bytes:
    return json.dumps({"placement": "quiet-page", **fields}).encode()


@pytest.fixture(autouse=True)
def no_cached_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide_endpoint, "_cached_fields", {})


def test_the_same_body_is_parsed_once() -> None:
    first = read_fields(body(locale="es"))
    assert (first.placement, first.locale) == ("quiet-page", "es")
    assert read_fields(body(locale="es")) is first


@pytest.mark.parametrize("field", ["unit", "session", "preview"])
def test_a_body_with_visitor_data_is_not_cached(field: str) -> None:
    assert getattr(read_fields(body(**{field: "k-73"})), field) == "k-73"
    assert decide_endpoint._cached_fields == {}


def test_refused_and_long_bodies_are_not_cached() -> None:
    with pytest.raises(Refusal):
        read_fields(body(colour="red"))
    read_fields(body(locale="x" * 200) + b" " * 20)
    assert decide_endpoint._cached_fields == {}


def test_the_cache_has_a_maximum_size() -> None:
    for number in range(decide_endpoint._MAX_CACHED_BODIES + 1):
        read_fields(body(locale=f"x-{number}"))
    assert len(decide_endpoint._cached_fields) <= decide_endpoint._MAX_CACHED_BODIES
