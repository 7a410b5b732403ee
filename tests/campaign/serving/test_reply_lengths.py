"""Replies of one kind in one language have one length, whatever was shown or pressed."""

import html
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings

from campaign.lifecycle import arm_pauses
from campaign.models import Campaign
from campaign.outcomes import PAGE_ADDRESSES, offered_outcomes, read_form
from campaign.serving.page_paths import PAGES, page_path
from campaign.serving.preview_links import preview_url
from campaign.serving.snapshot_file import SnapshotFile
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])


def sizes(replies: Iterable[world.SurfaceReply]) -> set[int]:
    """The lengths of headers and body together."""
    return {sum(len(f"{n}: {v}\r\n") for n, v in reply.headers.items()) + len(reply.body) for reply in replies}


def all_arms(site: world.AudienceSite, **environ: str) -> list[world.SurfaceReply]:
    """Replies of the API that show each arm several times."""
    replies = [site.post("/api/v1/decide", {"placement": "quiet-page"}, **environ) for _ in range(60)]
    assert len({reply.json["message"]["headline"] for reply in replies}) > 1
    return replies


def test_all_arms_are_answered_with_one_length_counted_or_not() -> None:
    world.launched()
    site = world.AudienceSite()
    counted, uncounted = all_arms(site), all_arms(site, HTTP_SEC_GPC="1")
    assert {reply.json["receipt"] is None for reply in counted} == {False}
    assert {reply.json["receipt"] is None for reply in uncounted} == {True}
    assert len(sizes([*counted, *uncounted])) == 1


def test_the_hosted_pages_of_all_arms_have_one_length_counted_or_not() -> None:
    world.launched()
    site = world.AudienceSite()
    pages = [site.get("/m/quiet-page/", **more) for more in ({}, {"HTTP_DNT": "1"}) for _ in range(40)]
    assert len({page.body for page in pages}) > 4
    assert len(sizes(pages)) == 1


def test_frames_of_all_arms_have_one_length_counted_or_not() -> None:
    world.launched()
    site = world.AudienceSite()
    pages = [site.get("/m/quiet-page/frame", **more) for more in ({}, {"HTTP_DNT": "1"}) for _ in range(40)]
    assert len({page.body for page in pages}) > 4
    assert len(sizes(pages)) == 1


def test_a_machine_and_a_paused_arm_are_answered_as_long_as_others() -> None:
    campaign = world.launched()
    agent = {"HTTP_USER_AGENT": "Googlebot/2.1", "HTTP_ORIGIN": world.PARTNER_ORIGIN}
    arm_pauses.pause_arm(campaign.arms.get(key="victim"), reason="Too many were annoyed by it.", now=world.NOON)
    site = world.AudienceSite()
    replies = all_arms(site, HTTP_ORIGIN=world.PARTNER_ORIGIN)
    assert {reply.json["receipt"] is None for reply in replies} == {True, False}
    assert len(sizes([*replies, *all_arms(site, **agent)])) == 1


def test_the_fallback_is_as_long_as_the_arms() -> None:
    campaign = world.launched(at=world.placement(fallback=world.approved_revision("other", headline="Until then")))
    site = world.AudienceSite()
    during, page = site.decide(), site.get("/m/quiet-page/")
    Campaign.objects.filter(pk=campaign.pk).update(starts_at=world.NOON.replace(year=2099))
    site.refresh()
    assert site.decide().json["message"]["headline"] == "Until then"
    assert sizes([during, site.decide()]) == sizes([during])
    assert sizes([page, site.get("/m/quiet-page/")]) == sizes([page])


def test_previews_of_a_campaign_that_runs_are_as_long_as_its_messages() -> None:
    campaign = world.launched()
    site = world.AudienceSite()
    links = [
        preview_url(world.placement(), arm, by=world.person("mara"), now=world.NOON) for arm in campaign.arms.all()
    ]
    assert len(sizes([site.get("/m/quiet-page/"), *map(site.get, links)])) == 1


@pytest.mark.parametrize("language", settings.AUDIENCE_LANGUAGES)
def test_the_pages_behind_all_buttons_have_one_length_in_each_language(language: str) -> None:
    world.launched()
    site = world.AudienceSite()
    pages = [site.get(page_path("quiet-page", name, language)) for name in PAGES]
    assert {page.status for page in pages} == {200}
    assert len(sizes(pages)) == 1
    assert sizes([site.get("/m/quiet-page/unavailable", HTTP_ACCEPT_LANGUAGE=language)]) == sizes(pages)


def test_the_message_is_as_long_as_the_pages_behind_it() -> None:
    world.launched()
    site = world.AudienceSite()
    assert len(sizes([site.get("/m/quiet-page/"), site.get("/m/quiet-page/help/self")])) == 1


def test_all_buttons_are_answered_with_one_length() -> None:
    world.launched(at=world.placement(leave_url="https://elsewhere.example/a-long-way-to-go"))
    site = world.AudienceSite()
    receipt = site.new_receipt()
    pressed = [
        site.press("/m/quiet-page/", receipt=shown, **({o.key: "3"} if o.values else {"outcome": o.key}))
        for o, _ in offered_outcomes()
        for shown in (receipt, "")
    ]
    assert len({reply.headers["Location"] for reply in pressed}) > 4
    assert len(sizes(pressed)) == 1


