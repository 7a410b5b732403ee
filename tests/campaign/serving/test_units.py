"""The other two units of a plan: the browser tab, and the partner's opaque subject."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from analytics.fold.fold import fold
from campaign.assignment import subject_ids
from campaign.keys import store
from campaign.lifecycle import transitions
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])


class TestTab:
    def test_a_tab_keeps_its_message_and_counts_once(self) -> None:
        campaign = world.launched(unit="session")
        site = world.AudienceSite()
        first = site.decide(session="new").json
        assert first["unit"] == "session"
        again = [site.decide(session=first["receipt"]).json for _ in range(20)]
        assert all(answer == first for answer in again)
        for _ in range(3):
            assert site.report_event(first["receipt"]).status == 200
        assert world.open_views() == 1
        assert sum(world.served_counts(campaign, site).values()) == 1

    def test_a_tab_whose_receipt_has_closed_begins_anew(self) -> None:
        world.launched(unit="session")
        site = world.AudienceSite()
        first = site.decide(session="new").json["receipt"]
        site.now += 4 * 3600
        second = site.decide(session=first).json["receipt"]
        assert second != first
        assert site.report_event(second).status == 200

    @pytest.mark.parametrize("kept", ["forged", "x" * 112])
    def test_what_is_not_a_receipt_begins_anew(self, kept: str) -> None:
        world.launched(unit="session")
        assert world.AudienceSite().decide(session=kept).json["receipt"] not in (None, kept)

    def test_a_receipt_of_another_campaign_begins_anew(self) -> None:
        world.launched()
        world.launched("other", at=world.placement("other-page"), unit="session")
        site = world.AudienceSite()
        foreign = site.new_receipt()
        assert site.decide("other-page", session=foreign).json["receipt"] != foreign

    def test_a_tab_that_keeps_nothing_sees_the_message_and_is_not_counted(self) -> None:
        campaign = world.launched(unit="session")
        site = world.AudienceSite()
        answer = site.decide().json
        assert (answer["receipt"], "unit" in answer) == (None, False)
        assert answer["message"]["headline"]
        assert re.search(r"[\w-]{112}", site.get("/m/quiet-page/").body.decode()) is None
        assert world.served_counts(campaign, site) == {}

    def test_elsewhere_nothing_is_kept(self) -> None:
        world.launched()
        assert "unit" not in world.AudienceSite().decide(session="new").json

    def test_who_does_not_want_to_be_counted_keeps_nothing(self) -> None:
        world.launched(unit="session")
        site = world.AudienceSite()
        kept = site.decide(session="new").json["receipt"]
        answer = site.post("/api/v1/decide", {"placement": "quiet-page", "session": kept}, HTTP_SEC_GPC="1").json
        assert answer["receipt"] is None


class TestSubject:
    def test_a_subject_counts_once_a_day_and_keeps_its_arm(self) -> None:
        world.launched(unit="subject")
        site = world.AudienceSite()
        receipts = [site.read_receipt(site.new_receipt(unit="k-17")) for _ in range(5)]
        assert len({receipt.nonce for receipt in receipts}) == 1
        site.now += 24 * 3600
        tomorrow = site.read_receipt(site.new_receipt(unit="k-17"))
        assert tomorrow.arm == receipts[0].arm
        assert tomorrow.nonce != receipts[0].nonce

    def test_all_receipts_of_a_day_close_together_so_that_a_counted_view_cannot_come_back(self) -> None:
        campaign = world.launched(unit="subject")
        site = world.AudienceSite()
        early = site.new_receipt(unit="k-17")
        assert site.report_event(early, "left").status == 200
        site.now += 11 * 3600
        late = site.new_receipt(unit="k-17")
        assert site.read_receipt(late).closes == site.read_receipt(early).closes
        assert site.report_event(late, "help_self").status == 200
        site.now += 3 * 3600
        fold(hour=site.hour)
        assert site.report_event(late, "annoyed").code == "receipt_expired"
        counted = {outcome: count for (_, outcome, _), count in world.tallies(campaign).items()}
        assert counted == {"exposed": 1, "left": 1, "help_self": 1, "turned_back": 1}

    def test_without_a_key_the_message_is_shown_and_not_counted(self) -> None:
        world.launched(unit="subject")
        assert world.AudienceSite().decide().json["receipt"] is None

    @pytest.mark.parametrize("unit", ["subject", "view"])
    @pytest.mark.parametrize(
        "key",
        [
            "ana@example.org",
            "mailto:ana@example.org",
            "ana%40example.org",
            "ana＠example.org",
            "+49 151 2345678",
            "0049-151-2345678",
            "(030) 1234567",
            "4915123456789",
            "tel:+491512345678",
            "＋49 151 ２３４５６７８",
            " +49.151.2345678 ",
        ],
    )
    def test_a_key_that_names_a_person_is_refused(self, key: str, unit: str) -> None:
        world.launched(unit=unit)
        answer = world.AudienceSite().decide(unit=key)
        assert (answer.status, answer.code) == (400, "invalid_field")
        assert key not in answer.body.decode()

    def test_the_secret_is_a_file_of_its_own_and_is_destroyed_at_close(
        self, django_capture_on_commit_callbacks: object
    ) -> None:
        campaign = world.launched(unit="subject")
        site = world.AudienceSite()
        path = Path(settings.KEY_DIRECTORY) / f"campaign-{campaign.pk}.key"
        secret = path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
        assert secret.hex() not in repr(site.snapshot)
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
            transitions.close(campaign, by=world.person("mara"), now=world.NOON)
        assert not path.exists()
        assert store.destroy_subject_secret(settings.KEY_DIRECTORY, campaign.pk) is False

    def test_two_campaigns_cannot_be_linked_by_who_holds_the_keys(self) -> None:
        world.launched(unit="subject")
        world.launched("other", at=world.placement("other-page"), unit="subject")
        site = world.AudienceSite()
        pairs = [[site.read_receipt(site.new_receipt(key, unit=f"k{i}")) for key in ("quiet-page", "other-page")]
                 for i in range(50)]  # fmt: skip
        assert not {a.nonce for a, _ in pairs} & {b.nonce for _, b in pairs}

    def test_subjects_divide_by_the_weights(self) -> None:
        secret = b"s" * 32
        arms = [subject_ids.arm_for(f"k{i}", secret, [1, 1, 1, 1]) for i in range(4000)]
        # Binomial(4000, 1/4): standard deviation 27; five of them.
        assert all(abs(arms.count(arm) - 1000) < 137 for arm in range(4))


@pytest.mark.parametrize("key", ["7f3a9c52e1", "u-20261124-17", "123456", "1234567890123456", "k", "a1:2345678"])
def test_an_opaque_key_is_not_taken_for_a_person(key: str) -> None:
    assert not subject_ids.looks_like_contact_detail(key)


@pytest.mark.slow
@given(st.uuids())
def test_a_random_key_is_not_taken_for_a_person(key: object) -> None:
    assert not subject_ids.looks_like_contact_detail(str(key))
