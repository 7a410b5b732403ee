"""What somebody writes into the database beside the messages is shown to nobody, from the next snapshot on."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaign.serving.snapshot import compile_snapshot
from messages.accounts import recorded_accounts
from messages.help_links import directory
from messages.models import HelpLink
from messages.proposals import proposal_digest
from messages.stale_copies import digest_of
from tests import world

pytestmark = pytest.mark.django_db
EVIL = "https://evil.example/"
GOOD = "https://good.example/"


def run(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def link() -> HelpLink:
    """A link that somebody added and a colleague checked, at a place that shows a campaign."""
    world.mark_help_links_checked()
    added = HelpLink(name="Good help", url=GOOD, lane="self", country="*")
    link = directory.add(added, by=world.person("mara", "manager"))
    directory.confirm(link, by=world.person("rafael", "reviewer"), today=timezone.localdate())
    world.launched()
    link.refresh_from_db()
    return link


def help_page() -> bytes:
    """All pages behind the messages of the place, in each language."""
    return b"".join(part for page in compile_snapshot().placements["quiet-page"].pages.values() for part in page)


@pytest.mark.parametrize("field", ["leave_url", "continue_url"])
def test_a_forged_address_of_a_button_leads_nobody(field: str) -> None:
    world.launched(at=world.placement(**{field: GOOD}))
    before = world.AudienceSite()
    assert GOOD in before.decide().body.decode()
    run(f"UPDATE campaign_placement SET {field} = %s", EVIL)
    after = world.AudienceSite()
    assert (after.decide().status, EVIL.encode() in after.decide().body) == (409, False)
    entry = after.snapshot.placements["quiet-page"]
    assert EVIL not in str((entry.leave_url, entry.continue_url, dict(entry.pages)))


def test_a_forged_site_shows_nothing() -> None:
    world.launched()
    run("UPDATE campaign_placement SET allowed_origins = %s", '["https://evil.example"]')
    site, asked = world.AudienceSite(), {"placement": "quiet-page"}
    assert site.post("/api/v1/decide", asked, HTTP_ORIGIN="https://evil.example").status in (403, 409)


def test_a_link_on_record_is_shown(link: HelpLink) -> None:
    assert GOOD.encode() in help_page()


@pytest.mark.parametrize("change", ["url = 'https://evil.example/'", "contact = '0900 666'", "note = 'Call Eve.'"])
def test_a_forged_help_link_is_shown_to_nobody(link: HelpLink, change: str) -> None:
    run(f"UPDATE messaging_helplink SET {change} WHERE id = %s", link.pk)
    shown = help_page()
    assert not [told for told in (b"evil.example", b"0900 666", b"Call Eve.", b"Good help") if told in shown]


def test_nor_is_one_that_was_retired_and_came_back_by_sql(link: HelpLink) -> None:
    directory.retire(link, by=world.person("mara"), today=timezone.localdate(), reason="Closed.")
    run("UPDATE messaging_helplink SET retired_on = NULL WHERE id = %s", link.pk)
    assert GOOD.encode() not in help_page()


def test_nor_one_that_nobody_checked_but_by_sql(link: HelpLink) -> None:
    new = directory.add(HelpLink(name="New", url=EVIL, lane="self", country="*"), by=world.person("mara"))
    run("UPDATE messaging_helplink SET verified_on = %s WHERE id = %s", timezone.localdate(), new.pk)
    assert b"evil.example" not in help_page()


def test_nor_one_that_was_inserted_where_all_are_on_record(
    link: HelpLink, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        recorded_accounts.vouch_for([world.person("ada", "administrator")], by="command line (root)")
    told = {"name": "New", "url": EVIL, "lane": "self", "country": "*", "verified_on": timezone.localdate()}
    HelpLink.objects.create(key="new", **told)
    shown = help_page()
    assert b"evil.example" not in shown
    assert GOOD.encode() in shown


def test_what_two_people_change_is_shown(link: HelpLink) -> None:
    values, seen = {"url": "https://better.example/"}, digest_of(link, directory.EDITABLE_FIELDS)
    directory.change(link, values, seen=seen, by=world.person("mara"))
    link.refresh_from_db()
    directory.confirm_proposal(link, seen=proposal_digest(link), by=world.person("rafael"), today=timezone.localdate())
    assert b"better.example" in help_page()


def test_a_change_of_what_visitors_do_not_read_leaves_it_shown(link: HelpLink) -> None:
    seen = digest_of(link, directory.EDITABLE_FIELDS)
    directory.change(link, {"staff_note": "Ask for Ada."}, seen=seen, by=world.person("mara"))
    assert GOOD.encode() in help_page()
