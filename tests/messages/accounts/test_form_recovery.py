"""What was typed comes back from every staff form that could not be accepted, and only to the site's own pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaign.models import Campaign, Placement
from messages.accounts import step_up
from messages.models import Message
from tests import world

pytestmark = pytest.mark.django_db

OURS = {"Sec-Fetch-Site": "same-origin"}
SENTENCE = "People who read it turn back more often."
FIELDS = {"name": "Schools week", "hypothesis": SENTENCE, "do": "save"}


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def hidden(response: Any) -> dict[str, str]:
    """Return what the page's own form would send."""
    form = re.search(r'<section class="card alone wide">.*?</section>', text(response))
    assert form, text(response)[:2000]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[0]))


@pytest.fixture
def strict() -> Client:
    """A browser whose forms need their token."""
    client = Client(enforce_csrf_checks=True)
    world.sign_in(client, world.person("mara", "manager"))
    return client


def test_who_was_signed_out_gets_the_first_question_back_and_sends_it_after_signing_in() -> None:
    response = Client().post("/campaigns/new/", FIELDS | {"writer": "mara"}, headers=OURS)
    assert response.status_code == 401
    assert "You were signed out. What you typed is still here." in text(response)
    assert "Nothing was saved yet." in text(response)
    assert SENTENCE in text(response)
    assert "<b>mara</b> typed this" in text(response)
    again = hidden(response)
    assert {name: again[name] for name in (*FIELDS, "writer")} == FIELDS | {"writer": "mara"}
    client = Client()
    world.sign_in(client, world.person("mara", "manager"))
    assert client.post("/campaigns/new/", again, headers=OURS).status_code == 302
    assert Campaign.objects.get().hypothesis == SENTENCE


def test_a_page_that_was_open_for_too_long_gives_the_words_back_and_its_button_sends_them(strict: Client) -> None:
    response = strict.post("/campaigns/new/", FIELDS | {"csrfmiddlewaretoken": "x" * 32}, headers=OURS)
    assert response.status_code == 403
    assert "The page had been open for too long" in text(response)
    assert SENTENCE in text(response)
    assert not Campaign.objects.exists()
    assert strict.post("/campaigns/new/", hidden(response), headers=OURS).status_code == 302
    assert Campaign.objects.get().name == "Schools week"


def test_what_somebody_else_typed_is_theirs_until_the_next_person_sends_it() -> None:
    client = Client()
    world.sign_in(client, world.person("rafael", "manager"))
    response = client.post("/campaigns/new/", FIELDS | {"writer": "mara"}, headers=OURS)
    assert response.status_code == 403
    assert "<b>mara</b> typed this" in text(response)
    assert "You are signed in as <b>rafael</b>. If you send it, it goes on under your name." in text(response)
    assert not Campaign.objects.exists()
    assert hidden(response)["writer"] == "rafael"
    assert client.post("/campaigns/new/", hidden(response), headers=OURS).status_code == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://other.testserver"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {},
    ],
)
def test_words_of_another_site_are_shown_to_nobody(strict: Client, headers: Mapping[str, str]) -> None:
    for client in (Client(), strict):
        response = client.post("/campaigns/new/", FIELDS, headers=headers)
        assert SENTENCE not in text(response)
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("name", ["password", "new_password1", "code", "credential"])
def test_secrets_are_not_shown_again(name: str) -> None:
    response = Client().post("/campaigns/new/", FIELDS | {name: "hunter2 and more"}, headers=OURS)
    assert (response.status_code, "hunter2" in text(response)) == (302, False)


def test_an_expired_sign_in_page_says_so_and_leads_back(strict: Client) -> None:
    response = Client(enforce_csrf_checks=True).post("/sign-in/", {"username": "mara", "password": "x"}, headers=OURS)
    assert response.status_code == 403
    assert "This page has expired" in text(response)
    assert 'href="/sign-in/"' in text(response)


def test_every_form_says_to_whom_it_was_shown(strict: Client) -> None:
    for path in ("/campaigns/new/", "/placements/new/", "/messages/new/", "/"):
        page = strict.get(path).content.decode()
        forms = re.findall(r'<form[^>]*method="post".*?</form>', page, re.DOTALL)
        assert forms, path
        for form in forms:
            assert form.count('name="writer" value="mara"') == 1, (path, form[:300])
    assert 'name="writer"' not in Client().get("/sign-in/").content.decode()


def _stop(person: User, *, minutes: int) -> Any:
    """Send the reason of a stop from a page that was opened after confirming, so many minutes later."""
    client = Client()
    world.sign_in(client, person)
    session = client.session
    session[step_up.CONFIRMED_AT_KEY] -= 60 * minutes
    session.save()
    key = Message.objects.get().key
    return client.post(f"/messages/{key}/stop/", {"reason": "It names a school."}, headers=OURS)


def test_the_reason_of_a_stop_comes_back_and_the_page_says_that_nothing_was_stopped() -> None:
    world.approved_revision("victim")
    key = Message.objects.get().key
    signed_out = Client().post(f"/messages/{key}/stop/", {"reason": "It names a school."}, headers=OURS)
    unconfirmed = _stop(world.person("mara", "manager"), minutes=30)
    for response, status in ((signed_out, 401), (unconfirmed, 403)):
        assert response.status_code == status
        assert "Nothing was stopped yet." in text(response)
        assert "It names a school." in text(response)
    assert f'href="{reverse("confirm")}"' in text(unconfirmed)
    assert Message.objects.get().stopped_at is None
    assert _stop(world.person("mara", "manager"), minutes=0).status_code == 302
    assert Message.objects.get().stopped_at is not None


def test_the_form_of_a_placement_comes_back_with_all_that_was_typed() -> None:
    typed = {"name": "Quiet page", "new_partner": "A forum", "allowed_origins": "https://a.example https://b.example"}
    response = Client().post("/placements/new/", typed, headers=OURS)
    assert {name: hidden(response)[name] for name in typed} == typed


@pytest.mark.parametrize(
    ("path", "made"),
    [("/placements/add/", Placement), ("/campaigns/new/", Campaign)],
    ids=["a placement", "a campaign"],
)
def test_a_form_that_came_back_and_is_sent_twice_makes_one_thing(path: str, made: type[Placement | Campaign]) -> None:
    client = Client()
    world.sign_in(client, world.person("mara", "manager"))
    fresh = re.search(r'name="once" value="([^"]+)"', client.get(path).content.decode())
    assert fresh
    typed = FIELDS | {"name": "Quiet page", "new_partner": "A forum", "once": fresh[1]}
    again = hidden(Client().post(path, typed, headers=OURS))
    assert again["once"] == fresh[1]
    first, second = (client.post(path, again, headers=OURS) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert made._default_manager.count() == 1
