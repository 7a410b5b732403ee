"""The first question of a new campaign: one form makes one draft, however often it is sent."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from campaign.models import Campaign
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


def opened(client: Client) -> str:
    """Open the form; what it carries to be told from others."""
    found = re.search(r'name="once" value="([^"]+)"', client.get("/campaigns/new/").content.decode())
    assert found
    return found[1]


def send(client: Client, once: str, name: str) -> str:
    fields = {"name": name, "hypothesis": "It helps.", "once": once, "do": "save"}
    return client.post("/campaigns/new/", fields).headers["Location"]


def test_going_back_and_on_again_changes_the_draft_in_place_of_making_another(mara: Client) -> None:
    once = opened(mara)
    first = send(mara, once, "Spring")
    assert send(mara, once, "Spring, in schools") == first
    assert Campaign.objects.get().name == "Spring, in schools"


def test_another_form_makes_another_draft(mara: Client) -> None:
    for _ in range(2):
        send(mara, opened(mara), "Spring")
    assert Campaign.objects.count() == 2


def test_what_somebody_else_sends_is_their_own_draft(mara: Client) -> None:
    once = opened(mara)
    send(mara, once, "Spring")
    other = Client()
    world.sign_in(other, world.person("mina", "manager"))
    send(other, once, "Autumn")
    assert set(Campaign.objects.values_list("name", flat=True)) == {"Spring", "Autumn"}


def test_an_error_is_said_in_the_title_and_in_a_summary_and_keeps_the_form(mara: Client) -> None:
    once = opened(mara)
    page = mara.post("/campaigns/new/", {"name": "", "hypothesis": "It helps.", "once": once}).content.decode()
    assert "<title>Error: " in page
    assert '<a href="#id_name">' in page
    assert f'value="{once}"' in page
    assert "\nIt helps.</textarea>" in page
    assert not Campaign.objects.exists()
