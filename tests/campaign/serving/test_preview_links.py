"""Preview links end after a week, and with the right of the person who gave them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.test import Client
from django.utils import timezone

from campaign.models import Campaign
from campaign.serving.preview_links import preview_url
from campaign.serving.snapshot import SnapshotRefresher
from campaign.serving.snapshot_file import SnapshotFile
from messages.accounts import members
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])


def link(campaign: Campaign, by: User) -> str:
    return preview_url(campaign.placements.get(), campaign.arms.get(key="user"), by=by, now=world.NOON)


def test_a_link_ends_after_a_week() -> None:
    url = link(world.launched(), world.person("mara"))
    site = world.AudienceSite()
    site.now += timedelta(days=7).total_seconds() - 1
    assert site.get(url).status == 200
    site.now += 1
    assert site.get(url).status == 404
    reply = site.decide(preview=url.partition("preview=")[2].replace("%3A", ":"))
    assert (reply.status, reply.code) == (404, "preview_unknown")


def deactivate(user: User, by: User) -> None:
    members.deactivate(user, by=by)


def make_partner_contact(user: User, by: User) -> None:
    members.change_role(user, "partner contact", by=by)


def take_every_role(user: User, by: User) -> None:
    user.groups.clear()


@pytest.mark.parametrize("change", [deactivate, make_partner_contact, take_every_role])
def test_a_link_ends_with_the_right_of_the_person_who_gave_it(change: Callable[[User, User], None]) -> None:
    campaign = world.launched()
    ana, mara = world.person("ana", "analyst"), world.person("mara")
    hers, other = link(campaign, ana), link(campaign, mara)
    site, snapshots = world.AudienceSite(), SnapshotRefresher()
    snapshots.refresh()
    site.snapshot = snapshots.current
    assert [site.get(url).status for url in (hers, other)] == [200, 200]
    change(ana, world.person("ada", "administrator"))
    assert snapshots.refresh()
    site.snapshot = snapshots.current
    assert [site.get(url).status for url in (hers, other)] == [404, 200]


def test_a_snapshot_is_not_compiled_anew_while_the_same_people_may_give_links() -> None:
    world.launched()
    snapshots = SnapshotRefresher()
    assert snapshots.refresh()
    world.person("pat", "partner contact")
    assert not snapshots.refresh()


def test_a_link_of_before_that_names_nobody_has_ended() -> None:
    campaign = world.launched()
    token = signing.dumps(campaign.arms.get(key="user").pk, salt="campaign.preview", compress=False)
    assert world.AudienceSite().get(f"/m/quiet-page/?preview={token}").status == 404


def test_the_stored_snapshot_names_nobody_and_shows_no_preview(tmp_path: Path) -> None:
    url = link(world.launched(), world.person("mara"))
    site = world.AudienceSite()
    file = SnapshotFile(tmp_path / "snapshot.jsonl", key_directory=tmp_path)
    file.write(site.snapshot)
    stored = file.read()
    assert stored is not None
    assert stored.preview_givers == {}
    site.snapshot = stored
    assert site.get("/m/quiet-page/").status == 200
    assert site.get(url).status == 404


def test_the_page_of_a_campaign_makes_links_in_the_name_of_who_reads_it() -> None:
    world.launched()
    client, ana = Client(), world.person("ana", "analyst")
    world.sign_in(client, ana)
    (url, *_) = [
        preview.url
        for card in client.get("/campaigns/pilot/").context["arms"]
        for text in card.texts
        for preview in text.previews
    ]
    assert world.AudienceSite().get(url).status == 200
    members.deactivate(ana, by=world.person("ada", "administrator"))
    assert world.AudienceSite().get(url).status == 404


def close_and_open_again(user: User, by: User) -> None:
    members.deactivate(user, by=by)
    members.reactivate(user, by=by)


def change_the_role_and_give_it_back(user: User, by: User) -> None:
    members.change_role(user, "partner contact", by=by)
    members.change_role(user, "analyst", by=by)


@pytest.mark.parametrize("change", [close_and_open_again, change_the_role_and_give_it_back])
def test_no_link_comes_back_with_an_account_or_a_role(
    change: Callable[[User, User], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, ana, ada = world.launched(), world.person("ana", "analyst"), world.person("ada", "administrator")
    before = link(campaign, ana)
    monkeypatch.setattr(timezone, "now", lambda: world.NOON + timedelta(minutes=1))
    change(ana, ada)
    after = preview_url(
        campaign.placements.get(), campaign.arms.get(key="user"), by=ana, now=world.NOON + timedelta(minutes=2)
    )
    site = world.AudienceSite()
    assert [site.get(url).status for url in (before, after)] == [404, 200]
