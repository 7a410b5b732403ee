"""A test of a placement: only what carries its mark is noted, nothing of it is counted, and it is soon gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError

from analytics.worker import steps
from campaign.lifecycle import transitions
from campaign.models import LeftOutCount, Placement, PlacementTest, ServedCount
from campaign.placements import tag_check
from campaign.placements.tag_check import TagCheckLog
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])
BODY = {"placement": "quiet-page"}
PARTNER = {"HTTP_ORIGIN": world.PARTNER_ORIGIN}


@pytest.fixture
def place() -> Placement:
    return world.launched().placements.get()


@pytest.fixture
def site(place: Placement) -> world.AudienceSite:
    return world.AudienceSite()


@pytest.fixture
def mark(place: Placement) -> str:
    return tag_check.sign_mark(tag_check.begin_test(place, now=world.NOON))


def noted(site: world.AudienceSite, after: float = 0) -> PlacementTest:
    """What the test has heard, once the memory is written."""
    site.now += after
    site.tag_checks.flush()
    return PlacementTest.objects.get()


class TestWhatCarriesTheMark:
    @pytest.mark.parametrize(
        ("way", "ask"),
        [
            ("page", lambda site, mark: site.post("/api/v1/decide", BODY | {"preview": mark}, **PARTNER)),
            ("server", lambda site, mark: site.decide(preview=mark)),
            ("hosted", lambda site, mark: site.get(f"/m/quiet-page/?preview={mark}")),
        ],
    )  # fmt: skip
    def test_is_seen_whichever_way_it_comes(
        self,
        site: world.AudienceSite,
        mark: str,
        way: str,
        ask: Callable[[world.AudienceSite, str], world.SurfaceReply],
    ) -> None:
        assert ask(site, mark).status == 200
        test = noted(site)
        assert (test.seen_by, test.seen_at, test.failed_at) == (way, world.NOON, None)

    def test_shows_the_message_and_counts_nothing(self, site: world.AudienceSite, mark: str) -> None:
        answer = site.decide(preview=mark).json
        assert answer["message"]["headline"]
        assert answer["receipt"] is None
        assert b'name="receipt" value=""' in site.get(f"/m/quiet-page/?preview={mark}").body
        site.tag_checks.flush()
        assert not ServedCount.objects.exists()
        assert not LeftOutCount.objects.exists()
        assert world.open_views() == 0

    def test_is_seen_although_there_is_nothing_to_show(
        self, site: world.AudienceSite, mark: str, place: Placement
    ) -> None:
        transitions.pause(place.campaigns.get(), by=world.person("mara"))
        site.refresh()
        assert site.decide(preview=mark).code == "campaign_paused"
        assert noted(site).seen_by == "server"

    def test_from_a_site_that_is_not_on_the_list_says_from_which(self, site: world.AudienceSite, mark: str) -> None:
        body = {"placement": "quiet-page", "preview": mark}
        assert site.post("/api/v1/decide", body, HTTP_ORIGIN="https://www.partner.example").status == 403
        test = noted(site)
        assert (test.problem, test.origin, test.seen_at) == ("origin", "https://www.partner.example", None)

    @pytest.mark.parametrize("origin", ["null", "file://", "https://a.example/path?who=me", "https://" + "a" * 300])
    def test_leaves_nothing_behind_that_is_no_origin(self, site: world.AudienceSite, mark: str, origin: str) -> None:
        site.post("/api/v1/decide", {"placement": "quiet-page", "preview": mark}, HTTP_ORIGIN=origin)
        assert (noted(site).problem, noted(site).origin) == ("origin", "")

    def test_with_a_wrong_key_says_so_and_keeps_not_which(self, site: world.AudienceSite, mark: str) -> None:
        assert site.decide("quite-page", preview=mark).code == "placement_unknown"
        assert noted(site).problem == "key"

    def test_at_another_placement_says_so(self, mark: str) -> None:
        world.placement("another")
        site = world.AudienceSite()
        assert site.decide("another", preview=mark).code == "preview_unknown"
        assert site.get(f"/m/another/?preview={mark}").status == 404
        assert (noted(site).problem, noted(site).seen_at) == ("key", None)


class TestWhatDoesNot:
    def test_is_never_noted(self, site: world.AudienceSite, mark: str) -> None:
        """Visitors, while a test is open: served, refused, with forged marks and with marks of a test that is over."""
        over = tag_check.sign_mark(
            PlacementTest(placement_id=1, mark="0" * 16, until=world.NOON - timedelta(seconds=1))
        )
        site.decide()
        site.post("/api/v1/decide", {"placement": "quiet-page"}, HTTP_ORIGIN="https://elsewhere.example")
        site.decide("no-such-key")
        for forged in (mark[:-1] + ("A" if mark[-1] != "A" else "B"), "x", over):
            site.decide(preview=forged)
            site.decide("no-such-key", preview=forged)
            site.get(f"/m/quiet-page/?preview={forged}")
        test = noted(site)
        assert (test.seen_at, test.failed_at, test.origin) == (None, None, "")

    def test_a_surface_that_notes_what_nobody_marked_is_found(
        self, site: world.AudienceSite, mark: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        known = tag_check.verify_mark(mark, now=site.now)
        monkeypatch.setattr(tag_check, "verify_mark", lambda text, now: known)
        with pytest.raises(AssertionError):
            self.test_is_never_noted(site, mark)


class TestItsEnd:
    def test_comes_after_ten_minutes_and_takes_everything_along(self, site: world.AudienceSite, mark: str) -> None:
        site.decide(preview=mark)
        noted(site)
        assert tag_check.delete_expired_tests(now=world.NOON + timedelta(minutes=9, seconds=59)) == 0
        assert steps.prune_tag_checks(world.NOON + timedelta(minutes=10)) == "1 tests of placements deleted"
        assert not PlacementTest.objects.exists()

    def test_makes_its_mark_worth_nothing(self, site: world.AudienceSite, mark: str) -> None:
        site.now += 600
        assert site.decide(preview=mark).code == "preview_unknown"

    def test_is_seen_on_the_page_although_no_worker_runs(self, place: Placement, mark: str) -> None:
        assert tag_check.current_test(place, now=world.NOON + timedelta(minutes=10)) is None
        assert not PlacementTest.objects.exists()

    def test_a_late_note_makes_no_row(self, site: world.AudienceSite, mark: str, place: Placement) -> None:
        site.decide(preview=mark)
        tag_check.end_test(place)
        site.tag_checks.flush()
        assert not PlacementTest.objects.exists()

    def test_a_new_test_hears_nothing_of_the_old(self, site: world.AudienceSite, mark: str, place: Placement) -> None:
        site.decide(preview=mark)
        tag_check.begin_test(place, now=world.NOON)
        assert noted(site).seen_at is None


class TestSeveralProcesses:
    def test_the_later_note_stands(self, place: Placement, mark: str) -> None:
        early, late = TagCheckLog(), TagCheckLog()
        known = tag_check.verify_mark(mark, now=world.NOON.timestamp())
        assert known is not None
        early.record_success(known, channel=tag_check.TagCheckChannel.SERVER, now=world.NOON.timestamp() + 1)
        late.record_success(known, channel=tag_check.TagCheckChannel.PAGE, now=world.NOON.timestamp() + 5)
        late.flush()
        early.flush()
        test = PlacementTest.objects.get()
        assert (test.seen_at, test.seen_by) == (world.NOON + timedelta(seconds=5), "page")

    def test_a_flush_without_notes_asks_no_database(self, django_assert_num_queries: Callable[[int], object]) -> None:
        with django_assert_num_queries(0):  # type: ignore[attr-defined]  # a context manager
            assert TagCheckLog().flush() == 0

    def test_a_database_that_is_away_stops_nothing(self, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def away(*arguments: object) -> int:
            raise DatabaseError

        known = tag_check.verify_mark(mark, now=world.NOON.timestamp())
        assert known is not None
        log = TagCheckLog()
        log.record_success(known, channel=tag_check.TagCheckChannel.PAGE, now=world.NOON.timestamp())
        monkeypatch.setattr(tag_check, "_write", away)
        assert log.flush() == 0
