"""Nobody alone changes what visitors of an open campaign meet at a placement: by HTTP, as people do it."""

from __future__ import annotations

import pytest
from django.test import Client

from campaign.kill_switch import stop
from campaign.lifecycle import transitions
from campaign.models import Campaign, Deviation, Partner, Placement
from campaign.placements import changes
from campaign.serving.page_paths import page_path
from messages.audit_pages.wording import describe_action
from messages.models import AuditEntry
from messages.proposals import ProposalRefused
from messages.stale_copies import digest_of
from tests import world

pytestmark = pytest.mark.django_db
GOOD, BAD = "https://partner.example/bye", "https://elsewhere.example/"
PAGE = "/placements/quiet-page/"


def signed_in(name: str, role: str) -> Client:
    client = Client()
    world.sign_in(client, world.person(name, role))
    return client


@pytest.fixture
def mara() -> Client:
    return signed_in("mara", "manager")


@pytest.fixture
def rafael() -> Client:
    return signed_in("rafael", "reviewer")


@pytest.fixture
def campaign() -> Campaign:
    return world.launched(at=world.placement(leave_url=GOOD))


def save(client: Client, **fields: str) -> str:
    """Save the placement's form with these fields changed; what the next page says."""
    form = client.get(f"{PAGE}change/").context["form"]
    place = Placement.objects.get()
    typed = {"name": place.name, "partner": str(place.partner_id), "allowed_origins": world.PARTNER_ORIGIN}
    typed |= {"leave_url": place.leave_url, "continue_url": place.continue_url, "was": form.seen_digest}
    return client.post(f"{PAGE}change/", typed | fields, follow=True).content.decode()


def press(client: Client, button: str) -> str:
    """Press a button of the card that shows a waiting change."""
    seen = client.get(PAGE).context["proposal"]
    return client.post(f"{PAGE}{button}/", {"seen": seen}, follow=True).content.decode()


def leave_url() -> str:
    """Where a visitor who leaves is led."""
    (action,) = [a for a in world.AudienceSite().decide().json["message"]["actions"] if a["outcome"] == "left"]
    href: str = action["href"]
    return href


def forget_confirmation(client: Client) -> None:
    session = client.session
    session["confirmed_at"] = 0
    session.save()


def test_one_manager_alone_leads_nobody_elsewhere(campaign: Campaign, mara: Client) -> None:
    html = save(mara, leave_url=BAD)
    assert "A colleague has to confirm this change. Until then, visitors see what was there before." in html
    assert leave_url() == GOOD
    assert "You cannot confirm your own change" in press(mara, "confirm")
    assert (leave_url(), Deviation.objects.count()) == (GOOD, 0)


def test_a_second_person_with_a_fresh_confirmation_puts_it_into_effect(
    campaign: Campaign, mara: Client, rafael: Client
) -> None:
    save(mara, leave_url=BAD, continue_url="https://partner.example/on")
    assert f'href="{BAD}"' in rafael.get(PAGE).content.decode()
    forget_confirmation(rafael)
    seen = rafael.get(PAGE).context["proposal"]
    asked = rafael.post(f"{PAGE}confirm/", {"seen": seen})
    assert asked.headers["Location"] == "/account/confirm/?next=%2Fplacements%2Fquiet-page%2F"
    assert leave_url() == GOOD
    world.sign_in(rafael, world.person("rafael"))
    press(rafael, "confirm")
    assert leave_url() == BAD
    deviation, other = Deviation.objects.filter(campaign=campaign)
    assert deviation.what == f"At “quiet-page”, “Leave this page” now leads to {BAD} (before: {GOOD})."
    assert other.what == "At “quiet-page”, “Continue” now leads to https://partner.example/on (before: —)."
    assert deviation.why == "mara proposed it, and rafael opened it and confirmed it."
    assert BAD in mara.get("/campaigns/pilot/plan/").content.decode()
    said = [
        f"{entry.actor} {describe_action(entry.action, label=entry.label, detail=entry.detail)}"
        for entry in AuditEntry.objects.filter(kind="placement").order_by("number")
    ]
    assert said == [
        "mara proposed a change to the placement “quiet-page”, which a colleague has to confirm: "
        "leave_url, continue_url",
        "rafael confirmed the change to the placement “quiet-page” that mara proposed: leave_url, continue_url",
    ]
    place = Placement.objects.get()
    assert (place.proposed, place.proposed_by) == ({}, None)


def test_taking_an_address_away_takes_one_person_at_once(campaign: Campaign, mara: Client) -> None:
    save(mara, leave_url="")
    assert leave_url() == page_path("quiet-page", "left", "en")
    assert not Placement.objects.get().proposed