def test_an_accepted_event_is_answered_with_one_length_whatever_it_says() -> None:
    world.launched()
    site = world.AudienceSite()
    receipt = site.new_receipt()
    replies = [
        site.report_event(receipt, outcome.key, **({"value": 2} if outcome.values else {}))
        for outcome, _ in offered_outcomes()
    ]
    unasked = site.post("/api/v1/events", {"receipt": receipt, "outcome": "left"}, HTTP_SEC_GPC="1")
    assert len(sizes([*replies, unasked])) == 1


@pytest.mark.parametrize("wrong", [[], [{"receipt": "x", "outcome": "left"}]])
def test_a_list_of_events_is_answered_with_one_length_whether_they_count_or_not(wrong: list[object]) -> None:
    world.launched()
    site = world.AudienceSite()
    events = [{"receipt": site.new_receipt(), "outcome": "left"} for _ in range(12)]
    replies = [
        site.post("/api/v1/events", [*events, *wrong], **more)
        for more in ({}, {"HTTP_SEC_GPC": "1"}, {"HTTP_DNT": "1"})
    ]
    assert [reply.json["accepted"] for reply in replies] == [12, 0, 0]
    assert len(sizes(replies)) == 1


def test_a_tab_that_was_here_before_is_answered_as_long_as_a_new_one() -> None:
    world.launched(unit="session")
    site = world.AudienceSite()
    new = [site.decide(session="new") for _ in range(40)]
    again = [site.decide(session=reply.json["receipt"]) for reply in new]
    assert {reply.json["unit"] for reply in (*new, *again)} == {"session"}
    assert len(sizes([*new, *again, site.decide()])) == 1


def test_a_restart_without_a_database_keeps_the_lengths(tmp_path: Path) -> None:
    world.launched()
    snapshot = world.AudienceSite().snapshot
    file = SnapshotFile(tmp_path / "snapshot.jsonl", key_directory=settings.KEY_DIRECTORY)
    file.write(snapshot)
    stored = file.read()
    assert stored is not None
    assert stored.placements["quiet-page"].lengths == snapshot.placements["quiet-page"].lengths


def test_the_form_sends_all_answers_with_one_length() -> None:
    world.launched()
    site = world.AudienceSite()
    page = site.get("/m/quiet-page/").body.decode()
    buttons = re.findall(r'<button[^>]* name="(\w+)" value="([^"]*)"', page) + re.findall(
        r'<button name="(\w+)" value="([^"]*)"', page
    )
    assert {name for name, _ in buttons} == {"outcome", "rating"}
    assert len({len(urlencode({name: value})) for name, value in buttons}) == 1
    read = {read_form({name: [value]}) for name, value in buttons}
    sections = {
        "help_self",
        "help_affected",
        "help_worried",
        "learn_more",
    }  # of the same page, and no answers of the form
    assert {key for key, _ in read} == {outcome.key for outcome, _ in offered_outcomes()} - sections
    assert {value for key, value in read if key == "rating"} == {1, 2, 3, 4, 5}


# RFC 7541, appendix B: the length in bits of the code of each character that stands in our paths.
HUFFMAN = {
    **dict.fromkeys("012aceiost", 5),
    **dict.fromkeys("%-./3456789=A_bdfghlmnpru", 6),
    **dict.fromkeys(":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz", 7),
    **dict.fromkeys("&*,;XZ", 8),
    "?": 10,
}


def test_requests_for_all_pages_have_one_length_over_http_1_and_2() -> None:
    assert len({len(address) for address in PAGE_ADDRESSES.values()}) == 1
    assert len({sum(HUFFMAN[letter] for letter in address) for address in PAGE_ADDRESSES.values()}) == 1


def test_no_address_says_what_the_page_is_for() -> None:
    assert {offer.page for _, offer in offered_outcomes()} - {""} <= PAGE_ADDRESSES.keys()
    assert len(set(PAGE_ADDRESSES.values())) == len(PAGE_ADDRESSES)
    for name, address in PAGE_ADDRESSES.items():
        assert not {address, *address.split("/")} & {*re.split(r"[/-]", name), "help"}


@pytest.mark.parametrize("language", settings.AUDIENCE_LANGUAGES)
def test_buttons_and_doors_lead_to_addresses_that_say_nothing(language: str) -> None:
    world.launched()
    site = world.AudienceSite()
    page = site.get(f"/m/quiet-page/p0?locale={language}").body.decode()
    led_to = {html.unescape(path) for path in re.findall(r'href="(/m/[^"]+)"', page)}
    led_to |= {
        site.press(f"/m/quiet-page/?locale={language}", outcome=outcome.key).headers["Location"]
        for outcome, _ in offered_outcomes()
    }
    assert led_to == {page_path("quiet-page", name, language) for name in PAGES} - {
        page_path("quiet-page", "too-late", language)
    }
    anchors = set(re.findall(r'href="#(\w+)"', site.get("/m/quiet-page/").body.decode())) - {"message"}
    assert anchors <= set(PAGE_ADDRESSES.values())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_still_answers_at_the_name_that_was_its_address(name: str) -> None:
    world.launched()
    site = world.AudienceSite()
    assert site.get(f"/m/quiet-page/{name}").body == site.get(page_path("quiet-page", name, "en")).body
