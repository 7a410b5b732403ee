"""The exchange page: export, and import after a preview."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from messages.accounts import step_up
from messages.exchange import views
from messages.exchange.import_export import export_revisions, filter_revisions
from messages.exchange.reader import parse_file
from messages.exchange.records import RenditionRecord, RevisionRecord
from messages.exchange.writer import to_csv, to_json
from messages.models import Message, Revision
from tests import world

pytestmark = pytest.mark.django_db

NEW = RevisionRecord(
    message="brand-new",
    revision=1,
    theme="theme-victim",
    frame="victim",
    claim_strength="value",
    renditions=(RenditionRecord("en", "A <new> headline", "One."), RenditionRecord("ar", "‏عنوان", "سطر")),
)


@pytest.fixture
def manager(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    world.approved_revision("victim")
    return client


def sent(client: Client, data: bytes, name: str = "words.csv") -> object:
    return client.post("/messages/exchange/", {"file": SimpleUploadedFile(name, data)})


def text(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]  # whatever the client answers


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_what_goes_out_is_a_file_with_the_very_words(manager: Client, kind: str) -> None:
    answer = manager.get("/messages/exchange/export/", {"format": kind})
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="messages-20')
    assert answer.headers["Content-Disposition"].endswith(f'.{kind}"')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert parse_file(answer.content).revisions == tuple(export_revisions(filter_revisions()))


def test_a_part_can_go_out_and_no_other_form(manager: Client) -> None:
    world.approved_revision("user")
    answer = manager.get("/messages/exchange/export/", {"format": "json", "frame": "user"})
    assert [w.frame for w in parse_file(answer.content).revisions] == ["user"]
    assert manager.get("/messages/exchange/export/?format=xls").status_code == 404


def test_taking_words_out_asks_first_and_leads_back_with_what_was_chosen(manager: Client) -> None:
    session = manager.session
    session[step_up.CONFIRMED_AT_KEY] -= 601
    session.save()
    reply = manager.get("/messages/exchange/export/", {"format": "json", "frame": "user"})
    assert reply.headers["Location"].startswith("/account/confirm/?")
    code = world.fresh_code(world.person("mara"))
    onward = parse_qs(urlsplit(reply.headers["Location"]).query)["next"][0]
    html = text(manager.post("/account/confirm/", {"code": code, "next": onward}, follow=True))
    assert '<option value="json" selected>' in html
    assert '<option value="user" selected>' in html
    assert manager.get("/messages/exchange/export/?format=json").headers["Content-Type"] == "application/json"


def test_who_may_not_take_words_out_is_not_asked_to_confirm(client: Client) -> None:
    world.sign_in(client, world.person("ana", "analyst"))
    session = client.session
    session[step_up.CONFIRMED_AT_KEY] -= 601
    session.save()
    assert client.get("/messages/exchange/export/").status_code == 403


def test_managers_find_it_from_the_library_and_others_are_not_led_there(manager: Client) -> None:
    assert 'href="/messages/exchange/"' in text(manager.get("/messages/"))
    world.sign_in(manager, world.person("ana", "analyst"))
    assert 'href="/messages/exchange/"' not in text(manager.get("/messages/"))


def test_a_file_that_is_sent_is_only_looked_at(manager: Client) -> None:
    (there,) = export_revisions(filter_revisions())
    answer = sent(
        manager,
        to_csv([there, replace(there, renditions=(RenditionRecord("en", "Other", "Words."),), revision=2), NEW]),
    )
    html = text(answer)
    for said in ("1 new message", "2 new versions", "1 unchanged", "0 refused", "Nothing has been imported yet"):
        assert said in html
    assert "A &lt;new&gt; headline" in html
    assert 'lang="ar" dir="rtl"' in html
    assert Message.objects.count() == 1


def test_then_it_is_done_as_it_was_shown(manager: Client) -> None:
    held = _held(sent(manager, to_csv([NEW])))
    answer = manager.post("/messages/exchange/", held, follow=True)
    assert "1 draft was added." in text(answer)
    revision = Revision.objects.get(message__key="brand-new")
    assert (revision.state, revision.author, revision.renditions.count()) == ("draft", world.person("mara"), 2)


def test_refused_rows_stand_there_with_their_number_and_nothing_can_be_done(manager: Client) -> None:
    answer = sent(manager, to_csv([NEW, replace(NEW, message="two", frame="nonsense")]))
    html = text(answer)
    assert "row 4</th><td>“frame” must be one of" in html
    assert 'name="held"' not in html
    refused = manager.post("/messages/exchange/", {"held": "x", "shown": "x"})
    assert "Choose it again" in text(refused)
    assert Message.objects.count() == 1


def test_if_something_changed_meanwhile_it_is_shown_anew(manager: Client) -> None:
    held = _held(sent(manager, to_csv([NEW])))
    manager.post("/messages/exchange/", held)
    answer = manager.post("/messages/exchange/", held)
    assert "has changed" in text(answer)
    assert "1 unchanged" in text(answer)
    assert Revision.objects.filter(message__key="brand-new").count() == 1


def test_without_what_was_shown_nothing_is_done(manager: Client) -> None:
    held = _held(sent(manager, to_csv([NEW])))
    manager.post("/messages/exchange/", {"held": held["held"]})
    manager.post("/messages/exchange/", {"held": held["held"], "shown": ""})
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "is empty"),
        (b"\x81", "CSV UTF-8"),
        (b"a,b\n", "line 1: the column message is missing"),
        (b" " * (views.MAX_UPLOAD_BYTES + 1), "too large for this page"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_beside_the_field(manager: Client, data: bytes, said: str) -> None:
    html = text(sent(manager, data))
    assert said in html
    assert 'aria-describedby="file-hint file-error"' in html


def test_a_file_of_windows_is_shown_with_a_word_about_its_letters_and_imported(manager: Client) -> None:
    spanish = replace(NEW, renditions=(RenditionRecord("es", "¿Cuánto?", "10 €" * 300),))
    answer = sent(manager, to_csv([spanish]).decode("utf-8-sig").encode("cp1252"))
    assert "it was read as Windows-1252" in text(answer)
    manager.post("/messages/exchange/", _held(answer))
    assert Revision.objects.get(message__key="brand-new").renditions.get().headline == "¿Cuánto?"


def test_what_is_wrong_with_a_file_is_said_in_the_readers_language(manager: Client) -> None:
    manager.cookies["language"] = "es"
    assert "El archivo está vacío." in text(sent(manager, b""))
    html = text(sent(manager, to_csv([NEW, replace(NEW, message="new", frame="nobody")])))
    assert "fila 4" in html
    assert "«new» es la dirección de otra página: elige otra clave." in html
    assert "«frame» debe ser uno de estos valores: neutral, victim, user, both, other." in html


def test_without_a_file_it_is_asked_for(manager: Client) -> None:
    assert "Choose a file." in text(manager.post("/messages/exchange/"))


def test_everything_here_already_is_said(manager: Client) -> None:
    assert "Everything in this file is already here." in text(
        sent(manager, to_json(export_revisions(filter_revisions())))
    )


def test_an_empty_installation_has_nothing_to_take_out(client: Client) -> None:
    world.sign_in(client, world.person("mara", "manager"))
    assert "There are no messages yet." in text(client.get("/messages/exchange/"))


def _held(response: object) -> dict[str, str]:
    context = response.context  # type: ignore[attr-defined]  # whatever the client answers
    return {"held": context["held"], "shown": context["plan"].digest}
