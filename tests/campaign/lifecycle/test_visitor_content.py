"""What visitors meet beside the messages is approved with them, and whoever changed it cannot approve it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaign.lifecycle import transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.approval import approval_content, approval_fingerprint
from campaign.lifecycle.draft_versions import contributors, possible_approvers
from campaign.models import Campaign, Placement
from campaign.placements import changes
from messages.help_links import directory
from messages.models import HelpLink
from messages.proposals import proposal_digest
from messages.stale_copies import digest_of
from tests import world

pytestmark = pytest.mark.django_db
BAD = "https://elsewhere.example/"
PLAN = "/campaigns/pilot/plan/"


def adam() -> User:
    return world.person("adam", "administrator")


def mara() -> User:
    return world.person("mara", "manager")


def rafael() -> User:
    return world.person("rafael", "reviewer")


def names(campaign: Campaign) -> list[str]:
    return sorted(User.objects.filter(pk__in=contributors(campaign)).values_list("username", flat=True))


def approvers(campaign: Campaign) -> list[str]:
    return [person.get_username() for person in possible_approvers(campaign)]


def signed_in(user: User) -> Client:
    client = Client()
    world.sign_in(client, user)
    return client


def submitted() -> Campaign:
    campaign = world.draft()
    transitions.submit(campaign, by=mara())
    return campaign


def change_place(*, by: User, **values: object) -> None:
    place = Placement.objects.get()
    changes.change_placement(place, values, seen=digest_of(place, changes.PLACEMENT_FIELDS), by=by)


def change_link(*, by: User, **values: object) -> HelpLink:
    link = HelpLink.objects.order_by("pk")[0]
    directory.change(link, values, seen=digest_of(link, directory.EDITABLE_FIELDS), by=by)
    return HelpLink.objects.get(pk=link.pk)


def save_place_form(client: Client, **fields: str) -> None:
    page = "/placements/quiet-page/change/"
    place, form = Placement.objects.get(), client.get(page).context["form"]
    typed = {"name": place.name, "partner": str(place.partner_id), "allowed_origins": world.PARTNER_ORIGIN}
    client.post(page, typed | {"was": form.seen_digest} | fields)


class TestWhatIsApproved:
    def test_each_field_that_a_second_person_would_confirm_is_part_of_it(self) -> None:
        campaign = submitted()
        campaign.placements.update(countries=["GB"])
        doors = approval_content(campaign)["doors"]["quiet-page"]
        assert set(doors) == {*Placement.FIELDS_FOR_VISITORS, "partner", "network_share", "counts_signed_only"}

    def test_a_placement_without_countries_is_approved_as_before_there_were_any(self) -> None:
        assert "countries" not in approval_content(submitted())["doors"]["quiet-page"]

    def test_other_words_for_pauses_void_it(self) -> None:
        campaign = submitted()
        world.approve(campaign)
        change_place(by=mara(), fallback=world.approved_revision("neutral"))
        with pytest.raises(ActionRefused, match="changed since the approval"):
            transitions.launch(campaign, by=mara(), now=world.NOON)

    def test_another_name_of_the_partner_voids_it(self) -> None:
        campaign = submitted()
        read, partner = approval_fingerprint(campaign), Placement.objects.get().partner
        changes.rename_partner(partner, "Somebody else", seen=digest_of(partner, ["name"]), by=adam())
        assert approval_fingerprint(campaign) != read
        assert approvers(campaign) == []

    def test_another_site_that_may_show_it_voids_it(self) -> None:
        campaign = submitted()
        world.approve(campaign)
        change_place(by=mara(), allowed_origins=["https://elsewhere.example"])
        with pytest.raises(ActionRefused, match="changed since the approval"):
            transitions.launch(campaign, by=mara(), now=world.NOON)

    def test_a_help_link_that_leads_elsewhere_voids_it(self) -> None:
        campaign = submitted()
        read = approval_fingerprint(campaign)
        HelpLink.objects.update(url=BAD)
        with pytest.raises(ActionRefused, match="changed while you were reading"):
            transitions.approve(campaign, by=rafael(), read_fingerprint=read)

    def test_checking_a_help_link_does_not(self) -> None:
        campaign = submitted()
        HelpLink.objects.update(verified_on=None)
        world.approve(campaign)
        HelpLink.objects.update(verified_on=timezone.localdate())
        transitions.launch(campaign, by=mara(), now=world.NOON)
        assert campaign.state == "running"

    def test_the_page_shows_all_of_it(self) -> None:
        fallback = world.approved_revision("neutral")
        campaign = world.draft(at=world.placement(leave_url="https://partner.example/bye", fallback=fallback))
        transitions.submit(campaign, by=mara())
        html = signed_in(rafael()).get(PLAN).content.decode()
        links = HelpLink.objects.values_list("name", "url")
        for words in (
            "https://partner.example/bye",
            f'Sites that can show it: <span dir="ltr">{world.PARTNER_ORIGIN}</span>',
            str(fallback),
            "Example partner",
            *(w for row in links for w in row),
        ):
            assert words in html


class TestOneAdministratorAlone:
    def test_leads_no_visitor_elsewhere_over_http(self) -> None:
        campaign, client = submitted(), signed_in(adam())
        save_place_form(client, leave_url=BAD)
        assert Placement.objects.get().leave_url == BAD
        html = client.get(PLAN).content.decode()
        assert 'action="/campaigns/pilot/approve/"' not in html
        client.post("/campaigns/pilot/approve/", {"have_read": "1", "read": approval_fingerprint(campaign)})
        assert Campaign.objects.get().state == "submitted"
        html = signed_in(rafael()).get(PLAN).content.decode()
        assert 'action="/campaigns/pilot/approve/"' in html

    @pytest.mark.parametrize(
        "values",
        [
            {"leave_url": BAD},
            {"continue_url": BAD},
            {"key": "another"},
            {"fallback": None},
            {"network_share": 50},
            {"allowed_origins": ["https://elsewhere.example"]},
        ],
        ids=lambda values: str(*values),
    )
    def test_who_changed_what_visitors_meet_at_a_place_does_not_approve(self, values: dict[str, object]) -> None:
        campaign = world.draft(at=world.placement(fallback=world.approved_revision("neutral")))
        change_place(by=adam(), **values)
        transitions.submit(campaign, by=mara())
        assert names(campaign) == ["adam", "mara"]
        with pytest.raises(ActionRefused, match="you changed"):
            world.approve(campaign, by=adam())

    def test_changes_no_help_link_of_a_campaign_that_waits(self) -> None:
        submitted()
        assert change_link(by=adam(), url=BAD).proposed == {"url": BAD}

    @pytest.mark.parametrize("step", ["add", "change", "retire", "restore", "confirm"])
    def test_who_changed_the_help_links_of_a_draft_does_not_approve_it(self, step: str) -> None:
        campaign, today = world.draft(), timezone.localdate()
        link = HelpLink.objects.order_by("pk")[0]
        if step == "restore":
            HelpLink.objects.filter(pk=link.pk).update(retired_on=today)
            transitions.submit(campaign, by=mara())
        match step:
            case "add":
                fields = {"name": "New", "url": BAD, "lane": "self", "country": "*"}
                directory.add(HelpLink(**fields), by=adam())
            case "change":
                directory.confirm(change_link(by=adam(), url=BAD), by=rafael(), today=today)
            case "retire":
                directory.retire(link, by=adam(), today=today, reason="Closed.")
            case "restore":
                directory.restore(link, by=adam())
            case "confirm":
                transitions.submit(campaign, by=mara())
                waiting = change_link(by=adam(), url=BAD)
                directory.confirm_proposal(waiting, seen=proposal_digest(waiting), by=rafael(), today=today)
        assert names(campaign) == ["adam", "mara"]

    def test_who_took_a_help_link_away_before_it_was_planned_does_not_approve_it_either(self) -> None:
        world.mark_help_links_checked()
        gone, other = HelpLink.objects.order_by("pk")[:2]
        directory.retire(gone, by=adam(), today=timezone.localdate(), reason="Closed.")
        campaign = world.draft()
        transitions.submit(campaign, by=mara())
        assert names(campaign) == ["adam", "mara"]
        with pytest.raises(ActionRefused, match="you changed"):
            world.approve(campaign, by=adam())
        directory.confirm(other, by=adam(), today=timezone.localdate())
        assert names(campaign) == ["adam", "mara"]
        directory.confirm(other, by=rafael(), today=timezone.localdate())
        assert names(campaign) == ["mara"]

    def test_who_takes_a_help_link_up_again_before_it_is_planned_leaves_its_check_to_a_colleague(self) -> None:
        world.mark_help_links_checked()
        link = HelpLink.objects.order_by("pk")[0]
        HelpLink.objects.filter(pk=link.pk).update(retired_on=timezone.localdate())
        directory.restore(link, by=adam())
        link.refresh_from_db()
        assert not directory.is_shown(link)
        with pytest.raises(directory.HelpRefused, match="your own link"):
            directory.confirm(link, by=adam(), today=timezone.localdate())

    def test_who_changed_what_visitors_do_not_meet_may_approve(self) -> None:
        campaign = world.draft()
        change_place(by=adam(), expected_per_day=400, name="Quiet page")
        change_link(by=adam(), staff_note="Ask for Eve.")
        transitions.submit(campaign, by=mara())
        world.approve(campaign, by=adam())
        assert campaign.approved_by == adam()

    def test_a_place_of_another_campaign_makes_nobody_an_author(self) -> None:
        campaign = world.draft(at=world.placement("elsewhere"))
        world.placement()
        place = Placement.objects.get(key="quiet-page")
        seen = digest_of(place, changes.PLACEMENT_FIELDS)
        changes.change_placement(place, {"leave_url": BAD}, seen=seen, by=adam())
        transitions.submit(campaign, by=mara())
        assert names(campaign) == ["mara"]

    def test_who_sees_their_change_undone_is_free_again(self) -> None:
        campaign = world.draft()
        change_place(by=mara(), leave_url="https://partner.example/bye")
        change_place(by=adam(), leave_url=BAD)
        assert names(campaign) == ["adam", "mara"]
        change_place(by=mara(), leave_url="https://partner.example/bye")
        assert names(campaign) == ["mara"]

    def test_a_command_makes_nobody_an_author(self) -> None:
        campaign = world.draft()
        directory.retire(HelpLink.objects.order_by("pk")[0], by="command", today=timezone.localdate(), reason="Gone.")
        assert names(campaign) == ["mara"]

    def test_the_history_says_who_changed_it(self) -> None:
        campaign = world.draft()
        change_place(by=mara(), leave_url="https://partner.example/bye")
        change_place(by=adam(), leave_url=BAD)
        html = signed_in(mara()).get(f"/campaigns/{campaign.slug}/versions/").content.decode()
        assert "what visitors see at its placements" in html
