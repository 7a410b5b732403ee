"""Whoever gave what visitors meet at a placement its values is an author of each campaign there, whenever they did."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from campaign.kill_switch.stop import stop_message
from campaign.lifecycle import after_backup, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.approval import approval_fingerprint
from campaign.lifecycle.draft_versions import contributors
from campaign.lifecycle.placement_authors import are_changes_recorded, authors_of_values
from campaign.models import Campaign, Partner, Placement, PlacementChange
from campaign.placements import changes
from campaign.placements.changes import rename_partner
from campaign.wizard import answers
from campaign.wizard.questions import QUESTIONS, HypothesisAnswer
from messages.stale_copies import digest_of
from tests import world

GOOD, BAD = "https://partner.example/bye", "https://elsewhere.example/"


def adam() -> User:
    return world.person("adam", "administrator")


def mara() -> User:
    return world.person("mara", "manager")


def signed_in(user: User) -> Client:
    client = Client()
    world.sign_in(client, user)
    return client


def names(campaign: Campaign) -> list[str]:
    return sorted(User.objects.filter(pk__in=contributors(campaign)).values_list("username", flat=True))


def change(*, by: User, **values: object) -> None:
    place = Placement.objects.get(name="quiet-page")
    changes.change_placement(place, values, seen=digest_of(place, changes.PLACEMENT_FIELDS), by=by)


def save_form(client: Client, **fields: str) -> None:
    place = Placement.objects.get(key="quiet-page")
    form = client.get("/placements/quiet-page/change/").context["form"]
    typed = {"name": place.name, "partner": str(place.partner_id), "allowed_origins": world.PARTNER_ORIGIN}
    client.post("/placements/quiet-page/change/", typed | {"was": form.seen_digest} | fields)


def choose_places(client: Client, *places: Placement) -> None:
    page = "/campaigns/pilot/plan-it/places/"
    chosen = [str(place.pk) for place in places]
    client.post(page, {"do": "save", "was": client.get(page).context["was"], "places": chosen})


@pytest.mark.django_db
class TestOneAdministratorAlone:
    def approve(self, client: Client) -> str:
        campaign = Campaign.objects.get()
        read = approval_fingerprint(campaign)
        client.post("/campaigns/pilot/approve/", {"have_read": "1", "read": read})
        campaign.refresh_from_db()
        return campaign.state

    def test_leads_nobody_elsewhere_from_a_place_where_no_campaign_was_planned_yet(self) -> None:
        world.placement()
        client = signed_in(adam())
        save_form(client, leave_url=BAD)
        campaign = world.draft()
        assert campaign.placements.get().leave_url == BAD
        transitions.submit(campaign, by=mara())
        assert names(campaign) == ["adam", "mara"]
        assert self.approve(client) == "submitted"

    @pytest.mark.parametrize("who_takes_it_out", [adam, mara])
    def test_nor_while_the_place_is_out_of_the_draft(self, who_takes_it_out: object) -> None:
        campaign, client = world.draft(), signed_in(adam())
        place, other = Placement.objects.get(), world.placement("elsewhere")
        assert callable(who_takes_it_out)
        choose_places(signed_in(who_takes_it_out()), other)
        assert campaign.placements.get() == other
        save_form(client, leave_url=BAD)
        choose_places(signed_in(mara()), place)
        assert campaign.placements.get().leave_url == BAD
        transitions.submit(campaign, by=mara())
        assert names(campaign) == ["adam", "mara"]
        assert self.approve(client) == "submitted"

    def test_nor_from_a_place_that_they_added(self) -> None:
        partner = Partner.objects.create(name="Example partner")
        form = {"name": "quiet-page", "partner": partner.pk, "allowed_origins": world.PARTNER_ORIGIN, "leave_url": BAD}
        client = signed_in(adam())
        client.post("/placements/add/", form)
        campaign = world.draft(at=Placement.objects.get())
        transitions.submit(campaign, by=mara())
        assert names(campaign) == ["adam", "mara"]
        assert self.approve(client) == "submitted"

    def test_nor_renames_a_partner_before_a_campaign_is_planned_there(self) -> None:
        place = world.placement()
        seen = digest_of(place.partner, ["name"])
        changes.rename_partner(place.partner, "The police", seen=seen, by=adam())
        assert names(world.draft(at=place)) == ["adam", "mara"]


@pytest.mark.django_db
class TestWhoIsFree:
    def test_who_sees_what_stood_before_put_back(self) -> None:
        place = world.placement(leave_url=GOOD)
        change(by=adam(), leave_url=BAD)
        change(by=mara(), leave_url=GOOD)
        assert names(world.draft(at=place)) == ["mara"]

    def test_who_sees_another_value_put_in_place_of_theirs(self) -> None:
        place = world.placement(leave_url=GOOD)
        change(by=adam(), leave_url=BAD)
        change(by=mara(), leave_url="https://third.example/")
        assert names(world.draft(at=place)) == ["mara"]

    def test_who_undoes_a_change_of_their_own(self) -> None:
        place = world.placement(leave_url=GOOD)
        change(by=adam(), leave_url=BAD)
        change(by=adam(), leave_url=GOOD)
        assert names(world.draft(at=place)) == ["mara"]

    def test_nobody_by_a_colleague_who_changes_a_field_and_changes_it_back(self) -> None:
        place = world.placement(leave_url=GOOD)
        change(by=adam(), leave_url=BAD)
        for url in ("https://typo.example/", BAD):
            change(by=mara(), leave_url=url)
        assert names(world.draft(at=place)) == ["adam", "mara"]

    def test_nobody_by_a_colleague_who_changes_another_field_there_and_back(self) -> None:
        place = world.placement(leave_url=GOOD)
        change(by=mara(), leave_url="https://third.example/")
        change(by=adam(), leave_url=GOOD, continue_url="https://mistake.example/")
        change(by=mara(), continue_url="")
        assert names(world.draft(at=place)) == ["adam", "mara"]

    def test_who_changed_a_place_that_is_not_in_the_draft(self) -> None:
        world.placement()
        change(by=adam(), leave_url=BAD)
        assert names(world.draft(at=world.placement("elsewhere"))) == ["mara"]


@pytest.mark.django_db
def test_a_version_says_who_could_approve_it_with_the_places_that_it_has() -> None:
    campaign = world.draft(at=world.placement())
    question, rafael = QUESTIONS[0], world.person("rafael", "reviewer")
    seen = question.read(campaign).digest()
    answers.save_answer(campaign, question, HypothesisAnswer("Of mara", "It works."), seen_digest=seen, by=mara())
    change(by=adam(), leave_url=BAD)
    choose_places(signed_in(mara()), world.placement("elsewhere"))
    rows = signed_in(mara()).get("/campaigns/pilot/versions/").context["rows"]
    assert [[person.username for person in row.approvers] for row in (rows[0], rows[-1])] == [
        ["adam", rafael.username],
        [rafael.username],
    ]


@pytest.mark.django_db
def test_what_the_versions_of_a_draft_said_of_its_places_is_taken_over() -> None:
    campaign = world.draft(at=world.placement(leave_url=GOOD))
    question = QUESTIONS[0]
    seen = question.read(campaign).digest()
    answers.save_answer(campaign, question, HypothesisAnswer("Of mara", "It works."), seen_digest=seen, by=mara())
    change(by=adam(), leave_url=BAD)
    change(by=world.person("nora", "manager"), leave_url="https://third.example/")
    world.drop_triggers()
    PlacementChange.objects.all().delete()
    assert names(campaign) == ["mara"]
    import_module("campaign.migrations.0026_placement_changes").take_over_authors(apps, None)
    assert names(campaign) == ["adam", "mara", "nora"]


@pytest.mark.django_db
def test_who_changed_a_placement_cannot_be_rewritten_in_the_database() -> None:
    world.placement()
    change(by=adam(), leave_url=BAD)
    for rewrite in (lambda: PlacementChange.objects.update(by=mara()), PlacementChange.objects.all().delete):
        with pytest.raises(IntegrityError, match="who changed a placement"), transaction.atomic():
            rewrite()


def tamper(*statements: str) -> None:
    """Run SQL as whoever holds the database would, past the triggers."""
    world.drop_triggers()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


# What an administrator who changed an address of a place writes into the database, to approve its campaign.
FORGED = {
    "takes their change out": ("DELETE FROM campaign_placementchange WHERE by_id = {adam}",),
    "takes it out, and the address too": (
        "DELETE FROM campaign_placementchange WHERE by_id = {adam}",
        "UPDATE campaign_placement SET leave_url = '" + GOOD + "'",
    ),
    "puts their value before it as nobody's": (
        "INSERT INTO campaign_placementchange (id, placement_id, field, value, by_id, at, seal) "
        "SELECT -1, placement_id, field, value, NULL, at, '' FROM campaign_placementchange WHERE by_id = {adam}",
    ),
    "puts a colleague's change after it": (
        "INSERT INTO campaign_placementchange (id, placement_id, field, value, by_id, at, seal) "
        "SELECT 99991, placement_id, field, 'x', {mara}, at, seal FROM campaign_placementchange WHERE by_id = {adam}",
        "INSERT INTO campaign_placementchange (id, placement_id, field, value, by_id, at, seal) "
        "SELECT 99992, placement_id, field, value, {mara}, at, seal FROM campaign_placementchange WHERE by_id = {adam}",
    ),
    "makes it a colleague's": ("UPDATE campaign_placementchange SET by_id = {mara} WHERE by_id = {adam}",),
    "makes it nobody's": ("UPDATE campaign_placementchange SET by_id = NULL WHERE by_id = {adam}",),
    "takes all out": ("DELETE FROM campaign_placementchange",),
    "takes all out and renames the place": (
        "DELETE FROM campaign_placementchange",
        "UPDATE campaign_placement SET key = 'another'",
    ),
    "writes the address past the page": ("UPDATE campaign_placement SET leave_url = 'https://worse.example/'",),
}


@pytest.mark.django_db
@pytest.mark.parametrize("forgery", FORGED)
def test_nobody_is_freed_by_what_they_write_about_a_place_into_the_database(forgery: str) -> None:
    campaign = world.draft(at=world.placement(leave_url=GOOD))
    change(by=adam(), leave_url=BAD)
    people = {"adam": adam().pk, "mara": mara().pk}
    tamper(*(statement.format(**people) for statement in FORGED[forgery]))
    transitions.submit(campaign, by=mara())
    for reviewer in (adam(), world.person("rafael", "reviewer")):
        with pytest.raises(ActionRefused):
            world.approve(campaign, by=reviewer)


@pytest.mark.django_db
def test_a_place_that_was_written_into_the_database_is_approved_by_nobody() -> None:
    campaign = world.draft(at=world.placement())
    tamper("DELETE FROM campaign_placementchange")
    transitions.submit(campaign, by=mara())
    with pytest.raises(ActionRefused, match="someone changed the database"):
        world.approve(campaign)


@pytest.mark.django_db
def test_an_untouched_place_is_approved_by_who_has_no_part_in_it() -> None:
    words = world.approved_revision("neutral", headline="Words in pauses")
    campaign = world.draft(at=world.placement(leave_url=GOOD, fallback=words))
    change(by=adam(), leave_url=BAD)
    stop_message(words.message, by=mara(), reason="It frightens.", now=world.NOON)
    partner = Partner.objects.get()
    rename_partner(partner, "Another name", seen=digest_of(partner, ["name"]), by=adam())
    after_backup.remove_fallbacks(by="the site")
    transitions.submit(campaign, by=mara())
    world.approve(campaign)
    assert Campaign.objects.get().state == "approved"


@pytest.mark.django_db
def test_what_was_on_record_before_there_were_seals_is_sealed_as_it_stands() -> None:
    campaign = world.draft(at=world.placement(leave_url=GOOD))
    change(by=adam(), leave_url=BAD)
    tamper("DELETE FROM campaign_placementchange WHERE field = 'key'", "UPDATE campaign_placementchange SET seal = ''")
    assert not are_changes_recorded(campaign.placements.all())
    import_module("campaign.migrations.0034_placement_change_seals").seal_what_is_on_record(apps, None)
    tamper("DELETE FROM messaging_auditentry")  # they did not name a seal then
    assert are_changes_recorded(campaign.placements.all())
    assert names(campaign) == ["adam", "mara"]


histories = st.lists(st.tuples(st.integers(1, 3), st.sampled_from("abc")), max_size=12)


@given(histories)
def test_without_whoever_is_free_a_field_would_have_the_same_value(history: list[tuple[int, str]]) -> None:
    saved: list[tuple[int | None, str]] = [(None, "a")]
    for by, value in history:
        if value != saved[-1][1]:
            saved.append((by, value))
    value = saved[-1][1]
    for person in {1, 2, 3} - authors_of_values(saved)[value]:
        assert [given for by, given in saved if by != person][-1] == value


@given(histories)
def test_no_colleague_frees_anybody_by_a_value_that_they_gave_a_field_before(history: list[tuple[int, str]]) -> None:
    changes_there: list[tuple[int | None, str]] = [(None, "a"), *history]
    authors = authors_of_values(changes_there)
    after = authors_of_values([*changes_there, (4, "x"), (4, "y"), (5, "x"), (4, changes_there[-1][1])])
    assert after[changes_there[-1][1]] >= authors[changes_there[-1][1]]
