"""A page asks the database as often with many campaigns as with few, so that a desk does not slow down as it grows."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaign.models import Campaign, Placement
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


def launch(first: int, last: int) -> None:
    for number in range(first, last):
        world.launched(f"trial-{number}", at=world.placement(f"page-{number}"))


def queries(client: Client, address: str) -> int:
    """How many queries a page sends that was opened before: what it verified then, it only reads again."""
    for _ in range(2):
        assert client.get(address).status_code == 200
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
        return len(asked)


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/?order=name",
        "/placements/",
        "/campaigns/new/",
        "/campaigns/trial-0/",
        "/campaigns/trial-0/plan/",
        "/campaigns/trial-0/watch/",
    ],
)
def test_many_campaigns_cost_no_more_queries_than_three(manager: Client, address: str) -> None:
    launch(0, 3)
    few = queries(manager, address)
    launch(3, 9)
    assert (Campaign.objects.count(), Placement.objects.count()) >= (9, 9)
    assert queries(manager, address) == few
