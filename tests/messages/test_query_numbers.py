"""A number in an address that no page has is "not found", however it is written."""

from __future__ import annotations

import doctest
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils.datastructures import MultiValueDict

from messages import query_numbers
from tests import permissions, route_matrix, world
from tests.test_permissions import looked_at

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=["default", "audience"])]

ABSURD = ("0000000019999", "9" * 5_000, "-1", "²", "1e9")
ROUTES = sorted(route_matrix.readable_routes())


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that have been looked up in a query string, or in a form."""
    names: set[str] = set()

    def record(method: str) -> None:
        original = getattr(MultiValueDict, method)

        def recorded(self: QueryDict, name: str, *default: Any) -> Any:
            names.add(name)
            return original(self, name, *default)

        monkeypatch.setattr(QueryDict, method, recorded, raising=False)

    for method in ("get", "getlist", "__getitem__", "__contains__"):
        record(method)
    return names


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
def test_no_route_fails_for_a_number_in_any_field_that_it_looks_up(
    administrator: Client, looked_up: set[str], route: str
) -> None:
    path, tried = permissions.example_path(route), set[str]()
    administrator.get(path)
    while names := looked_up - tried:
        for name, number in product(names, ABSURD):
            assert administrator.get(path, {name: number}).status_code < 500, (name, number)
        tried |= names


def test_the_names_that_a_page_looks_up_are_found(administrator: Client, looked_up: set[str]) -> None:
    for path, names in {"/audit/": {"page"}, "/campaigns/pilot/results/": {"look"}, "/messages/new/": {"copy"}}.items():
        looked_up.clear()
        administrator.get(path)
        assert names <= looked_up, path


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
