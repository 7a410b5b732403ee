"""The page of a plan before and after it is frozen, its downloads and its deviations."""

from __future__ import annotations

import hashlib

import pytest
from django.test import Client
from django.utils.html import escape

from campaign.lifecycle import deviations, transitions
from campaign.models import Deviation
from campaign.pdf import render
from tests import world
from tests.messages.help_links.test_views import page, text

pytestmark = pytest.mark.django_db

PLAN = "/campaigns/pilot/plan/"
REASON = "The control is not neutral."


@pytest.fixture
def manager(client: Client) -> Client:
    return as_(client, "mara", "manager")


@pytest.fixture
def reviewer() -> Client:
    return as_(Client(), "rafael", "reviewer")


def as_(client: Client, name: str, role: str) -> Client:
    world.sign_in(client, world.person(name, role))
    return client


def test_a_draft_says_that_it_is_one_and_shows_the_exact_words(manager: Client) -> None:
    world.draft()
    html = page(manager, PLAN)
    assert "This is a draft. It is frozen at launch" in html
    assert "A victim headline" in html
    assert "SHA-256" not in html
    assert "Download the draft as PDF" in html


def test_a_frozen_plan_shows_when_it_froze_its_fingerprint_and_its_files(manager: Client) -> None:
    plan = world.launched().plan
    html = page(manager, PLAN)
    assert plan.fingerprint in html
    assert "1 March 2026" in html
    assert "Download as JSON" in html


def test_plain_words_stand_beside_formal_ones(manager: Client) -> None:
    world.launched()
    html = page(manager, PLAN)
    assert "We look once, when the planned people have been counted." in html
    assert escape("fixed, looks = [0.1, 1.0]") in html


def test_the_page_of_a_campaign_without_a_plan_says_so(manager: Client) -> None:
    campaign = world.draft()
    campaign.plan.outcomes.all().delete()
    campaign.plan.delete()
    assert "There is no plan yet." in page(manager, PLAN)
    assert manager.get(f"{PLAN}plan.json").status_code == 404
    assert manager.get(f"{PLAN}plan.pdf").status_code == 404


def test_the_json_that_is_downloaded_has_the_fingerprint_of_the_page(manager: Client) -> None:
    plan = world.launched().plan
    answer = manager.get(f"{PLAN}plan.json")
    assert hashlib.sha256(answer.content).hexdigest() == plan.fingerprint
    assert answer["Content-Disposition"] == 'attachment; filename="pilot-plan.json"'


@pytest.mark.process
def test_the_file_of_a_draft_is_named_a_draft(manager: Client) -> None:
    world.draft()
    answer = manager.get(f"{PLAN}plan.pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer["Content-Disposition"] == 'attachment; filename="pilot-plan-draft.pdf"'


@pytest.mark.process
def test_a_pdf_that_cannot_be_made_is_said_kindly(manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    world.launched()
    monkeypatch.setattr(render, "_SCRIPT", render._SCRIPT.with_name("not-there.py"))
    html = text(manager.get(f"{PLAN}plan.pdf", follow=True))
    assert "The PDF could not be created." in html


def test_what_is_missing_before_sending_is_listed_and_the_button_is_not_there(manager: Client) -> None:
    campaign = world.draft()
    campaign.placements.clear()
    html = page(manager, PLAN)
    assert "Choose at least one placement." in html
    assert "/submit/" not in html


def test_the_creator_cannot_decide_on_the_page(manager: Client) -> None:
    transitions.submit(world.draft(), by=world.person("mara"))
    world.person("mara", "reviewer")
    assert "Your decision" not in page(manager, PLAN)


def test_who_made_it_reads_why_it_came_back_until_it_is_sent_again(manager: Client) -> None:
    campaign = world.draft()
    transitions.submit(campaign, by=world.person("mara"))
    transitions.send_back(campaign, by=world.person("rafael", "reviewer"), reason=REASON)
    assert REASON in page(manager, PLAN)
    assert REASON in page(manager, "/campaigns/pilot/")
    transitions.submit(campaign, by=world.person("mara"))
    assert REASON not in page(manager, PLAN)


class TestDeviations:
    def test_one_that_is_recorded_stands_on_the_plan_and_on_every_result(self, manager: Client) -> None:
        world.launched()
        said = {"what": "It ran longer.", "why": "A partner asked."}
        html = text(manager.post(f"{PLAN}deviations/", said, follow=True))
        assert "Recorded. From now on, every result of this campaign shows it." in html
        for address in (PLAN, "/campaigns/pilot/results/"):
            html = page(manager, address)
            assert "It ran longer." in html
            assert "A partner asked." in html

    def test_a_gap_is_said_beside_its_field_and_what_was_typed_is_kept(self, manager: Client) -> None:
        world.launched()
        html = text(manager.post(f"{PLAN}deviations/", {"what": "It ran longer.", "why": ""}))
        assert '<p class="error" id="why-error">Say why it changed.</p>' in html
        assert "It ran longer.</textarea>" in html
        assert not Deviation.objects.exists()

    def test_a_draft_takes_none(self, manager: Client) -> None:
        world.draft()
        html = text(manager.post(f"{PLAN}deviations/", {"what": "A", "why": "B"}, follow=True))
        assert "This plan is not frozen" in html

    def test_markup_in_one_is_text(self, manager: Client) -> None:
        campaign = world.launched()
        deviations.record_deviation(campaign, what="<b>x</b>", why="y", by=world.person("mara"), now=world.NOON)
        assert "&lt;b&gt;x&lt;/b&gt;" in page(manager, PLAN)

    def test_whoever_only_reads_has_no_form(self, client: Client) -> None:
        world.launched()
        assert "/deviations/" not in page(as_(client, "ana", "analyst"), PLAN)
