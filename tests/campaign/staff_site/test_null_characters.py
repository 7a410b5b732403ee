"""A null character is refused at one place, whatever page it is sent to and wherever in the request it stands."""

from __future__ import annotations

import pytest
from django.test import Client

from messages.models import Draft
from tests import world

pytestmark = pytest.mark.django_db

NEW = "/messages/new/"


@pytest.fixture
def mara(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


@pytest.mark.parametrize(
    "field", ["headline", "body", "sources", "note", "theme", "locale", "place", "beside", "un\0known"]
)
@pytest.mark.parametrize("do", ["keep", "save"])
def test_no_field_of_the_editor_takes_one(mara: Client, field: str, do: str) -> None:
    response = mara.post(NEW, {"headline": "A headline", "do": do} | {field: "a\0b"})
    assert response.status_code == 400
    assert "could not read what your browser sent" in response.content.decode()
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "/messages/?q=a%00b",
        "/messages/?%00=b",
        "/audit/?about=%00",
        "/people/%00/",
        "/messages/a%00/",
        "/api/v1/campaigns/?page=%00",
    ],
)
def test_no_address_holds_one(mara: Client, address: str) -> None:
    assert mara.get(address).status_code == 400


def test_no_cookie_holds_one(mara: Client) -> None:
    mara.cookies["sessionid"] = "a\0bcdefgh"  # sent as an escape that Django undoes
    assert mara.get("/messages/").status_code == 400


def test_a_stranger_gets_the_same_answer(client: Client) -> None:
    assert client.post("/sign-in/", {"username": "a\0b", "password": "x"}).status_code == 400
    assert client.get("/welcome/a%00b/").status_code == 400


def test_a_field_of_the_api_takes_none(client: Client) -> None:
    body = {"username": "a\0b", "password": "x", "code": "1"}
    assert client.post("/api/v1/token/", body, content_type="application/json").status_code == 400
