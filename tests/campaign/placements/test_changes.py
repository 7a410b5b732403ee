"""Placements and partners: what is kept, what is on record, what stands there now, and which origins there are."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from campaign.lifecycle import transitions
from campaign.models import Partner, Placement
from campaign.placements import changes
from campaign.placements.origins import InvalidOrigin, parse_origin, url_as_sent
from campaign.serving.snapshot import SnapshotRefresher
from messages.audit_pages.wording import describe_action
from messages.models import AuditEntry
from messages.proposals import SavedFields
from messages.stale_copies import digest_of
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara() -> User:
    return world.person("mara", "manager")


def change(place: Placement, by: User, **values: object) -> SavedFields:
    """Save these fields as somebody who sees this copy of a placement."""
    return changes.change_placement(place, values, seen=digest_of(place, changes.PLACEMENT_FIELDS), by=by)


def last_said() -> str:
    entry = AuditEntry.objects.latest("number")
    return describe_action(entry.action, label=entry.label, detail=entry.detail)


class TestAnOrigin:
    @pytest.mark.parametrize(
        ("typed", "origin"),
        [
            ("https://www.example.org", "https://www.example.org"),
            ("https://www.example.org/", "https://www.example.org"),
            ("HTTPS://WWW.Example.ORG:443", "https://www.example.org"),
            ("https://example.org:8443", "https://example.org:8443"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("https://straße.example", "https://xn--strae-oqa.example"),
            ("https://STRASSE.example", "https://strasse.example"),
            ("https://日本語。example", "https://xn--wgv71a119e.example"),
            ("http://localhost:8001", "http://localhost:8001"),
            ("http://127.0.0.1", "http://127.0.0.1"),
            ("http://[::1]:80", "http://[::1]"),
        ],
    )
    def test_is_kept_as_a_browser_sends_it(self, typed: str, origin: str) -> None:
        assert parse_origin(typed) == origin

    def test_of_an_address_to_leave_to_is_encoded_alike(self) -> None:
        sent = "https://xn--strae-oqa.example:8443/stra%C3%9Fe?a=%C3%9F"
        assert url_as_sent("https://straße.example:8443/straße?a=ß") == sent
        assert url_as_sent("https://leave.example/a%20b") == "https://leave.example/a%20b"

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("example.org", "begins with https://"),
            ("https://☕.example", "Enter the address of a site"),
            ("http://example.org", "Use https://"),
            ("ftp://example.org", "Use https://"),
            ("https://example.org/page", "Enter only the site’s address: https://example.org."),
            ("https://example.org/?a=b", "Enter only the site’s address"),
            ("https://somebody@example.org", "Enter only the site’s address"),
            ("https://*.example.org", "without an asterisk"),
            ("https://", "Enter one exact site"),
            ("https://example.org:port", "Enter the address of a site"),
            ("https://[::1", "Enter the address of a site"),
            ("https://exa mple.org", "Enter the address of a site"),
            ("https://..", "Enter the address of a site"),
            ("https://" + "a" * 70 + ".org", "Enter the address of a site"),
        ],
    )
    def test_that_is_none_says_why(self, typed: str, said: str) -> None:
        with pytest.raises(InvalidOrigin, match=said.replace("*", r"\*")):
            parse_origin(typed)


class TestAPlacement:
    def test_that_is_added_gets_a_key_from_its_name_and_stands_on_record(self, mara: User) -> None:
        made = changes.add_placement(Placement(name="Search page"), by=mara, new_partner="Shed")
        assert (made.key, made.partner.name) == ("search-page", "Shed")
        assert last_said() == "added the placement “Search page” at Shed"

    def test_of_the_same_name_gets_another_key(self, mara: User) -> None:
        world.placement("search-page")
        assert changes.suggested_key("Search page!") == "search-page-2"

    @pytest.mark.parametrize("name", ["Add", "", "图片"])
    def test_never_gets_a_key_that_a_page_of_ours_uses(self, name: str) -> None:
        assert changes.suggested_key(name) in {"add-2", "placement"}

    def test_that_is_changed_says_which_fields(self, mara: User) -> None:
        place = world.placement()
        said = {"leave_url": "https://partner.example/bye", "expected_per_day": 400}
        assert change(place, mara, **said) == (["leave_url", "expected_per_day"], [])
        assert last_said() == "changed the placement “quiet-page”: leave_url, expected_per_day"

    def test_that_is_saved_as_it_was_leaves_no_record(self, mara: User) -> None:
        assert change(world.placement(), mara, name="quiet-page") == ([], [])
        assert not AuditEntry.objects.exists()

    def test_keeps_its_key_once_a_campaign_was_launched_there(self, mara: User) -> None:
        place = world.launched().placements.get()
        with pytest.raises(ValueError, match="fixed"):
            change(place, mara, key="another")

    def test_changes_in_the_running_snapshot_at_the_next_look(self, mara: User) -> None:
        place = world.launched().placements.get()
        keeper = SnapshotRefresher()
        keeper.refresh()
        change(place, mara, allowed_origins=[])
        assert keeper.refresh() is True
        assert keeper.current.placements["quiet-page"].origins == frozenset()


class TestWhatStandsThere:
    def test_a_campaign_that_runs(self) -> None:
        campaign = world.launched()
        assert changes.placement_status(campaign.placements.get(), now=world.NOON) == changes.PlacementStatus(
            "campaign", campaign
        )

    def test_the_fallback_of_one_that_is_paused(self, mara: User) -> None:
        campaign = world.launched(at=world.placement(fallback=world.approved_revision("neutral")))
        transitions.pause(campaign, by=mara)
        assert changes.placement_status(campaign.placements.get(), now=world.NOON).state == "fallback"

    def test_nothing_without_either(self) -> None:
        assert changes.placement_status(world.placement(), now=world.NOON) == changes.PlacementStatus("nothing", None)

    def test_nothing_once_the_words_were_withdrawn(self) -> None:
        words = world.approved_revision("neutral")
        place = world.placement(fallback=words)
        words.renditions.update(state="withdrawn")
        assert changes.placement_status(place, now=world.NOON).state == "nothing"


class TestAPartner:
    def test_gets_contacts_and_that_stands_on_record(self) -> None:
        partner = world.placement().partner
        pat, otto = world.person("pat", "partner contact"), world.person("otto", "administrator")
        assert changes.assign_contacts(partner, [pat], seen="", by=otto) is True
        assert last_said() == "set the contacts of the partner “Example partner”: pat"
        assert changes.assign_contacts(partner, [pat], seen=str(pat.pk), by=otto) is False
        assert changes.assign_contacts(partner, [], seen=str(pat.pk), by=otto) is True
        assert last_said().endswith("the partner “Example partner”: nobody")

    def test_gets_another_name(self, mara: User) -> None:
        partner = Partner.objects.create(name="Shed")
        assert changes.rename_partner(partner, "The Shed", seen=digest_of(partner, ["name"]), by=mara) is True
        assert last_said() == "renamed the partner “Shed” to “The Shed”"
        partner.refresh_from_db()
        assert changes.rename_partner(partner, "The Shed", seen=digest_of(partner, ["name"]), by=mara) is False
