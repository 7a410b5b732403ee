"""A queued mail is sent once, tried again while the server is away, and dropped with the address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection

from messages.models import QueuedMail
from messages.staff_mail import mail_queue, mailboxes
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    person = world.person("ana", "analyst")
    mailboxes.confirm(person, "ana@ngo.example")
    return person


def test_a_mail_is_sent_once_in_plain_text(ana: User) -> None:
    mail_queue.queue_mail(ana, "A subject\nwith a line", "Words.", now=world.NOON)
    assert [mail_queue.send_queued_mails(now=world.NOON) for _ in range(2)] == [1, 0]
    [sent] = mail.outbox
    assert (sent.to, sent.subject, sent.content_subtype) == (["ana@ngo.example"], "A subject with a line", "plain")


def test_a_server_that_is_away_is_asked_again_later(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    mail_queue.queue_mail(ana, "A subject", "Words.", now=world.NOON)
    with monkeypatch.context() as away:
        away.setattr(mail_queue, "send_mail_if_possible", lambda *_args, **_options: False)
        with pytest.raises(mail_queue.MailNotSent):
            mail_queue.send_queued_mails(now=world.NOON)
    with pytest.raises(mail_queue.MailNotSent):  # it is not due yet
        mail_queue.send_queued_mails(now=world.NOON + timedelta(seconds=59))
    assert mail_queue.send_queued_mails(now=world.NOON + timedelta(seconds=61)) == 1


def test_after_many_tries_it_is_given_up(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_queue, "send_mail_if_possible", lambda *_args, **_options: False)
    mail_queue.queue_mail(ana, "A subject", "Words.", now=world.NOON)
    QueuedMail.objects.update(tries=mail_queue.MAX_TRIES - 1)
    assert mail_queue.send_queued_mails(now=world.NOON) == 0
    assert not QueuedMail.objects.exists()


def test_who_left_meanwhile_gets_none(ana: User) -> None:
    mail_queue.queue_mail(ana, "A subject", "Words.", now=world.NOON)
    User.objects.update(is_active=False)
    assert (mail_queue.send_queued_mails(now=world.NOON), mail.outbox) == (0, [])


def test_nothing_is_queued_for_an_address_that_never_answered() -> None:
    assert not mail_queue.queue_mail(world.person("bo", "analyst"), "A subject", "Words.", now=world.NOON)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE messaging_queuedmail SET subject = 'Mine'",
        "UPDATE messaging_queuedmail SET text = 'All is well.'",
        "UPDATE messaging_queuedmail SET due_at = '2030-01-01 00:00:00'",
        "UPDATE messaging_queuedmail SET person_id = (SELECT id FROM auth_user WHERE username = 'bo')",
        "UPDATE auth_user SET email = 'bo@ngo.example' WHERE username = 'ana'; "
        "UPDATE messaging_mailbox SET confirmed = 'bo@ngo.example'",
        "INSERT INTO messaging_queuedmail (person_id, subject, text, due_at, tries, seal) "
        "SELECT person_id, 'Mine', text, due_at, 0, seal FROM messaging_queuedmail",
    ],
)
def test_a_mail_that_was_changed_in_the_database_is_not_sent_and_the_step_says_so(ana: User, change: str) -> None:
    mailboxes.confirm(world.person("bo", "analyst"), "bo@other.example")
    mail_queue.queue_mail(ana, "A message was stopped", "Words.", now=world.NOON)
    with connection.cursor() as cursor:
        for statement in change.split("; "):
            cursor.execute(statement)
    with pytest.raises(mail_queue.MailChanged):
        mail_queue.send_queued_mails(now=world.NOON)
    assert [sent.subject for sent in mail.outbox] in ([], ["A message was stopped"])  # the genuine one beside a copy
    assert {address for sent in mail.outbox for address in sent.to} <= {"ana@ngo.example"}
    assert mail_queue.send_queued_mails(now=world.NOON) == 0


def test_a_restored_queue_goes_on_once_it_is_sealed_anew(ana: User) -> None:
    mail_queue.queue_mail(ana, "A subject", "Words.", now=world.NOON)
    QueuedMail.objects.update(seal="of another machine")
    mail_queue.seal_all_mails()
    assert mail_queue.send_queued_mails(now=world.NOON) == 1
