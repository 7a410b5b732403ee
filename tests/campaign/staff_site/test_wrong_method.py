"""What is answered where a page was asked for, and the address belongs to a button."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import world

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


def test_the_api_keeps_its_own_shape(mara: Client) -> None:
    answer = mara.get("/api/v1/campaigns/pilot/submit/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
