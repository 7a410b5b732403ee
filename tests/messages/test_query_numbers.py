"""A number in an address that no page has is "not found", however it is written."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from messages import query_numbers
from tests import permissions, route_matrix, world
from tests.test_permissions import looked_at

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=["default", "audience"])]

ABSURD = ("0000000019999", "9" * 5_000, "-1", "²", "1e9")
OURS = ("analytics", "campaign", "messages")
ROUTES = sorted(route_matrix.readable_routes())


def query_names() -> list[str]:
    """Every name that our code looks up in a query string, and those of Django REST framework's pages."""
    reading = re.compile(r'(?:GET|query|query_params)(?:\.get\(|\[)"(\w+)"')
    files = (path for app in OURS for path in (settings.BASE_DIR / app).rglob("*.py"))
    found = {name for path in files for name in reading.findall(path.read_text("utf-8"))}
    assert {"page", "from", "draft", "look", "copy", "rendition"} <= found
    return sorted(found)


@pytest.fixture
def administrator() -> Iterator[Client]:
    looked_at()
    with permissions.undrawn_plans():
        yield permissions.clients_by_role()["administrator"]


@pytest.mark.parametrize(
    "number", ["0000000019999", "9" * 5_000, *(pytest.param(each, marks=pytest.mark.proof) for each in ABSURD[2:])]
)
@pytest.mark.parametrize("name", ["page", "from", "look", "draft", "copy", "rendition"])
def test_an_absurd_number_is_no_error(administrator: Client, name: str, number: str) -> None:
    for path in (
        *("/", "/audit/", "/messages/", "/messages/new/", "/messages/neutral-0/edit/en/", "/preview/"),
        *("/messages/neutral-0/translate/", "/campaigns/pilot/results/", "/api/v1/campaigns/"),
    ):
        assert administrator.get(path, {name: number}).status_code < 500, path


@pytest.mark.proof
@pytest.mark.parametrize("route", ROUTES)
def test_no_route_fails_for_a_number_in_any_field_of_its_address(administrator: Client, route: str) -> None:
    path = permissions.example_path(route)
    for name in query_names():
        for number in ABSURD:
            assert administrator.get(path, {name: number}).status_code < 500, (name, number)


@pytest.mark.parametrize("number", ["0000000019999", "9" * 5_000, "0", "-1", "x"])
def test_a_page_that_is_not_there_is_not_found(administrator: Client, number: str) -> None:
    for path in ("/", "/audit/", "/messages/"):
        assert administrator.get(path, {"page": number}).status_code == 404
        assert administrator.get(path, {"page": "01"}).status_code == 200


def test_a_form_with_such_a_number_is_no_error(administrator: Client) -> None:
    for number in ABSURD:
        assert administrator.post("/campaigns/pilot/versions/", {"number": number}).status_code < 500
        place = world.placement()
        form = {"name": "A", "neutral": number, "neutral_revision": number}
        assert administrator.post(f"/placements/{place.key}/change/", form).status_code < 500


def test_the_examples_hold() -> None:
    assert doctest.testmod(query_numbers).failed == 0
