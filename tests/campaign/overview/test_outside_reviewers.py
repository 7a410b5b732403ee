"""Somebody from outside reviews one campaign, where everybody here has had a hand in it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaign.lifecycle import transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.approval import approval_fingerprint
from campaign.lifecycle.draft_versions import assign_outside_reviewers, possible_approvers
from campaign.models import Campaign
from messages.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db
HERE = "/campaigns/pilot/"


def signed_in(user: User) -> Client:
    client = Client()
    world.sign_in(client, user)
    return client


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return " ".join(response.content.decode().split())


def greta() -> User:
    return world.person("greta", "outside reviewer")


@pytest.fixture
def submitted() -> Campaign:
    campaign = world.draft()
    transitions.submit(campaign, by=world.person("mara", "manager"))
    return campaign


def test_who_is_asked_reads_the_plan_and_approves_it(submitted: Campaign) -> None:
    root = world.person("root", "administrator")
    greta()
    signed_in(root).post(f"{HERE}outside-reviewers/", {"reviewers": [str(greta().pk)]})
    assert [user.get_username() for user in possible_approvers(submitted)] == ["greta", "root"]
    client = signed_in(greta())
    assert "The pilot" in page(client, "/")
    assert f'href="{HERE}"' not in page(client, f"{HERE}plan/")  # what she may not open is not linked
    read = approval_fingerprint(submitted)
    assert client.post(f"{HERE}approve/", {"have_read": "1", "read": read}).headers["Location"] == f"{HERE}plan/"
    submitted.refresh_from_db()
    assert (submitted.state, submitted.approved_by) == ("approved", greta())
    entry = AuditEntry.objects.get(action="campaign-outside-reviewers")
    assert (entry.actor, entry.detail) == ("root", {"reviewers": "greta"})


def test_a_page_that_is_older_than_a_colleagues_choice_removes_nobody(submitted: Campaign) -> None:
    root = signed_in(world.person("root", "administrator"))
    greta()
    assert 'name="was" value=""' in page(root, f"{HERE}outside-reviewers/")
    assign_outside_reviewers(submitted, [greta()], seen="", by=world.person("otto", "administrator"))
    response = root.post(f"{HERE}outside-reviewers/", {"was": ""}, follow=True)
    assert "A colleague has changed these reviewers." in response.content.decode()
    assert list(submitted.outside_reviewers.all()) == [greta()]


def test_who_is_asked_sends_it_back(submitted: Campaign) -> None:
    assign_outside_reviewers(submitted, [greta()], seen="", by=world.person("root", "administrator"))
    signed_in(greta()).post(f"{HERE}send-back/", {"reason": "The control is not neutral."})
    assert Campaign.objects.get().state == "draft"


def test_who_is_not_asked_finds_no_campaign_and_decides_nothing(submitted: Campaign) -> None:
    client = signed_in(greta())
    assert "You have nothing to review" in page(client, "/")
    for url in ("plan/", "plan/plan.json", "plan/plan.pdf"):
        assert client.get(HERE + url).status_code == 404
    for url in ("approve/", "send-back/"):
        assert client.post(HERE + url, {"have_read": "1", "reason": "No."}).status_code == 404
    with pytest.raises(ActionRefused, match="Only a reviewer"):
        world.approve(submitted, by=greta())


@pytest.mark.parametrize(
    "url", [HERE, f"{HERE}versions/", f"{HERE}results/", "/messages/", "/reviews/", "/placements/"]
)
def test_who_is_asked_for_one_campaign_opens_nothing_else(submitted: Campaign, url: str) -> None:
    assign_outside_reviewers(submitted, [greta()], seen="", by=world.person("root", "administrator"))
    assert signed_in(greta()).get(url).status_code == 403


def test_who_lost_the_role_decides_nothing_any_more(submitted: Campaign) -> None:
    assign_outside_reviewers(submitted, [greta()], seen="", by=world.person("root", "administrator"))
    greta().groups.clear()
    assert "greta" not in [user.get_username() for user in possible_approvers(submitted)]
    with pytest.raises(ActionRefused, match="Only a reviewer"):
        world.approve(submitted, by=User.objects.get(username="greta"))


def test_an_installation_without_anybody_to_ask_leads_to_an_invitation(submitted: Campaign) -> None:
    assert "/people/invite/" in page(signed_in(world.person("root", "administrator")), f"{HERE}outside-reviewers/")
