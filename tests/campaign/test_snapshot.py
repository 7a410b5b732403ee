"""The snapshot is compiled anew where something has changed, and taken over where nothing has."""

import pytest

from campaign import lifecycle
from campaign.models import Campaign, Placement
from campaign.snapshot import Keeper, compile_snapshot
from messages.models import HelpLink
from tests import world

pytestmark = pytest.mark.django_db


def test_only_the_placement_that_changed_is_compiled_anew() -> None:
    world.launched("one", at=world.placement("one"))
    world.launched("two", at=world.placement("two"))
    before = compile_snapshot()
    lifecycle.pause(Campaign.objects.get(slug="two"), by=world.person("mara", "manager"))
    after = compile_snapshot(before)
    assert after.placements["one"] is before.placements["one"]
    assert (after.placements["two"].campaign, after.placements["two"].reason) == (None, "campaign_paused")


@pytest.mark.parametrize("change", ["leave_url", "partner", "help link", "arm", "gone"])
def test_whatever_is_served_is_noticed_when_it_changes(change: str) -> None:
    campaign = world.launched(at=world.placement("one"))
    place = Placement.objects.get(key="one")
    keeper = Keeper()
    assert (keeper.refresh(), keeper.refresh()) == (True, False)
    before = keeper.current.placements["one"]
    if change == "leave_url":
        Placement.objects.update(leave_url="https://elsewhere.example/")
    elif change == "partner":
        place.partner.name = "Another name"
        place.partner.save()
    elif change == "help link":
        HelpLink.objects.create(key="new", name="Help", url="https://help.example/", lane="self", country="*")
    elif change == "arm":
        lifecycle.pause_arm(campaign.arms.get(key="both"), reason="a test", now=world.NOON)
    else:
        campaign.placements.clear()
        place.delete()
    assert keeper.refresh()
    assert keeper.current.placements.get("one") is not before
    assert not keeper.refresh()


def test_campaigns_that_did_not_change_cost_four_queries_however_many_they_are(
    django_assert_max_num_queries: pytest.FixtureRequest,
) -> None:
    for number in range(5):
        world.launched(f"c{number}", at=world.placement(f"p{number}"))
    before = compile_snapshot()
    with django_assert_max_num_queries(4):  # type: ignore[operator]  # pytest-django's fixture has no public type
        after = compile_snapshot(before)
    assert all(after.placements[key] is before.placements[key] for key in before.placements)
