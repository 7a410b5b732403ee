"""Accounts in a real Chromium: invitation, authenticator app, passkey, recovery code, confirmation, other sessions."""

from __future__ import annotations

import re
import time

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from campaign.models import Campaign
from messages.accounts import invitations, sessions
from messages.accounts.session_store import NamedSession
from messages.accounts.step_up import CONFIRMED_AT_KEY, FRESH_SECONDS
from tests import world
from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "four words nobody guesses"


@pytest.fixture
def site(live_server: LiveServer) -> str:
    """Serve the site under a host name, because a passkey cannot belong to an IP address."""
    return live_server.url.replace("127.0.0.1", "localhost")


def invitation_link(site: str, role: str) -> str:
    """Return the link of a new invitation."""
    _invitation, token = invitations.invite(f"{role.split()[0]}@example.org", role, by="test", now=timezone.now())
    return f"{site}/welcome/{token}/"


def accept_invitation(page: Page, site: str, role: str, name: str) -> None:
    """Accept an invitation up to the choice of a second factor."""
    page.goto(invitation_link(site, role))
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create my account").click()
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()


def set_up_app(page: Page) -> tuple[str, list[str]]:
    """Set up an authenticator app. Return its secret and the recovery codes."""
    page.get_by_text("I cannot scan it").click()
    secret = page.locator(".copy code").inner_text()
    page.get_by_label("Code", exact=True).fill(world.code(secret))
    page.get_by_role("button", name="Set up the app").click()
    expect(page.get_by_role("heading", name="Save these codes")).to_be_visible()
    codes = page.locator(".codes code").all_inner_texts()
    page.get_by_role("link", name="I have saved them").click()
    return secret, codes


def answer_first_question(page: Page, site: str, name: str) -> None:
    page.goto(f"{site}/sign-in/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Enter your second factor")).to_be_visible()


