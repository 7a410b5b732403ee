"""Nobody alone changes the help that visitors of a campaign are offered: by HTTP, as people do it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaign.models import Campaign, Deviation
from messages.audit_pages.wording import describe_action
from messages.models import AuditEntry, HelpLink
from tests import world
from tests.messages.help_links.test_views import FILLED

pytestmark = pytest.mark.django_db
GOOD, BAD = "https://some.example/help", "https://elsewhere.example/"
PAGE = "/help-links/somewhere/"


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
    """A running campaign, and a link that was checked."""
    running = world.launched()
    HelpLink.objects.create(key="somewhere", **FILLED, verified_on=timezone.localdate(), verified_by="rafael")
    return running


def save(client: Client, **fields: object) -> str:
    """Save the form of the link with these fields changed; what the next page says."""
    form = client.get(f"{PAGE}change/").context["form"]
    return client.post(f"{PAGE}change/", {**FILLED, "was": form.seen_digest, **fields}, follow=True).content.decode()


def press(client: Client, button: str) -> str:
    """Press a button of the card that shows a waiting change."""
    seen = client.get(PAGE).context["proposal"]
    return client.post(f"{PAGE}{button}/", {"seen": seen}, follow=True).content.decode()


def check(client: Client) -> str:
    seen = client.get(PAGE).context["seen"]
    return client.post(f"{PAGE}check/", {"seen": seen, "found": "fits"}, follow=True).content.decode()


def offered() -> str:
    """What a visitor who wants to stop is offered."""
    return world.AudienceSite().get("/m/quiet-page/help/self").body.decode()


def forget_confirmation(client: Client) -> None:
    session = client.session
    session["confirmed_at"] = 0
    session.save()


def test_one_manager_alone_leads_nobody_elsewhere(campaign: Campaign, mara: Client) -> None:
    html = save(mara, url=BAD)
    assert "A colleague has to confirm this change. Until then, visitors see what was there before." in html
    assert "You cannot confirm your own change" in press(mara, "confirm")
    check(mara)  # of the address that is stored: it confirms nothing of the change
    assert GOOD in offered()
    assert BAD not in offered()
    assert HelpLink.objects.get(key="somewhere").proposed == {"url": BAD}
    assert not Deviation.objects.exists()


def test_a_second_person_opens_it_confirms_themselves_and_it_counts_as_checked(
    campaign: Campaign, mara: Client, rafael: Client
) -> None:
    HelpLink.objects.update(verified_on="2026-01-01")
    save(mara, url=BAD, note="Another note.")
    assert f'href="{BAD}"' in rafael.get(PAGE).content.decode()
    forget_confirmation(rafael)
    seen = rafael.get(PAGE).context["proposal"]
    asked = rafael.post(f"{PAGE}confirm/", {"seen": seen})
    assert asked.headers["Location"] == "/account/confirm/?next=%2Fhelp-links%2Fsomewhere%2F"
    assert BAD not in offered()
    world.sign_in(rafael, world.person("rafael"))
    press(rafael, "confirm")
    assert BAD in offered()
    link = HelpLink.objects.get(key="somewhere")
    assert (link.verified_on, link.verified_by, link.proposed) == (timezone.localdate(), "rafael", {})
    deviation = Deviation.objects.get(campaign=campaign)
    assert deviation.what == f"The help link “Somewhere” now leads to {BAD} (before: {GOOD})"
    assert deviation.why == "mara proposed it, and rafael opened it and confirmed it."
    said = [
        f"{entry.actor} {describe_action(entry.action, label=entry.label, detail=entry.detail)}"
        for entry in AuditEntry.objects.filter(kind="help").order_by("number")
    ]
    assert said == [
        "mara proposed a change to the help link “Somewhere”, which a colleague has to confirm: url, note",
        "rafael confirmed the change to the help link “Somewhere” that mara proposed: url, note",
    ]


def test_an_added_link_is_shown_once_a_second_person_has_checked_it(
    campaign: Campaign, mara: Client, rafael: Client
) -> None:
    HelpLink.objects.filter(key="somewhere").delete()
    html = mara.post("/help-links/add/", {**FILLED, "url": BAD}, follow=True).content.decode()
    assert "Visitors see it once a colleague has opened it" in html
    assert "You wrote this one, so a colleague has to check it" in html
    assert "You cannot check your own link" in check(mara)
    assert BAD not in offered()
    forget_confirmation(rafael)
    check(rafael)
    assert BAD not in offered()
    world.sign_in(rafael, world.person("rafael"))
    check(rafael)
    assert BAD in offered()
    assert Deviation.objects.get(campaign=campaign).what == f"The help link “Somewhere” was added: it leads to {BAD}"


def test_a_link_that_waits_is_not_changed_by_the_one_who_checks_it(
    campaign: Campaign, mara: Client, rafael: Client
) -> None:
    HelpLink.objects.filter(key="somewhere").delete()
    mara.post("/help-links/add/", FILLED)
    eve = signed_in("eve", "manager")
    assert "A colleague added this link" in save(eve, url=BAD)
    save(mara, url="https://corrected.example/")
    assert "You cannot check your own link" in check(mara)
    check(eve)
    assert "https://corrected.example/" in offered()


def test_taking_a_link_or_a_number_away_takes_one_person_at_once(campaign: Campaign, mara: Client) -> None:
    HelpLink.objects.filter(key="somewhere").update(contact="0800 000 000", facts_from="A page.")
    save(mara, contact="", facts_from="A page.")
    assert "0800 000 000" not in offered()
    mara.post(f"{PAGE}retire/", {"reason": "It closed."})
    assert GOOD not in offered()


def test_whoever_wrote_a_link_does_not_check_it_after_a_colleague_has_taken_it_up_again(
    campaign: Campaign, mara: Client
) -> None:
    HelpLink.objects.update(url=BAD, verified_on=None, proposed_by=User.objects.get(username="mara"))
    mara.post(f"{PAGE}retire/", {"reason": "Not yet."})
    signed_in("manu", "manager").post(f"{PAGE}restore/")
    check(mara)
    assert BAD not in offered()
    check(signed_in("rafael", "reviewer"))
    assert BAD in offered()
    assert Deviation.objects.get().why == "mara proposed it, and rafael opened it and confirmed it."


def test_a_retired_link_comes_back_once_a_second_person_has_checked_it(
    campaign: Campaign, mara: Client, rafael: Client
) -> None:
    mara.post(f"{PAGE}retire/", {"reason": "It closed."})
    save(mara, url=BAD)
    mara.post(f"{PAGE}restore/")
    assert "You cannot check your own link" in check(mara)
    assert BAD not in offered()
    check(rafael)
    assert BAD in offered()


def test_a_note_for_colleagues_is_saved_at_once(campaign: Campaign, mara: Client) -> None:
    save(mara, staff_note="Ask Eve.")
    link = HelpLink.objects.get(key="somewhere")
    assert (link.staff_note, link.proposed, link.verified_by) == ("Ask Eve.", {}, "rafael")


@pytest.mark.parametrize(("field", "value"), [("contact", "0900 666"), ("lane", "affected"), ("name", "Other")])
def test_whatever_visitors_read_waits(campaign: Campaign, mara: Client, field: str, value: str) -> None:
    save(mara, **{field: value, "facts_from": "A page."})
    link = HelpLink.objects.get(key="somewhere")
    assert link.proposed == {field: value}
    assert getattr(link, field) != value


@pytest.mark.parametrize("state", ["submitted", "approved", "scheduled", "running", "paused"])
def test_it_matters_from_when_a_campaign_is_submitted(campaign: Campaign, mara: Client, state: str) -> None:
    Campaign.objects.update(state=state)
    save(mara, url=BAD)
    assert HelpLink.objects.get(key="somewhere").url == GOOD


@pytest.mark.parametrize("state", ["draft", "closed"])
def test_without_such_a_campaign_a_new_address_is_shown_once_somebody_else_has_checked_it(
    campaign: Campaign, mara: Client, rafael: Client, state: str
) -> None:
    Campaign.objects.update(state=state)
    save(mara, url=BAD)
    assert "You cannot check your own link" in check(mara)
    assert BAD not in offered()
    check(rafael)
    assert BAD in offered()
    assert not Deviation.objects.exists()


@pytest.mark.parametrize("field", ["note", "name"])
def test_nobody_alone_changes_what_visitors_of_a_campaign_to_come_will_read(
    campaign: Campaign, mara: Client, rafael: Client, field: str
) -> None:
    Campaign.objects.update(state="closed")
    save(mara, **{field: "Call 0900 12345"})
    assert HelpLink.objects.get(key="somewhere").verified_on is None
    assert "You cannot check your own link" in check(mara)
    check(rafael)
    assert HelpLink.objects.get(key="somewhere").verified_by == "rafael"


def test_a_link_that_nobody_has_checked_is_shown_to_nobody(campaign: Campaign) -> None:
    HelpLink.objects.update(verified_on=None)
    assert GOOD not in offered()
    assert "We do not know of a service made for this" in offered()


def retire(client: Client) -> str:
    return client.post(f"{PAGE}retire/", {"reason": "It closed."}, follow=True).content.decode()


def test_retiring_a_link_asks_for_a_fresh_confirmation_and_keeps_the_reason(campaign: Campaign, mara: Client) -> None:
    forget_confirmation(mara)
    html = retire(mara)
    assert "This change removes something that visitors see straight away." in html
    assert 'value="It closed."' in html
    assert GOOD in offered()


def test_retiring_a_link_takes_one_person_and_stands_on_each_open_result(campaign: Campaign, mara: Client) -> None:
    retire(mara)
    assert GOOD not in offered()
    deviation = Deviation.objects.get(campaign=campaign)
    assert deviation.what == f"The help link “{FILLED['name']}” was taken away: visitors no longer see it."
    assert deviation.why == "mara took it away: It closed."
    assert AuditEntry.objects.filter(action="campaign-address", detail__about=FILLED["name"]).exists()  # for the notice


def test_a_link_that_visitors_do_not_see_is_retired_without_a_trace_on_results(
    campaign: Campaign, mara: Client
) -> None:
    HelpLink.objects.update(verified_on=None)
    forget_confirmation(mara)
    retire(mara)
    assert HelpLink.objects.get(key="somewhere").retired_on
    assert not Deviation.objects.exists()


def test_emptying_what_visitors_read_asks_for_a_confirmation_and_stands_on_each_open_result(
    campaign: Campaign, mara: Client
) -> None:
    HelpLink.objects.filter(key="somewhere").update(hours="9 to 17")
    forget_confirmation(mara)
    assert "This change removes something that visitors see straight away." in save(mara, hours="")
    assert not Deviation.objects.exists()
    world.sign_in(mara, User.objects.get(username="mara"))
    save(mara, hours="")
    assert "was taken away (hours)" in Deviation.objects.get(campaign=campaign).what