def test_one_manager_alone_lets_no_other_site_show_the_messages(
    campaign: Campaign, mara: Client, rafael: Client
) -> None:
    other = "https://elsewhere.example"
    html = save(mara, allowed_origins=f"{world.PARTNER_ORIGIN}\n{other}")
    assert "A colleague has to confirm this change" in html
    assert Placement.objects.get().allowed_origins == [world.PARTNER_ORIGIN]
    press(rafael, "confirm")
    assert Placement.objects.get().allowed_origins == [world.PARTNER_ORIGIN, other]
    said = f"messages may now be shown on {world.PARTNER_ORIGIN}, {other} (before: {world.PARTNER_ORIGIN})."
    assert Deviation.objects.get().what == f"At “quiet-page”, {said}"


def test_one_person_takes_a_site_away_at_once_and_each_result_says_so(campaign: Campaign, mara: Client) -> None:
    Placement.objects.update(allowed_origins=[world.PARTNER_ORIGIN, "https://elsewhere.example"])
    save(mara)
    assert Placement.objects.get().allowed_origins == [world.PARTNER_ORIGIN]
    assert Deviation.objects.get().what.startswith("At “quiet-page”, messages may now be shown on fewer sites (before:")


def test_what_waits_is_withdrawn_by_one_person(campaign: Campaign, mara: Client, rafael: Client) -> None:
    save(mara, leave_url=BAD)
    press(mara, "withdraw")
    assert "No change is waiting here any more" in press(rafael, "confirm")
    assert leave_url() == GOOD


def test_a_change_that_was_replaced_while_somebody_looked_is_not_confirmed(
    campaign: Campaign, mara: Client, rafael: Client
) -> None:
    save(mara, leave_url="https://harmless.example/")
    seen = rafael.get(PAGE).context["proposal"]
    press(mara, "withdraw")
    save(mara, leave_url=BAD)
    answer = rafael.post(f"{PAGE}confirm/", {"seen": seen}, follow=True)
    assert "Someone has replaced this change" in answer.content.decode()
    assert leave_url() == GOOD


def test_no_second_change_hides_behind_one_that_waits(campaign: Campaign, mara: Client) -> None:
    save(mara, leave_url=BAD)
    html = save(signed_in("eve", "manager"), leave_url="https://third.example/", name="Another name")
    assert "A change to this is already waiting for a colleague" in html
    assert "https://third.example/" in html, "what was typed is kept"
    place = Placement.objects.get()
    assert (place.proposed, place.name) == ({"leave_url": BAD}, "quiet-page")


def test_the_rest_of_the_form_is_saved_at_once(campaign: Campaign, mara: Client) -> None:
    save(mara, leave_url=BAD, expected_per_day="12")
    assert Placement.objects.values_list("expected_per_day", "leave_url").get() == (12, GOOD)


def test_words_for_pauses_wait_too_and_are_not_taken_once_they_were_stopped(
    campaign: Campaign, mara: Client, rafael: Client
) -> None:
    words = world.approved_revision("neutral", headline="Take a moment")
    save(mara, fallback=str(words.pk))
    assert Placement.objects.get().fallback is None
    stop.stop_message(words.message, by=world.person("rafael"), reason="It may frighten.", now=world.NOON)
    assert "can no longer be shown" in press(rafael, "confirm")
    press(rafael, "withdraw")
    other = world.approved_revision("neutral", headline="Rest a moment")
    save(mara, fallback=str(other.pk))
    press(rafael, "confirm")
    assert Placement.objects.get().fallback == other


@pytest.mark.parametrize("state", ["scheduled", "running", "paused"])
def test_it_matters_in_every_state_of_an_open_campaign(campaign: Campaign, mara: Client, state: str) -> None:
    Campaign.objects.update(state=state)
    save(mara, leave_url=BAD)
    assert Placement.objects.get().leave_url == GOOD


@pytest.mark.parametrize("state", ["draft", "submitted", "approved", "closed"])
def test_without_an_open_campaign_a_change_takes_effect_at_once(campaign: Campaign, mara: Client, state: str) -> None:
    """Between approval and launch it voids the approval: tests/campaign/lifecycle."""
    Campaign.objects.update(state=state)
    save(mara, leave_url=BAD)
    assert Placement.objects.get().leave_url == BAD


