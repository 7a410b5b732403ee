"""A body of the API is cut by its size first, and what is nested deeply in one is refused in few steps."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import world
from tests.campaign.serving.test_bounded_work import steps

pytestmark = pytest.mark.django_db
ROUTES = ("pause/", "queue/", "submit/")
NESTED = {"lists": "[" * 16_000, "lists that end": "[" * 8_000 + "]" * 8_000, "objects": '{"a":' * 3_200}


@pytest.fixture
def mara(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("nested", NESTED)
def test_what_is_nested_deeply_is_refused(mara: Client, nested: str, route: str) -> None:
    address = f"/api/v1/campaigns/{world.launched().slug}/{route}"
    answer = mara.post(address, NESTED[nested], content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed_json")


def test_a_body_that_is_far_too_long_takes_no_more_steps_than_one_a_little_too_long(mara: Client) -> None:
    address = f"/api/v1/campaigns/{world.launched().slug}/pause/"

    def send(length: int) -> None:
        body = '{"reason": "' + "\u00b4" * length + '"}'
        assert mara.post(address, body, content_type="application/json").status_code == 413

    short, long = (steps(lambda length=length: send(length)) for length in (20_000, 400_000))  # type: ignore[misc]
    assert long < 1.5 * short
