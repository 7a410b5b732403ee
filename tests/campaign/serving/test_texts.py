"""An arm with several texts shows one of them, drawn for each shown message."""

from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings

from campaign.assignment.arm_hash import text_for
from campaign.lifecycle.arm_pauses import pause_arm, stop_text
from campaign.models import Campaign
from campaign.serving.preview_links import preview_url
from campaign.serving.snapshot import compile_snapshot
from campaign.serving.snapshot_file import SnapshotFile
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])
SHOWN = 600


def headlines(campaign: Campaign) -> dict[tuple[int, int], str]:
    """The English headline of each text, by arm and position."""
    return {
        (arm.pk, text.position): text.revision.renditions.get(locale="en").headline
        for arm in campaign.arms.all()
        for text in arm.texts.all()
    }


def test_each_message_shows_the_text_that_its_receipt_names_and_its_nonce_draws() -> None:
    campaign = world.launched(arms={"neutral": 1, "victim": 1}, texts=3)
    site, expected, seen = world.AudienceSite(), headlines(campaign), Counter[tuple[int, int]]()
    for _ in range(SHOWN):
        reply = site.decide().json
        receipt = site.read_receipt(reply["receipt"])
        assert reply["message"]["headline"] == expected[receipt.arm, receipt.text]
        assert receipt.text == text_for(receipt.nonce, campaign.salt, 3)
        seen[receipt.arm, receipt.text] += 1
    # Six cells of 100; five standard deviations are 46.
    assert len(seen) == 6
    assert all(54 <= count <= 146 for count in seen.values())


def test_a_text_that_is_stopped_is_shown_no_more_and_the_others_share_its_part() -> None:
    campaign = world.launched(arms={"neutral": 1, "victim": 1}, texts=3)
    victim = campaign.arms.get(key="victim")
    stop_text(victim.texts.get(position=1), by=world.person("mara"), reason="It may frighten.", now=world.NOON)
    site, seen = world.AudienceSite(), Counter[int]()
    while seen.total() < SHOWN:
        receipt = site.read_receipt(site.decide().json["receipt"])
        if receipt.arm == victim.pk:
            seen[receipt.text] += 1
    # Two cells of 300; five standard deviations are 61.
    assert seen.keys() == {0, 2}
    assert abs(seen[0] - SHOWN / 2) < 61


def test_a_tab_keeps_its_text() -> None:
    world.launched(arms={"neutral": 1, "victim": 1}, texts=4, unit="session")
    site = world.AudienceSite()
    for _ in range(20):
        first = site.decide(session="new").json
        again = site.decide(session=first["receipt"]).json
        assert again == first


def test_a_tab_whose_text_was_stopped_stays_in_its_arm_and_is_not_counted_in_another() -> None:
    campaign = world.launched(arms={"neutral": 1, "victim": 1}, texts=2, unit="session")
    site, expected = world.AudienceSite(), headlines(campaign)
    tabs = [receipt for _ in range(40) for receipt in [site.decide(session="new").json["receipt"]]]
    for arm in campaign.arms.all():
        stop_text(arm.texts.get(position=0), by=world.person("mara"), reason="It may frighten.", now=world.NOON)
    site.refresh()
    for receipt in tabs:
        read, again = site.read_receipt(receipt), site.decide(session=receipt).json
        assert again["message"]["headline"] == expected[read.arm, 1]
        assert (again["receipt"], again.get("reason")) == ((None, "paused") if read.text == 0 else (receipt, None))


def test_an_arm_that_is_paused_shows_the_texts_of_the_control() -> None:
    campaign = world.launched(arms={"neutral": 1, "victim": 1}, texts=2)
    pause_arm(campaign.arms.get(key="victim"), reason="It may frighten.", now=world.NOON)
    site = world.AudienceSite()
    seen = {site.decide().json["message"]["headline"] for _ in range(100)}
    assert seen == {headline for (arm, _), headline in headlines(campaign).items() if arm != victim_of(campaign)}


def victim_of(campaign: Campaign) -> int:
    return campaign.arms.get(key="victim").pk


def test_each_text_has_a_preview_of_its_own() -> None:
    campaign = world.draft(texts=2)
    user, mara = campaign.arms.get(key="user"), world.person("mara")
    site = world.AudienceSite()
    for position, headline in ((0, "A user headline"), (1, "A user headline again")):
        url = preview_url(campaign.placements.get(), user, by=mara, now=world.NOON, text=position)
        assert headline in site.get(url).body.decode()
    gone = preview_url(campaign.placements.get(), user, by=mara, now=world.NOON, text=2)
    assert site.get(gone).status == 404


def test_the_stored_snapshot_holds_all_texts(tmp_path: Path) -> None:
    campaign = world.launched(texts=3)
    stop_text(
        campaign.arms.get(key="both").texts.get(position=0),
        by=world.person("mara"),
        reason="It may frighten.",
        now=world.NOON,
    )
    file = SnapshotFile(tmp_path / "snapshot", key_directory=settings.KEY_DIRECTORY)
    compiled = compile_snapshot()
    file.write(compiled)
    assert file.read() == compiled
    entry = compiled.placements["quiet-page"].campaign
    assert entry is not None
    assert [[text.position for text in arm.texts] for arm in entry.arms] == [[0, 1, 2]] * 3 + [[1, 2]]
