"""What is answered where a page was asked for, and the address belongs to a button."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests import permissions, route_matrix, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


@pytest.mark.parametrize(
    ("address", "above"),
    [
        ("/campaigns/pilot/submit/", "/campaigns/pilot/"),
        ("/campaigns/pilot/watch/early/", "/campaigns/pilot/watch/"),
        ("/messages/some/1/en/approve/", "/messages/some/"),
        ("/sign-out/", "/"),
    ],
)
def test_it_leads_to_the_page_that_has_the_button(mara: Client, address: str, above: str) -> None:
    answer = mara.get(address)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "You cannot open this address directly" in answer.content.decode()
    assert f'<a class="button" href="{above}">' in answer.content.decode()


def test_every_address_of_a_button_says_so(mara: Client) -> None:
    """Whoever may press the button and opens its address gets a page: with a title, and a way on that opens."""
    cells = route_matrix.expected_outcomes()
    buttons = [
        route
        for route in route_matrix.load()["staff"]
        if cells[route, "GET", "administrator"] == "no such method" and not route.startswith(("/api/", "/admin/"))
    ]
    assert len(buttons) > 30
    admin = permissions.clients_by_role()["administrator"]
    for route in buttons:
        answer = admin.get(permissions.example_path(route))
        html = answer.content.decode()
        assert (answer.status_code, "You cannot open this address directly" in html) == (405, True), route
        onward = re.search(r'<a class="button" href="([^"]+)">', html)
        assert onward, route
        status = admin.get(onward[1], follow=True).status_code
        assert status in (200, 404), f"{route} leads to {onward[1]}"  # 404: the example of a route need not exist


def test_the_api_keeps_its_own_shape(mara: Client) -> None:
    answer = mara.get("/api/v1/campaigns/pilot/submit/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