def test_partner_contacts_see_nothing_of_it(campaign: Campaign, mara: Client) -> None:
    save(mara, leave_url=BAD)
    pat = world.person("pat", "partner contact")
    Placement.objects.get().partner.contacts.add(pat)
    client = signed_in("pat", "partner contact")
    assert BAD not in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}confirm/", {}).status_code == 403


@pytest.mark.parametrize("fields", [{"network_share": "100"}, {"counts_signed_only": "on"}])
def test_what_counts_at_a_placement_stays_while_a_campaign_is_open_there(
    campaign: Campaign, mara: Client, fields: dict[str, str]
) -> None:
    save(mara, **fields)
    assert (Placement.objects.get().network_share, Placement.objects.get().counts_signed_only) == (0, False)
    assert "You cannot change this while a campaign is open here" in mara.get(f"{PAGE}change/").content.decode()
    place = Placement.objects.get()
    values = {"network_share": 100, "counts_signed_only": True}
    seen = digest_of(place, changes.PLACEMENT_FIELDS)
    with pytest.raises(ProposalRefused, match="so what it counts cannot change"):
        changes.change_placement(place, values, seen=seen, by=world.person("mara"))
    transitions.close(campaign, by=world.person("mara"), now=world.NOON)
    save(mara, **fields)
    assert (Placement.objects.get().network_share, Placement.objects.get().counts_signed_only) != (0, False)


PARTNER_OF_ELSEWHERE = "The Police of Exampleland"


def about_page() -> str:
    return world.AudienceSite().get("/m/quiet-page/about").body.decode()


def test_one_manager_alone_changes_no_name_that_visitors_read(campaign: Campaign, mara: Client) -> None:
    page = f"/partners/{Placement.objects.get().partner_id}/"
    form = mara.get(page).context["form"]
    html = mara.post(page, {"name": PARTNER_OF_ELSEWHERE, "was": form.seen_digest}).content.decode()
    assert "Visitors of an open campaign see this name, so you cannot change it alone." in html
    assert "A colleague has to confirm this change" in save(mara, partner="", new_partner=PARTNER_OF_ELSEWHERE)
    assert PARTNER_OF_ELSEWHERE not in about_page()
    assert "You cannot confirm your own change" in press(mara, "confirm")
    assert not Deviation.objects.exists()


def test_a_partner_that_a_second_person_confirmed_stands_on_the_page_and_on_the_results(
    campaign: Campaign, mara: Client, rafael: Client
) -> None:
    save(mara, partner="", new_partner=PARTNER_OF_ELSEWHERE)
    assert PARTNER_OF_ELSEWHERE in rafael.get(PAGE).content.decode()
    press(rafael, "confirm")
    assert PARTNER_OF_ELSEWHERE in about_page()
    assert f"visitors now read that the page is run by {PARTNER_OF_ELSEWHERE}" in Deviation.objects.get().what


def test_a_partner_that_was_renamed_while_a_colleague_looked_is_not_confirmed(
    campaign: Campaign, mara: Client, rafael: Client
) -> None:
    save(mara, partner="", new_partner="The Shed")
    seen = rafael.get(PAGE).context["proposal"]
    Partner.objects.filter(name="The Shed").update(name=PARTNER_OF_ELSEWHERE)
    html = rafael.post(f"{PAGE}confirm/", {"seen": seen}, follow=True).content.decode()
    assert "Someone has replaced this change." in html
    assert PARTNER_OF_ELSEWHERE not in about_page()


def test_a_name_that_no_visitor_of_an_open_campaign_reads_is_changed_by_one_person(mara: Client) -> None:
    world.placement()
    page = f"/partners/{Placement.objects.get().partner_id}/"
    form = mara.get(page).context["form"]
    assert mara.post(page, {"name": "The Shed", "was": form.seen_digest}).status_code == 302


def test_taking_an_address_away_asks_for_a_fresh_confirmation_and_keeps_what_was_typed(
    campaign: Campaign, mara: Client
) -> None:
    forget_confirmation(mara)
    html = save(mara, leave_url="", name="Another name")
    assert '<a href="/account/confirm/"' in html
    assert 'value="Another name"' in html
    assert leave_url() == GOOD
    assert "Saved." in save(mara, name="Another name")  # nothing is taken away: no confirmation


def test_taking_an_address_away_stands_on_each_open_result(campaign: Campaign, mara: Client) -> None:
    save(mara, leave_url="")
    assert leave_url() != GOOD
    assert Deviation.objects.get().what == (
        f"At “quiet-page”, “Leave this page” no longer leads to {GOOD}: it leads to our own page."
    )
    assert AuditEntry.objects.filter(action="campaign-address", detail__about="quiet-page").exists()