def attach_security_key(page: Page) -> None:
    """Attach a virtual security key that confirms every request."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    key = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": key})


def forget_confirmation(name: str) -> None:
    """Let the confirmations of this user expire."""
    for session, data in sessions._sessions(User.objects.get(username=name)):
        store = NamedSession(session.session_key)
        store.update({**data, CONFIRMED_AT_KEY: int(time.time()) - FRESH_SECONDS - 1})
        store.save()


def test_an_invitation_leads_to_an_account_with_an_app_by_keyboard_alone(page: OpenPage, site: str) -> None:
    tab = page()
    tab.goto(invitation_link(site, "manager"))
    expect(tab.get_by_label("Your name")).to_be_focused()
    tab.keyboard.type("nora")
    tab.keyboard.press("Tab")
    tab.keyboard.type(PASSWORD)
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    tab.goto(f"{site}/messages/")
    expect(tab).to_have_url(re.compile("/account/second-factor/$"))  # nothing else is open yet
    _secret, codes = set_up_app(tab)
    assert len(codes) == 10
    expect(tab).to_have_url(f"{site}/")
    assert User.objects.get(username="nora").groups.get().name == "manager"


@pytest.mark.proof
def test_an_invitation_works_once(page: OpenPage, site: str) -> None:
    link, tab = invitation_link(site, "analyst"), page()
    tab.goto(link)
    tab.get_by_label("Your name").fill("ana")
    tab.get_by_label("Password", exact=True).fill("short")
    tab.get_by_role("button", name="Create my account").click()
    expect(tab.locator("#password-error")).to_contain_text("at least 12 characters")
    expect(tab.get_by_label("Your name")).to_have_value("ana")
    tab.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.get_by_role("button", name="Create my account").click()
    other = page()
    other.goto(link)
    expect(other.get_by_role("heading", name="This link no longer works")).to_be_visible()


@pytest.mark.proof
def test_a_passkey_is_made_and_lets_its_owner_in_again(page: OpenPage, site: str) -> None:
    tab = page()
    attach_security_key(tab)
    accept_invitation(tab, site, "reviewer", "rafael")
    tab.get_by_role("link", name="Use a passkey").click()
    tab.get_by_label("Name of the passkey").fill("My laptop")
    tab.get_by_role("button", name="Create the passkey").click()
    expect(tab.get_by_role("heading", name="Save these codes")).to_be_visible()
    tab.get_by_role("button", name="Sign out").click()
    answer_first_question(tab, site, "rafael")
    tab.get_by_role("button", name="Use a passkey").click()
    expect(tab).to_have_url(f"{site}/")
    tab.goto(f"{site}/account/")
    expect(tab.get_by_text("Passkey “My laptop”")).to_be_visible()


@pytest.mark.proof
def test_a_recovery_code_lets_in_once(page: OpenPage, site: str) -> None:
    tab = page()
    accept_invitation(tab, site, "analyst", "ana")
    _secret, codes = set_up_app(tab)
    tab.get_by_role("button", name="Sign out").click()
    answer_first_question(tab, site, "ana")
    tab.get_by_label("Code from your app").fill(codes[0])
    tab.get_by_role("button", name="Sign in").click()
    expect(tab).to_have_url(f"{site}/")
    tab.get_by_role("button", name="Sign out").click()
    answer_first_question(tab, site, "ana")
    tab.get_by_label("Code from your app").fill(codes[0])
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.locator("#code-error")).to_contain_text("has already been used")


def test_launching_asks_whether_it_is_still_you(page: OpenPage, site: str) -> None:
    tab = page()
    accept_invitation(tab, site, "manager", "mira")
    set_up_app(tab)
    world.launched()
    launch = """async () => {
        const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
        const headers = { "X-CSRFToken": token, "Content-Type": "application/json" };
        const reply = await fetch("/api/v1/campaigns/pilot/pause/", { method: "POST", headers });
        return [reply.status, (await reply.json()).error?.code ?? ""];
    }"""
    forget_confirmation("mira")
    assert tab.evaluate(launch) == [403, "confirm_first"]
    assert Campaign.objects.get().state == "running"
    tab.goto(f"{site}/account/confirm/?next=/")
    tab.get_by_label("Code from your app").fill(world.fresh_code(User.objects.get(username="mira")))
    tab.get_by_role("button", name="Confirm").click()
    expect(tab).to_have_url(f"{site}/")
    assert tab.evaluate(launch) == [200, ""]
    assert Campaign.objects.get().state == "paused"


def test_an_administrator_invites_after_confirming_and_gets_a_link_to_pass_on(page: OpenPage, site: str) -> None:
    tab = page()
    accept_invitation(tab, site, "administrator", "ada")
    set_up_app(tab)
    forget_confirmation("ada")
    tab.get_by_role("link", name="People").click()
    tab.get_by_role("link", name="Invite someone").click()
    expect(tab.get_by_role("heading", name="Confirm it’s you")).to_be_visible()
    tab.get_by_label("Code from your app").fill(world.fresh_code(User.objects.get(username="ada")))
    tab.get_by_role("button", name="Confirm").click()
    tab.get_by_label("Email address").fill("bo@example.org")
    tab.get_by_label("Analyst").check()
    tab.get_by_role("button", name="Invite", exact=True).click()
    link = tab.locator(".copy code").inner_text()
    guest = page()
    guest.goto(link)
    expect(guest.get_by_text("You were invited with the role Analyst")).to_be_visible()


@pytest.mark.proof
def test_signing_out_everywhere_else_ends_the_other_sessions(page: OpenPage, site: str) -> None:
    here, there = page(), page()
    accept_invitation(here, site, "analyst", "ana")
    set_up_app(here)
    answer_first_question(there, site, "ana")
    there.get_by_label("Code from your app").fill(world.fresh_code(User.objects.get(username="ana")))
    there.get_by_role("button", name="Sign in").click()
    expect(there).to_have_url(f"{site}/")
    here.goto(f"{site}/account/")
    expect(here.locator("b", has_text="Chrome on Linux")).to_have_count(2)
    here.get_by_role("button", name="Sign out everywhere else").click()
    expect(here.locator("b", has_text="Chrome on Linux")).to_have_count(1)
    there.reload()
    expect(there.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_first_administrator_comes_in_by_a_link_of_the_command_line(
    page: OpenPage, site: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("invite", "ada@example.org", url=site)
    tab = page()
    tab.goto(capsys.readouterr().out.strip())
    expect(tab.get_by_text("You were invited with the role Administrator")).to_be_visible()
