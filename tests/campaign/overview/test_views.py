"""The pages about campaigns, signing in and out, and pages without a sign-in."""

import time

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaign.lifecycle import transitions
from campaign.lifecycle.arm_pauses import stop_text
from campaign.overview.views import share_in_words
from campaign.serving.preview_links import read_preview_token
from messages.review import workflow
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(client: Client) -> Client:
    world.sign_in(client, world.person("rafael", "reviewer"))
    return client


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_an_empty_list_says_what_to_do_first(reviewer: Client) -> None:
    html = page(reviewer, "/")
    assert "No campaigns yet" in html
    assert "ask a manager to create a sample campaign" in html


def test_the_list_names_each_campaign_and_its_state_in_words(reviewer: Client) -> None:
    world.launched()
    html = page(reviewer, "/")
    assert "The pilot" in html
    assert "Running" in html
    assert "No results yet. People are being counted." in html


def test_a_long_list_is_read_page_by_page(reviewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.overview.views.PER_PAGE", 2)
    for number in range(3):
        world.draft(f"draft-{number}", at=world.placement(f"spot-{number}"))
    first, second = page(reviewer, "/"), page(reviewer, "/?page=2")
    assert "draft-1" in first
    assert "draft-2" not in first
    assert "draft-2" in second
    assert 'href="?page=2">Older' in first
    assert 'href="?page=1">Newer' in second
    assert "Page 1 of 2" in first


@pytest.mark.parametrize("number", ["0", "3", "-1", "x", "²", "9" * 30])
def test_a_page_of_the_list_that_is_not_there_is_not_found(reviewer: Client, number: str) -> None:
    assert reviewer.get("/", {"page": number}).status_code == 404


def test_a_campaign_shows_the_exact_words_of_every_arm(reviewer: Client) -> None:
    campaign = world.launched()
    html = page(reviewer, "/campaigns/pilot/")
    for arm in campaign.arms.all():
        assert arm.first_revision.renditions.get().headline in html
    assert "Seen by 1 in 4 people" in html
    assert "with the starter library on 2 March 2026" in html


def test_words_that_lost_their_approval_are_not_called_approved(reviewer: Client) -> None:
    arm = world.draft().arms.get(key="both")
    rendition = arm.first_revision.renditions.get()
    workflow.withdraw(rendition, by=world.person("rafael", "reviewer"), now=world.NOON, reason="It may frighten.")
    assert "Withdrawn" in page(reviewer, "/campaigns/pilot/")


def test_an_exception_is_shown_on_the_campaign_that_uses_the_words(reviewer: Client) -> None:
    campaign = world.draft()
    root = User.objects.create_superuser("root")
    words = world.draft_rendition(body="You asked for it.")
    workflow.submit(words, by=root, now=world.NOON, override="A court's words.")
    read = words.words_digest()
    workflow.approve(
        words, by=root, now=world.NOON, read_digest=read, checklist=world.CHECKLIST_ALL_YES, override="They are."
    )
    campaign.arms.get(key="victim").texts.update(revision=words.revision)
    html = page(reviewer, "/campaigns/pilot/")
    assert "Approved by root on 2 March 2026" in html
    assert "Exception by root, 2 March 2026" in html
    assert "“They are.”" in html


def test_each_text_of_an_arm_is_shown_with_a_preview_of_its_own(reviewer: Client) -> None:
    campaign = world.launched(arms={"neutral": 1, "victim": 1}, texts=3)
    stop_text(campaign.arms.get(key="victim").texts.get(position=1), reason="It may frighten.", now=world.NOON)
    html = page(reviewer, "/campaigns/pilot/")
    assert all(f"A victim headline{' again' * n}" in html for n in range(3))
    assert html.count("<h4>Text 2") == 2
    assert html.count("stopped</h4>") == 1
    assert html.count("See it as a visitor") == 5  # of what is not stopped


def test_every_arm_can_be_seen_as_a_visitor_sees_it(reviewer: Client) -> None:
    campaign = world.launched()
    response = reviewer.get("/campaigns/pilot/")
    tokens = [
        preview.url.partition("preview=")[2]
        for card in response.context["arms"]
        for text in card.texts
        for preview in text.previews
    ]
    givers = {world.person("rafael").pk: 0}
    links = [read_preview_token(token.replace("%3A", ":"), now=time.time(), givers=givers) for token in tokens]
    assert [link.arm_id for link in links if link] == [arm.pk for arm in campaign.arms.all()]
    assert response.content.decode().count("See it as a visitor") == 4


def test_the_plan_is_told_in_words_with_its_fingerprint_and_who_approved_it(reviewer: Client) -> None:
    campaign = world.launched()
    html = page(reviewer, "/campaigns/pilot/")
    assert "Both compared with Neutral" in html
    assert "2 in 100." in html
    assert "100 for each message" in html
    assert campaign.plan.fingerprint in html
    assert "<dt>Approved by</dt><dd>rafael</dd>" in html


def test_a_draft_says_that_its_plan_is_not_frozen_and_that_nobody_approved_it(reviewer: Client) -> None:
    world.draft()
    html = page(reviewer, "/campaigns/pilot/")
    assert "Not frozen yet" in html
    assert "nobody yet" in html


def test_a_campaign_without_arms_or_plan_is_still_a_page(reviewer: Client) -> None:
    campaign = world.draft()
    campaign.plan.outcomes.all().delete()
    campaign.plan.delete()
    campaign.arms.all().delete()
    html = page(reviewer, "/campaigns/pilot/")
    assert "There is no plan yet" in html
    assert "No messages have been chosen yet" in html


def test_each_placement_gives_the_line_that_a_partner_copies(reviewer: Client) -> None:
    world.launched()
    html = page(reviewer, "/campaigns/pilot/")
    line = "&lt;script src=&quot;http://testserver/static/campaign/embed.js&quot; data-placement=&quot;quiet-page&quot;"
    assert line.replace("&quot;", '"') in html


@pytest.mark.parametrize(
    ("weight", "total", "words"),
    [
        (1, 4, "seen by 1 in 4 people"),
        (3, 9, "seen by 1 in 3 people"),
        (2, 9, "seen by 2 in 9 people"),
        (5, 5, "seen by everyone"),
        (0, 3, "seen by nobody"),
        (0, 0, "seen by nobody"),
    ],
)
def test_a_weight_is_said_as_people_say_it(weight: int, total: int, words: str) -> None:
    assert share_in_words(weight, total) == words


@pytest.mark.parametrize("path", ["/", "/campaigns/pilot/", "/messages/"])
def test_a_stranger_is_sent_to_sign_in(client: Client, path: str) -> None:
    world.launched()
    assert client.get(path).headers["Location"] == f"/sign-in/?next={path}"


@pytest.mark.parametrize("path", ["/", "/campaigns/pilot/", "/campaigns/none/", "/messages/"])
def test_someone_without_a_role_is_refused_kindly_and_learns_nothing(client: Client, path: str) -> None:
    world.launched()
    world.sign_in(client, world.person("nobody"))
    response = client.get(path)
    assert response.status_code == 403
    assert "The pilot" not in response.content.decode()


def test_an_unknown_campaign_is_not_found(reviewer: Client) -> None:
    response = reviewer.get("/campaigns/none/")
    assert response.status_code == 404
    assert "Page not found" in response.content.decode()


def test_a_wrong_password_is_said_beside_its_field_and_the_name_is_kept(client: Client) -> None:
    html = client.post("/sign-in/", {"username": "mara", "password": "wrong"}).content.decode()
    assert 'value="mara"' in html
    assert "is not correct" in html
    assert 'aria-describedby="password-error"' in html
    assert "wrong" not in html


def test_a_missing_name_is_said_beside_the_name(client: Client) -> None:
    html = client.post("/sign-in/", {"username": "", "password": "x"}).content.decode()
    assert 'id="username-error"' in html


def test_signing_in_leads_to_the_page_that_was_asked_for(client: Client) -> None:
    person = world.person("mara", "manager")
    person.set_password("a calm long password")
    person.save()
    world.second_factor(person)
    world.launched()
    form = {"username": "mara", "password": "a calm long password", "next": "/campaigns/pilot/"}
    second = client.post("/sign-in/", form).headers["Location"]
    form = {"code": world.code(), "next": "/campaigns/pilot/"}
    assert client.post(second, form).headers["Location"] == "/campaigns/pilot/"


def test_signing_out_is_a_button_that_posts(reviewer: Client) -> None:
    html = page(reviewer, "/")
    assert '<form class="who" method="post" action="/sign-out/">' in html
    assert reviewer.get("/sign-out/").status_code == 405
    assert reviewer.post("/sign-out/").headers["Location"] == reverse("login")


def test_the_page_one_is_on_is_named_in_the_navigation(reviewer: Client) -> None:
    transitions.submit(world.draft(), by=world.person("mara", "manager"))
    assert '<a href="/" aria-current="page">' in page(reviewer, "/")
    assert '<a href="/" aria-current="true">' in page(reviewer, "/campaigns/pilot/")
    assert '<a href="/messages/" aria-current="page">' in page(reviewer, "/messages/")


def test_arms_that_differ_in_length_are_named_on_the_campaigns_page(reviewer: Client) -> None:
    campaign = world.draft()
    assert "differ in more than" not in page(reviewer, "/campaigns/pilot/")
    longer = world.approved_revision(
        "neutral", headline="A much longer headline for the one that all are compared with"
    )
    campaign.arms.get(key="neutral").texts.update(revision=longer)
    html = page(reviewer, "/campaigns/pilot/")
    assert "These messages differ in more than their appeal." in html
    assert "“Neutral” has 14 words and “Victim” has 5." in html
