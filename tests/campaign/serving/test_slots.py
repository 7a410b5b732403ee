"""Two campaigns share a place by slots: each unit falls to one of them, on every surface."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analytics.fold.fold import fold
from campaign.assignment.receipts import Receipt
from campaign.assignment.slots import slot_of
from campaign.lifecycle import transitions
from campaign.models import Campaign, ServedCount
from campaign.placements.tag_check import TagCheckChannel
from campaign.serving.decision import MessageRequest, decide
from campaign.serving.routing import ServingContext
from campaign.serving.snapshot import compile_snapshot
from campaign.serving.snapshot_file import SnapshotFile
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])
QUICK, MANY = 2_000, 100_000


def sharing(unit: str = "view", *, split: int = 50) -> tuple[Campaign, Campaign]:
    """Two running campaigns that share the quiet page."""
    return (
        world.launched("first", unit=unit, slots=(1, split)),
        world.launched("second", unit=unit, slots=(split + 1, 100)),
    )


def close(campaign: Campaign, site: world.AudienceSite) -> None:
    transitions.close(campaign, by=world.person("mara"), now=world.NOON)
    site.refresh()


def fallback() -> None:
    """Give the places words for pauses."""
    world.choose_fallback(world.approved_revision("neutral", headline="Words in pauses"))


def receipts(site: world.AudienceSite, number: int, **fields: str) -> Iterator[Receipt]:
    """The receipts of some requests, without going through HTTP."""
    context: ServingContext = site.audience.context
    placement = site.snapshot.placements["quiet-page"]
    for _ in range(number):
        decision = decide(
            placement,
            MessageRequest("quiet-page", **fields),
            context,
            channel=TagCheckChannel.SERVER,
            is_countable=True,
        )
        assert decision.served_arm is not None
        hour, closes, nonce = decision.window
        packed = decision.served_arm.packed_ids
        yield Receipt(int.from_bytes(packed[:4]), decision.served_arm.arm, 0, hour, closes, "en", nonce)


def ask(site: world.AudienceSite, key: str, address: str) -> None:
    """Ask for a message for a subject, from a network."""
    site.post("/api/v1/decide", {"placement": "quiet-page", "unit": key}, HTTP_X_REAL_IP=address)


def ask_under(site: world.AudienceSite, key: str) -> str:
    """The receipt of a request that has a key of its own."""
    receipt: str = site.post("/api/v1/decide", {"placement": "quiet-page", "key": key}).json["receipt"]
    return receipt


class TestViews:
    @pytest.mark.parametrize("units", [QUICK, pytest.param(MANY, marks=pytest.mark.proof)])
    def test_each_falls_to_the_campaign_of_its_slot(self, units: int) -> None:
        first, second = sharing(split=30)
        counts = {first.pk: 0, second.pk: 0}
        for receipt in receipts(world.AudienceSite(), units):
            owner = first if slot_of(receipt.nonce.hex()) <= 30 else second
            assert receipt.campaign == owner.pk
            counts[receipt.campaign] += 1
        # 30%, give or take 4.9 standard deviations: one run of a million.
        assert abs(counts[first.pk] - 0.3 * units) < 4.9 * (units * 0.3 * 0.7) ** 0.5

    def test_over_http_both_are_shown_counted_and_folded(self) -> None:
        first, second = sharing()
        site = world.AudienceSite()
        answers = [site.decide().json for _ in range(200)]
        held = [site.read_receipt(answer["receipt"]) for answer in answers]
        owners = [first.pk if slot_of(receipt.nonce.hex()) <= 50 else second.pk for receipt in held]
        assert [receipt.campaign for receipt in held] == owners
        for answer in answers:
            assert site.report_event(answer["receipt"]).status == 200
        site.served.flush()
        fold(hour=site.hour + 9)
        for campaign in (first, second):
            own = sum(receipt.campaign == campaign.pk for receipt in held)
            assert own > 50
            assert sum(ServedCount.objects.filter(arm__campaign=campaign).values_list("count", flat=True)) == own
            tallies = world.tallies(campaign).items()
            assert sum(count for (_arm, outcome, _value), count in tallies if outcome == "exposed") == own

    def test_all_answers_have_one_length(self) -> None:
        sharing()
        site = world.AudienceSite()
        assert len({len(site.decide().body) for _ in range(60)}) == 1
        assert len({len(site.get("/m/quiet-page/").body) for _ in range(60)}) == 1

    def test_the_stored_snapshot_shares_too(self, tmp_path: Path, settings: Any) -> None:
        sharing()
        site = world.AudienceSite()
        file = SnapshotFile(tmp_path / "snapshot", key_directory=settings.KEY_DIRECTORY)
        file.write(site.snapshot)
        stored = file.read()
        assert stored is not None
        parts = stored.placements["quiet-page"].parts
        assert parts == site.snapshot.placements["quiet-page"].parts
        assert [(part.first_slot, part.last_slot) for part in parts] == [(1, 50), (51, 100)]

    def test_a_place_of_one_campaign_has_no_parts(self) -> None:
        world.launched()
        assert compile_snapshot().placements["quiet-page"].parts == ()

    def test_a_cache_is_sent_to_decide(self) -> None:
        sharing()
        site = world.AudienceSite()
        assert site.get("/api/v1/text?placement=quiet-page").code == "no_periods"
        asked = {"placement": "quiet-page", "period": "0-0123456789abcdef"}
        assert site.post("/api/v1/receipt", asked).code == "no_periods"


class TestAnEnd:
    def test_leaves_its_slots_to_the_words_in_pauses_and_not_to_its_neighbour(self) -> None:
        first, second = sharing()
        fallback()
        site = world.AudienceSite()
        close(first, site)
        answers = [site.decide().json for _ in range(200)]
        uncounted = [answer for answer in answers if answer["receipt"] is None]
        assert 50 < len(uncounted) < 150
        assert {answer["reason"] for answer in uncounted} == {"ended"}
        counted = [site.read_receipt(answer["receipt"]) for answer in answers if answer["receipt"]]
        assert all(receipt.campaign == second.pk and slot_of(receipt.nonce.hex()) > 50 for receipt in counted)

    def test_and_so_does_a_pause(self) -> None:
        first, second = sharing()
        fallback()
        transitions.pause(first, by=world.person("mara"))
        site = world.AudienceSite()
        answers = [site.decide().json for _ in range(60)]
        assert {answer["reason"] for answer in answers if answer["receipt"] is None} == {"paused"}
        assert {site.read_receipt(answer["receipt"]).campaign for answer in answers if answer["receipt"]} == {second.pk}

    def test_without_words_in_pauses_nothing_is_shown_there(self) -> None:
        first, _second = sharing()
        site = world.AudienceSite()
        close(first, site)
        assert {site.decide().status for _ in range(60)} == {200, 409}


class TestTabs:
    def test_stay_with_one_campaign(self) -> None:
        sharing("session")
        site = world.AudienceSite()
        for _ in range(40):
            kept = site.decide(session="new").json["receipt"]
            assert all(site.decide(session=kept).json["receipt"] == kept for _ in range(5))

    def test_of_a_campaign_that_ended_do_not_go_to_its_neighbour(self) -> None:
        first, _second = sharing("session")
        fallback()
        site = world.AudienceSite()
        kept = [site.decide(session="new").json["receipt"] for _ in range(60)]
        close(first, site)
        mine = [text for text in kept if site.read_receipt(text).campaign == first.pk]
        assert mine
        assert {site.decide(session=text).json["receipt"] for text in mine} == {None}

    def test_of_an_earlier_campaign_stay_in_the_part_they_were_given(self) -> None:
        before = world.launched("before", unit="session")
        site = world.AudienceSite()
        old = [site.decide(session="new").json["receipt"] for _ in range(40)]
        close(before, site)
        sharing("session")
        site.refresh()
        for text in old:
            again = site.decide(session=text).json["receipt"]
            assert site.decide(session=again).json["receipt"] == again


class TestSubjects:
    def test_fall_to_one_of_the_two_at_every_place(self) -> None:
        other = world.placement("other-page")
        first = world.draft("first", unit="subject", slots=(1, 50))
        second = world.draft("second", unit="subject", slots=(51, 100))
        for campaign in (first, second):
            campaign.placements.add(other)
            transitions.submit(campaign, by=world.person("mara"))
            world.approve(campaign)
            transitions.launch(campaign, by=world.person("mara"), now=world.NOON)
        site = world.AudienceSite()
        for number in range(100):
            unit = f"k-{number}"
            owner = first if slot_of(unit) <= 50 else second
            shown = [site.read_receipt(site.new_receipt(key, unit=unit)) for key in ("quiet-page", "other-page")]
            assert {receipt.campaign for receipt in shown} == {owner.pk}


class TestKeys:
    def test_a_request_that_is_sent_again_under_its_key_falls_to_the_same_campaign(self) -> None:
        first, second = sharing()
        site = world.AudienceSite()
        owners = set()
        for number in range(30):
            key = f"{site.hour}-{number:032x}"
            sent = [site.read_receipt(ask_under(site, key)) for _ in range(2)]
            assert len({(receipt.campaign, receipt.arm, receipt.nonce) for receipt in sent}) == 1
            owners.add(sent[0].campaign)
        assert owners == {first.pk, second.pk}


class TestOneNetwork:
    def test_has_its_share_of_each_part_by_itself(self) -> None:
        """Whoever works out keys of one slot cannot use up there what the other part has counted."""
        place = world.placement(network_share=10)
        sharing("subject")
        assert place.network_share == 10
        site = world.AudienceSite(behind_proxy=True)
        keys = [f"k-{number}" for number in range(3000)]
        mine = [key for key in keys if slot_of(key) <= 50]
        rest = [key for key in keys if slot_of(key) > 50]
        for number, key in enumerate(rest[:1000]):
            ask(site, key, f"10.{number // 250}.{number % 250}.1")
        honest = 100
        for number, key in enumerate(mine[:honest]):
            ask(site, key, f"11.{number // 250}.{number % 250}.1")
        for key in mine[honest : honest + 300]:
            ask(site, key, "203.0.113.7")
        site.served.flush()
        counted = sum(ServedCount.objects.filter(arm__campaign__slug="first").values_list("count", flat=True))
        assert counted - honest <= 12  # a tenth of about 111, and not of 1,100


def test_previews_of_both_are_held() -> None:
    first, second = sharing()
    previews = compile_snapshot().placements["quiet-page"].previews
    assert {arm.pk for campaign in (first, second) for arm in campaign.arms.all()} <= set(previews)
