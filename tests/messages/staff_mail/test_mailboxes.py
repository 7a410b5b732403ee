"""An address is a person's once a code that was sent there comes back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from messages.accounts import invitations
from messages.models import AuditEntry, Mailbox
from messages.staff_mail import mailboxes
from tests import world

pytestmark = pytest.mark.django_db


def ana() -> User:
    return world.person("ana", "analyst")


def sent_code() -> str:
    found = re.search(r"is (\d{3} \d{3})\.", str(mail.outbox[-1].body))
    assert found
    return found[1]


class TestACode:
    def test_that_comes_back_makes_the_address_theirs(self) -> None:
        mailboxes.send_code(ana(), "ana@ngo.example", now=world.NOON)
        assert mail.outbox[-1].to == ["ana@ngo.example"]
        assert not mailboxes.is_confirmed(ana()), "a mail that was sent has not arrived"
        assert mailboxes.confirm_by_code(ana(), sent_code(), now=world.NOON)
        assert (ana().email, mailboxes.is_confirmed(ana())) == ("ana@ngo.example", True)
        assert AuditEntry.objects.order_by("-number")[0].action == "address-confirm"

    def test_that_is_wrong_too_often_is_used_up(self) -> None:
        mailboxes.send_code(ana(), "ana@ngo.example", now=world.NOON)
        wrong = "1" if sent_code() != "111 111" else "2"
        guesses = [mailboxes.confirm_by_code(ana(), wrong * 6, now=world.NOON) for _ in range(5)]
        assert [*guesses, mailboxes.confirm_by_code(ana(), sent_code(), now=world.NOON)] == [False] * 6

    def test_is_valid_for_an_hour_and_once(self) -> None:
        mailboxes.send_code(ana(), "ana@ngo.example", now=world.NOON)
        assert not mailboxes.confirm_by_code(ana(), sent_code(), now=world.NOON + timedelta(minutes=61))
        assert mailboxes.confirm_by_code(ana(), sent_code(), now=world.NOON + timedelta(minutes=59))
        assert not mailboxes.confirm_by_code(ana(), sent_code(), now=world.NOON)

    def test_is_not_sent_twice_in_a_minute(self) -> None:
        mailboxes.send_code(ana(), "ana@ngo.example", now=world.NOON)
        with pytest.raises(mailboxes.CodeNotSent, match="less than a minute ago"):
            mailboxes.send_code(ana(), "other@ngo.example", now=world.NOON + timedelta(seconds=30))
        mailboxes.send_code(ana(), "other@ngo.example", now=world.NOON + timedelta(seconds=61))

    def test_needs_a_mail_server(self, settings: Any) -> None:
        settings.EMAIL_HOST, settings.MAIL_IS_PRINTED = "", False
        with pytest.raises(mailboxes.CodeNotSent, match="no mail server"):
            mailboxes.send_code(ana(), "ana@ngo.example", now=world.NOON)


class TestAnAddress:
    def test_that_is_another_one_now_has_not_answered(self) -> None:
        mailboxes.confirm(ana(), "ana@ngo.example")
        User.objects.update(email="another@ngo.example")
        assert not mailboxes.is_confirmed(ana())

    def test_that_was_replaced_is_told(self, settings: Any, django_capture_on_commit_callbacks: Any) -> None:
        settings.EMAIL_HOST = "mail.example"
        mailboxes.confirm(ana(), "ana@ngo.example")
        with django_capture_on_commit_callbacks(execute=True):
            mailboxes.confirm(ana(), "new@ngo.example")
        assert [each.to for each in mail.outbox] == [["ana@ngo.example"]]
        assert "new@ngo.example" not in str(mail.outbox[0].body)

    def test_of_the_first_administrator_answers_where_its_link_and_mails_are_printed(self) -> None:
        token = invitations.invite_first_administrator(by="make run", now=world.NOON)
        invitations.accept(
            token, username="ada", password="four words", now=world.NOON, here=True, email="ada@ngo.example"
        )
        assert mailboxes.is_confirmed(User.objects.get())

    def test_of_who_was_invited_has_not_answered_because_the_link_is_on_a_page(self) -> None:
        _, token = invitations.invite("bo@ngo.example", "analyst", by="ada", now=world.NOON)
        invitations.accept(token, username="bo", password="four words", now=world.NOON)
        assert not mailboxes.is_confirmed(User.objects.get())


class TestThePages:
    def test_send_a_code_take_it_and_say_so(self, client: Client) -> None:
        world.sign_in(client, ana())
        assert "address not confirmed" in client.get("/account/").content.decode()
        page = client.post("/account/mail/address/", {"email": "ana@ngo.example"}).content.decode()
        assert "We sent a code to ana@ngo.example" in page
        wrong = client.post("/account/mail/address/", {"code": "nonsense"}).content.decode()
        assert "That code is not correct" in wrong
        assert "<title>Error:" in wrong
        right = client.post("/account/mail/address/", {"code": sent_code()}, follow=True).content.decode()
        assert "Mail reaches you at ana@ngo.example" in right

    def test_an_address_that_is_none_is_refused(self, client: Client) -> None:
        world.sign_in(client, ana())
        assert "Enter an email address" in client.post("/account/mail/address/", {"email": "ana"}).content.decode()
        assert mail.outbox == []

    def test_which_mails_are_wanted_is_remembered(self, client: Client) -> None:
        world.sign_in(client, ana())
        client.post("/account/mail/", {"wants_digest": "1"})
        box = Mailbox.objects.get()
        assert (box.wants_tasks, box.wants_digest) == (False, True)
