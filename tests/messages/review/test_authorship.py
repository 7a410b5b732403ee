"""Whose words they are, wherever they were copied to: nobody approves their own by a detour."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client

from messages.editor import save as editor_save
from messages.editor.forms import BaselineForm
from messages.editor.save import Claims, EditedText
from messages.exchange.import_export import apply_import, export_revisions, filter_revisions
from messages.exchange.records import ParsedFile
from messages.models import Message, OverwrittenWords, Rendition, Theme
from messages.review import workflow
from messages.review.authorship import is_own, own_rendition_ids
from messages.review.workflow import ReviewRefused
from tests import world

pytestmark = pytest.mark.django_db

CLAIMS = Claims("linked", ("Somebody 2020", "Another 2021"), note="Of adam.")
WORDS = EditedText("Stop and think", "It can hurt.\n\nHelp is there.", CLAIMS)
OTHER = EditedText("You can turn back", "Nobody has to see it.", CLAIMS)


def adam() -> User:
    return world.person("adam", "administrator")


def mara() -> User:
    return world.person("mara", "manager")


def theme() -> Theme:
    return Theme.objects.get_or_create(key="doubt", defaults={"name": "Doubt", "frame": "victim", "line": "…"})[0]


def written(text: EditedText = WORDS, *, by: User | None = None) -> Rendition:
    return editor_save.create(theme(), "victim", "en", text, by=by or adam()).renditions.get()


def rewritten(before: Rendition, text: EditedText, *, by: User) -> Rendition:
    """The words of the new revision that an edit made."""
    baseline = editor_save.current_baseline(before.revision, "en")
    saved = editor_save.save(before.revision.message, "en", text, baseline=baseline, by=by)
    return saved.revision.renditions.get()


def approve(rendition: Rendition, by: User) -> None:
    read = rendition.words_digest()
    workflow.approve(rendition, by=by, now=world.NOON, read_digest=read, checklist=world.CHECKLIST_ALL_YES)


def test_another_note_does_not_make_the_claims_somebody_elses() -> None:
    rendition = rewritten(written(), replace(OTHER, claims=replace(CLAIMS, note="Of mara.")), by=mara())
    workflow.submit(rendition, by=mara(), now=world.NOON)
    with pytest.raises(ReviewRefused, match="own text"):
        approve(rendition, adam())


def test_another_strength_leaves_the_sources_with_who_named_them() -> None:
    rendition = rewritten(written(), replace(OTHER, claims=replace(CLAIMS, strength="reported")), by=mara())
    assert is_own(rendition, adam())


def test_who_wrote_what_nothing_is_left_of_may_approve() -> None:
    rendition = rewritten(written(), replace(OTHER, claims=Claims("linked", ("Third 2022",))), by=mara())
    workflow.submit(rendition, by=mara(), now=world.NOON)
    approve(rendition, adam())
    assert workflow.is_approval_valid(rendition)


def test_a_note_alone_is_no_claim() -> None:
    no_claim = Claims("none", note="Of adam.")
    rendition = rewritten(written(replace(WORDS, claims=no_claim)), replace(OTHER, claims=no_claim), by=mara())
    assert not is_own(rendition, adam())


def test_a_strength_without_sources_belongs_to_its_message_alone() -> None:
    value = Claims("value")
    first = written(replace(WORDS, claims=value))
    assert is_own(rewritten(first, replace(OTHER, claims=value), by=mara()), adam())
    elsewhere = written(EditedText("Another thought", "Quite other words.", value), by=mara())
    assert not is_own(elsewhere, adam())


def test_sources_belong_to_who_named_them_first_and_not_to_who_took_them_over() -> None:
    first = written(by=mara())
    taken_over = rewritten(first, replace(OTHER, claims=CLAIMS), by=adam())
    third = EditedText("A third thought", "Words of a third kind.", CLAIMS)
    assert not is_own(rewritten(taken_over, third, by=mara()), adam())


def page_fields(rendition: Rendition, **fields: str) -> dict[str, str]:
    """What a browser sends from the page that begins with these words."""
    sources = "\n".join(rendition.revision.sources)
    claims = {"claim_strength": rendition.revision.claim_strength, "sources": sources}
    words = {"headline": rendition.headline, "body": rendition.body.replace("\n", "\r\n")}
    return {"do": "save", "theme": "doubt", "frame": "victim", "locale": "en", **words, **claims, **fields}


def test_a_message_begun_with_somebodys_words_is_theirs_over_http() -> None:
    original, client = written(), Client()
    world.sign_in(client, mara())
    copied = f"/messages/new/?copy={original.pk}"
    assert "You are starting from the text of" in client.get(copied).content.decode()
    client.post("/messages/new/", page_fields(original))
    copy = Message.objects.exclude(pk=original.revision.message_id).get().revisions.get().renditions.get()
    workflow.submit(copy, by=mara(), now=world.NOON)
    assert approved_over_http(copy, adam()) is False
    assert approved_over_http(copy, world.person("rafael", "reviewer")) is True


def approved_over_http(rendition: Rendition, by: User) -> bool:
    """Whether the words are approved once this person has sent the page of their review."""
    client = Client()
    world.sign_in(client, by)
    answers = {f"checklist.{key}": yes for key, yes in world.CHECKLIST_ALL_YES.items()}
    address = f"/messages/{rendition.revision.message.key}/1/en/approve/"
    client.post(address, {"read": rendition.words_digest(), **answers})
    rendition.refresh_from_db()
    return rendition.state == "approved"


def test_imported_words_are_of_who_wrote_them() -> None:
    original = written()
    record = next(iter(export_revisions(filter_revisions())))
    parsed = ParsedFile((replace(record, message="taken-over", sources=()),), (), ())
    apply_import(parsed, by=mara(), name="words")
    copy = Rendition.objects.exclude(pk=original.pk).get()
    assert is_own(copy, adam())


def edited_in_place(rendition: Rendition, text: EditedText, *, by: User) -> None:
    baseline = editor_save.current_baseline(rendition.revision, "en")
    assert editor_save.save(rendition.revision.message, "en", text, baseline=baseline, by=by).target == "here"
    rendition.refresh_from_db()


def test_words_that_a_colleague_took_over_stay_ones_own_once_they_are_replaced_over_http() -> None:
    original, author = written(), Client()
    taken_over = written(by=mara())
    workflow.submit(taken_over, by=mara(), now=world.NOON)
    world.sign_in(author, adam())
    baseline = BaselineForm.values(editor_save.current_baseline(original.revision, "en"))
    replaced = page_fields(original, headline="Quite other", body="Words.", sources="Third 2022", **baseline)
    author.post(f"/messages/{original.revision.message.key}/edit/en/", replaced)
    original.refresh_from_db()
    assert (original.headline, original.revision.number) == ("Quite other", 1)
    assert approved_over_http(taken_over, adam()) is False
    assert approved_over_http(taken_over, world.person("rafael", "reviewer")) is True


def test_each_of_many_texts_that_a_draft_had_stays_ones_own() -> None:
    draft = written()
    for number in range(3):
        edited_in_place(draft, replace(WORDS, headline=f"Headline {number}", body=f"Body {number}."), by=adam())
    for number in range(3):
        text = EditedText("Another headline", f"Body {number}.", Claims("none"))
        assert is_own(written(text, by=mara()), adam())


def test_claims_stay_with_who_made_them_first_once_these_were_replaced() -> None:
    draft = written()
    taken_over = written(OTHER, by=mara())
    edited_in_place(draft, replace(OTHER, claims=Claims("none")), by=adam())
    assert is_own(taken_over, adam())


def test_claims_that_an_older_draft_takes_over_later_are_of_who_made_them_first() -> None:
    older = written(EditedText("An older headline", "An older body.", Claims("none")), by=mara())
    first = written(WORDS)
    edited_in_place(older, replace(OTHER, claims=CLAIMS), by=mara())
    assert is_own(older, adam())
    assert not is_own(first, mara())


def test_what_was_replaced_stays_on_record() -> None:
    edited_in_place(written(), replace(WORDS, headline="Another headline"), by=adam())
    assert OverwrittenWords.objects.get().headline == WORDS.headline
    with pytest.raises(IntegrityError, match="stays on record"), transaction.atomic():
        OverwrittenWords.objects.update(author=mara())
    with pytest.raises(IntegrityError, match="stays on record"), transaction.atomic():
        OverwrittenWords.objects.all().delete()


@pytest.mark.parametrize(
    "fields",
    [
        {"body": "It can hurt.\r\n\r\nHelp  is there. "},
        {"headline": "STOP and think"},
        {"headline": "Stop\u200b and think"},
        {"headline": "Stop\xa0and think"},
    ],
)
def test_what_readers_do_not_see_makes_no_other_words(fields: dict[str, Any]) -> None:
    written()
    copy = written(replace(EditedText("Another headline", "Another body.", Claims("none")), **fields), by=mara())
    assert is_own(copy, adam())


ROWS_CHANGED = {
    "that somebody else wrote the words": "UPDATE messaging_rendition SET author_id = %(other)s",
    "that nobody wrote the words": "UPDATE messaging_rendition SET author_id = NULL",
    "that nothing was overwritten": "DELETE FROM messaging_overwrittenwords",
}


@pytest.mark.parametrize("change", ROWS_CHANGED)
def test_nobody_is_freed_as_an_author_by_rows_that_say(change: str) -> None:
    theirs = written()
    copy = rewritten(written(OTHER, by=mara()), WORDS, by=mara())
    rewritten(theirs, replace(OTHER, headline="Something else"), by=adam())
    world.drop_triggers()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE messaging_revision SET author_id = NULL")
        cursor.execute(ROWS_CHANGED[change], {"other": mara().pk} if "%" in ROWS_CHANGED[change] else None)
    for rendition in (theirs, copy):
        assert is_own(Rendition.objects.get(pk=rendition.pk), adam())


def test_a_colleague_who_wrote_nothing_of_it_may_approve_a_copy() -> None:
    copy = written(by=mara()) if written() else None
    assert copy is not None
    workflow.submit(copy, by=mara(), now=world.NOON)
    approve(copy, world.person("rafael", "reviewer"))
    assert workflow.is_approval_valid(copy)


def test_many_words_take_as_many_queries_as_one(django_assert_num_queries: Any) -> None:
    for number in range(5):
        written(replace(WORDS, headline=f"Headline {number}"))
    renditions, by = list(Rendition.objects.select_related("revision__message")), adam()
    own_rendition_ids(renditions, by)  # from now on, what it asks is what it asked
    with django_assert_num_queries(5):
        assert len(own_rendition_ids(renditions, by)) == 5
