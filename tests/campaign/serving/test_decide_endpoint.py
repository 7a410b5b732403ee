"""Reading the body of POST /api/v1/decide."""

import json

import pytest

from campaign.serving import decide_endpoint
from campaign.serving.decide_endpoint import read_fields
from campaign.serving.http import Refusal


def body(**fields: str) -> bytes:
    return json.dumps({"placement": "quiet-page", **fields}).encode()


@pytest.fixture(autouse=True)
def no_known_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide_endpoint, "_known_bodies", {})


def test_what_all_visitors_of_a_page_send_is_parsed_once() -> None:
    first = read_fields(body(locale="es"))
    assert (first.placement, first.locale) == ("quiet-page", "es")
    assert read_fields(body(locale="es")) is first


@pytest.mark.parametrize("field", ["unit", "session", "preview"])
def test_a_body_that_says_anything_of_its_visitor_is_not_kept(field: str) -> None:
    assert getattr(read_fields(body(**{field: "k-73"})), field) == "k-73"
    assert decide_endpoint._known_bodies == {}


def test_neither_a_refused_nor_a_long_body_is_kept() -> None:
    with pytest.raises(Refusal):
        read_fields(body(colour="red"))
    read_fields(body(locale="x" * 100))
    assert decide_endpoint._known_bodies == {}


def test_only_so_many_bodies_are_kept() -> None:
    for number in range(decide_endpoint._MAX_KNOWN_BODIES + 1):
        read_fields(body(locale=f"x-{number}"))
    assert len(decide_endpoint._known_bodies) <= decide_endpoint._MAX_KNOWN_BODIES
