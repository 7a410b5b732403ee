"""Comments on a campaign are for whoever may read it, name people, and go when their author wants."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaign.lifecycle import transitions
from campaign.lifecycle.draft_versions import assign_outside_reviewers
from campaign.models import Campaign, CampaignComment
from campaign.overview.comments import readers
from messages.models import QueuedMail
from messages.staff_mail import mailboxes
from messages.staff_mail.mentions import mentioned_people
from tests import world

pytestmark = pytest.mark.django_db
ADD = "/campaigns/pilot/plan/comments/"


@pytest.fixture
def desk(client: Client) -> Client:
    world.draft()
    world.sign_in(client, world.person("mara", "manager"))
    return client


def confirmed(name: str, role: str) -> User:
    person = world.person(name, role)
    mailboxes.confirm(person, f"{name}@ngo.example")
    return person


def read(client: Client) -> str:
    return client.get("/campaigns/pilot/plan/").content.decode()


def test_a_comment_is_shown_as_it_was_typed(desk: Client) -> None:
    assert "Your comment is saved." in desk.post(ADD, {"comment": "Is <b>35</b> right?"}, follow=True).content.decode()
    assert "Is &lt;b&gt;35&lt;/b&gt; right?" in read(desk)


@pytest.mark.parametrize("typed", ["", "  \n", "x" * 1_001])
def test_nothing_and_too_much_is_refused_and_kept(desk: Client, typed: str) -> None:
    page = desk.post(ADD, {"comment": typed}).content.decode()
    assert "Enter a comment of up to 1,000 characters." in page
    assert not CampaignComment.objects.exists()


def test_who_is_named_gets_a_mail_that_leads_here_and_does_not_say_what_was_written(desk: Client) -> None:
    rafael = confirmed("rafael", "reviewer")
    page = desk.post(ADD, {"comment": "@rafael, her name is in the draft."}, follow=True).content.decode()
    assert "A mail goes to: rafael." in page
    mail = QueuedMail.objects.get()
    assert (mail.person, mail.subject) == (rafael, "mara mentioned you in a comment")
    assert "/campaigns/pilot/plan/#comments" in mail.text
    assert "her name" not in mail.text


def test_who_is_named_and_cannot_get_a_mail_is_said(desk: Client) -> None:
    confirmed("rafael", "reviewer")
    world.person("ana", "analyst")
    page = desk.post(ADD, {"comment": "@rafael @ana @mara"}, follow=True).content.decode()
    assert "A mail goes to: rafael. ana will get no mail, so please tell them yourself." in page


def test_names_are_found_at_the_end_of_a_sentence_and_whatever_their_case() -> None:
    people = [world.person(name) for name in ("ana", "j.doe", "rafael")]
    assert mentioned_people("Ask @Ana. Or @j.doe, not rafael@ngo.example", among=people) == people[:2]


def test_who_may_not_read_it_is_not_told(desk: Client) -> None:
    confirmed("pat", "partner contact")
    confirmed("olga", "outside reviewer")
    desk.post(ADD, {"comment": "@pat @olga"})
    assert not QueuedMail.objects.exists()


def test_somebody_from_outside_who_was_asked_reads_and_writes(desk: Client) -> None:
    campaign, olga = Campaign.objects.get(), confirmed("olga", "outside reviewer")
    assert not readers(campaign).contains(olga)
    assert olga_client(olga).post(ADD, {"comment": "?"}).status_code == 404
    transitions.submit(campaign, by=world.person("mara"))
    assign_outside_reviewers(campaign, [olga], seen="", by=world.person("ada", "administrator"))
    olga_client(olga).post(ADD, {"comment": "Why so few people?"})
    assert "Why so few people?" in read(olga_client(olga))
    desk.post(ADD, {"comment": "Good question, @olga"})
    assert QueuedMail.objects.get().person == olga


def olga_client(olga: User) -> Client:
    client = Client()
    world.sign_in(client, olga)
    return client


def test_its_author_alone_deletes_it_and_that_there_was_one_stays(desk: Client) -> None:
    desk.post(ADD, {"comment": "Too much said"})
    delete = f"/campaigns/pilot/plan/delete-comment/{CampaignComment.objects.get().pk}/"
    other = Client()
    world.sign_in(other, world.person("ada", "administrator"))
    assert other.post(delete).status_code == 404
    assert "Too much said" in read(desk)
    desk.post(delete)
    assert "Too much said" not in read(desk)
    assert "deleted their comment" in read(desk)
    assert CampaignComment.objects.get().text == ""
