"""Export and import: drafts, all or nothing, and exactly the plan that was shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import QuerySet

from messages.audit import log
from messages.exchange import import_export, records
from messages.exchange.import_export import ImportRefused, apply_import, export_revisions, filter_revisions, plan_import
from messages.exchange.reader import parse_file
from messages.exchange.records import ParsedFile, RenditionRecord, RevisionRecord
from messages.exchange.writer import to_csv, to_json
from messages.models import AuditEntry, Message, Rendition, Revision, Theme
from messages.review import workflow
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

NEW = RevisionRecord(
    message="brand-new",
    revision=1,
    theme="theme-victim",
    frame="victim",
    claim_strength="value",
    renditions=(
        RenditionRecord("en", "A new headline", "One.\n\nTwo."),
        RenditionRecord("ar", "‏عنوان جديد", "سطر\n\nسطر آخر"),
    ),
)


def all_of_it(chosen: QuerySet[Revision] | None = None) -> list[RevisionRecord]:
    return list(export_revisions(filter_revisions() if chosen is None else chosen))


def changed(wording: RevisionRecord, headline: str) -> RevisionRecord:
    return replace(wording, renditions=(replace(wording.renditions[0], headline=headline), *wording.renditions[1:]))


@pytest.mark.parametrize("write", [to_csv, to_json])
def test_an_export_comes_back_as_the_same_words_elsewhere(write: object) -> None:
    """Export the starter library and a right-to-left text, and import them into an empty installation."""
    assert callable(write)
    world.load_starter_library()
    draft = Revision.objects.create(message=world.approved_revision("other").message, number=2, claim_strength="none")
    Rendition.objects.create(revision=draft, locale="ar", headline="=1+1 ‏عنوان", body="سطر\n\n-سطر آخر;@")
    before, file = all_of_it(), write(export_revisions(filter_revisions()))
    _emptied()
    apply_import(parse_file(file), by=world.person("mara", "manager"), name="all")
    after = [wording for wording in all_of_it() if not wording.message.startswith("gone-")]
    assert {replace(w, state="") for w in after} == {replace(w, state="") for w in before}
    assert len(after) == len(before) == 46
    assert {w.state for w in after} == {"draft"}


def test_what_is_here_already_is_unchanged() -> None:
    world.load_starter_library()
    plan = plan_import(parse_file(to_csv(export_revisions(filter_revisions()))))
    assert (len(plan.unchanged), plan.revisions, plan.rejected_rows) == (44, (), ())
    with pytest.raises(ImportRefused, match="nothing new"):
        apply_import(parse_file(to_csv(export_revisions(filter_revisions()))), by=world.person("mara"), name="all")


def test_line_ends_of_a_spreadsheet_change_nothing() -> None:
    world.approved_revision("victim")
    text = to_csv(export_revisions(filter_revisions())).replace(b"First.\n\nSecond.", b"First.\r\n\r\nSecond.")
    assert b"First.\r\n" in text
    assert plan_import(parse_file(text)).revisions == ()


def test_other_words_are_a_new_revision_with_the_next_number() -> None:
    revision = world.approved_revision("victim")
    (there,) = all_of_it()
    plan = apply_import(ParsedFile((changed(there, "Better words"),)), by=world.person("mara"), name="file")
    assert (plan.messages, [w.revision for w in plan.revisions]) == ((), [2])
    added = revision.message.revisions.get(number=2)
    assert (added.state, added.author, added.renditions.get().headline) == (
        "draft",
        world.person("mara"),
        "Better words",
    )
    revision.refresh_from_db()
    assert workflow.is_approval_valid(revision.renditions.get())


def test_whatever_a_file_says_nothing_comes_in_approved() -> None:
    world.approved_revision("victim")
    apply_import(ParsedFile((replace(NEW, state="approved"),)), by=world.person("mara"), name="file")
    assert Revision.objects.get(message__key="brand-new").state == "draft"


def test_who_imports_words_does_not_approve_them() -> None:
    world.approved_revision("victim")
    mara = world.person("mara", "manager", "reviewer")
    apply_import(ParsedFile((replace(NEW, renditions=NEW.renditions[:1]),)), by=mara, name="file")
    added = Revision.objects.get(message__key="brand-new").renditions.get()
    workflow.submit(added, by=mara, now=world.NOON)
    with pytest.raises(workflow.ReviewRefused, match="own text"):
        workflow.approve(
            added, by=mara, now=world.NOON, read_digest=added.words_digest(), checklist=world.CHECKLIST_ALL_YES
        )


def test_a_new_theme_comes_with_its_name_and_line_and_not_without() -> None:
    elsewhere = replace(NEW, theme="courage", frame="other")
    (refusal,) = plan_import(ParsedFile((elsewhere,))).rejected_rows
    assert "no theme “courage” here" in refusal.reason
    told = replace(elsewhere, theme_name="Courage", theme_line="It takes some.")
    plan = apply_import(ParsedFile((told,)), by=world.person("mara"), name="file")
    assert plan.themes == ("courage",)
    theme = Theme.objects.get(key="courage")
    assert (theme.name, theme.line, theme.frame) == ("Courage", "It takes some.", "other")


def test_a_message_keeps_its_theme_and_frame() -> None:
    world.approved_revision("victim")
    (there,) = all_of_it()
    (refusal,) = plan_import(ParsedFile((replace(there, frame="user", where="row 2"),))).rejected_rows
    assert (refusal.where, "appeal “victim”" in refusal.reason) == ("row 2", True)


def test_revisions_of_one_new_message_agree_on_its_theme() -> None:
    world.approved_revision("victim")
    two = ParsedFile((replace(NEW, where="row 2"), replace(NEW, revision=2, frame="user", where="row 3")))
    (refusal,) = plan_import(two).rejected_rows
    assert refusal == records.RejectedRow(
        "row 3", "Its theme or appeal differs from the one this message has in row 2."
    )


class TestMatchedSets:
    PAIR = (
        replace(NEW, matched_set="a-set", where="row 2"),
        replace(NEW, message="its-twin", frame="user", theme="theme-user", matched_set="a-set", where="row 3"),
    )

    @pytest.fixture(autouse=True)
    def themes(self) -> None:
        world.approved_revision("victim")
        world.approved_revision("user")

    def refused(self, *records: RevisionRecord) -> list[tuple[str, str]]:
        return [(row.where, str(row.reason)) for row in plan_import(ParsedFile(records)).rejected_rows]

    @pytest.mark.parametrize("write", [to_csv, to_json])
    def test_come_back_as_the_same_sets(self, write: object) -> None:
        assert callable(write)
        apply_import(parse_file(write(self.PAIR)), by=world.person("mara", "manager"), name="sets")
        stored = Message.objects.exclude(matched_set="").order_by("frame")
        assert [(each.key, each.matched_set) for each in stored] == [("its-twin", "a-set"), ("brand-new", "a-set")]

    def test_have_one_message_of_each_frame_in_the_file_and_here(self) -> None:
        two = (self.PAIR[0], replace(NEW, message="another", matched_set="a-set", where="row 3"))
        taken = "The matched set “a-set” already has a message with the appeal “victim”: “brand-new”."
        assert self.refused(*two) == [("row 3", taken)]
        apply_import(ParsedFile((two[0],)), by=world.person("mara", "manager"), name="sets")
        assert self.refused(two[1]) == [("row 3", taken)]

    def test_stay_what_they_are_here(self) -> None:
        apply_import(ParsedFile(self.PAIR), by=world.person("mara", "manager"), name="sets")
        other = replace(self.PAIR[0], matched_set="other-set")
        assert self.refused(other) == [("row 2", "Here, “brand-new” belongs to the matched set “a-set”.")]
        alone = Message.objects.get(key__startswith="victim-").key
        joins = replace(self.PAIR[0], message=alone, matched_set="other-set")
        assert self.refused(joins) == [("row 2", f"Here, “{alone}” does not belong to a matched set.")]

    def test_need_not_be_named_for_a_message_that_is_here_as_in_older_files(self) -> None:
        apply_import(ParsedFile(self.PAIR), by=world.person("mara", "manager"), name="sets")
        older = replace(changed(self.PAIR[0], "Newer words"), matched_set="")
        assert self.refused(older) == []
        apply_import(ParsedFile((older,)), by=world.person("mara", "manager"), name="sets")
        assert Message.objects.get(key="brand-new").matched_set == "a-set"

    def test_are_one_for_all_revisions_of_a_new_message(self) -> None:
        second = replace(NEW, revision=2, matched_set="other-set", where="row 3")
        reason = "Its matched set differs from the one this message has in row 2."
        assert self.refused(self.PAIR[0], second) == [("row 3", reason)]


def test_with_one_refused_row_nothing_comes_in() -> None:
    world.approved_revision("victim")
    before = _counts()
    bad = replace(NEW, message="other", theme="nowhere", where="row 3")
    with pytest.raises(ImportRefused, match="nothing was imported"):
        apply_import(ParsedFile((NEW, bad)), by=world.person("mara"), name="file")
    assert _counts() == before


@pytest.mark.django_db(transaction=True)
def test_a_fault_half_way_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    world.approved_revision("victim")
    before = _counts()

    def failing(*arguments: object, **options: object) -> None:
        raise RuntimeError("half way")

    monkeypatch.setattr(log, "record", failing)
    with pytest.raises(RuntimeError, match="half way"):
        apply_import(ParsedFile((NEW,)), by=world.person("mara"), name="file")
    assert _counts() == before


def test_what_was_shown_is_what_is_done() -> None:
    world.approved_revision("victim")
    (there,) = all_of_it()
    file = ParsedFile((changed(there, "Better words"),))
    shown = plan_import(file).digest
    apply_import(file, by=world.person("eve"), name="file")
    with pytest.raises(ImportRefused, match="has changed"):
        apply_import(file, by=world.person("mara"), name="file", agreed_digest=shown)


def test_words_that_came_in_twice_at_once_are_not_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Someone takes the revision number between planning and writing, and the database refuses."""
    world.approved_revision("victim")
    (there,) = all_of_it()
    plan = plan_import(ParsedFile((changed(there, "Better words"),)))
    monkeypatch.setattr(import_export, "plan_import", lambda file: plan)
    apply_import(ParsedFile(()), by=world.person("mara"), name="file")
    with pytest.raises(ImportRefused, match="same moment"):
        apply_import(ParsedFile(()), by=world.person("eve"), name="file")


def test_an_import_is_on_the_record() -> None:
    world.approved_revision("victim")
    apply_import(ParsedFile((NEW,)), by=world.person("mara"), name="words.csv")
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert (entry.actor, entry.action, entry.label) == ("mara", "words-import", "words.csv")
    assert (entry.detail["messages"], entry.detail["revisions"]) == (1, 1)


def test_an_export_can_be_a_part() -> None:
    world.approved_revision("victim")
    world.approved_revision("user", locales=("en", "es"))
    draft = Revision.objects.create(message=Message.objects.get(frame="victim"), number=2, claim_strength="none")
    assert [w.frame for w in all_of_it(filter_revisions(frame="user"))] == ["user"]
    assert [w.state for w in all_of_it(filter_revisions(state="draft"))] == [draft.state]
    (spanish,) = all_of_it(filter_revisions(locale="es"))
    assert [w.locale for w in spanish.renditions] == ["en", "es"]


def test_sources_come_in_one_line_each() -> None:
    revision = world.draft_rendition().revision
    Revision.objects.filter(pk=revision.pk).update(sources=["Some\n one 2020", "", 7])
    (wording,) = all_of_it(filter_revisions(state="draft"))
    assert wording.sources == ("Some one 2020", "7")
    assert plan_import(parse_file(to_csv([wording]))).revisions == ()


class TestByCommand:
    def test_a_look_changes_nothing(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        world.approved_revision("victim")
        before = _counts()
        call_command("messages_import", _file(tmp_path, NEW))
        out = capsys.readouterr().out
        assert "entry 1: new message brand-new r1 (en, ar)" in out
        assert "Nothing was imported." in out
        assert _counts() == before

    def test_it_is_done_in_somebodys_name(self, tmp_path: Path) -> None:
        world.approved_revision("victim")
        with pytest.raises(CommandError, match="--by NAME"):
            call_command("messages_import", _file(tmp_path, NEW), "--apply", "--by", "nobody-here")
        call_command("messages_import", _file(tmp_path, NEW), "--apply", "--by", world.person("mara").username)
        assert Revision.objects.get(message__key="brand-new").author == world.person("mara")

    def test_refused_rows_end_it(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(CommandError, match="rows are refused"):
            call_command("messages_import", _file(tmp_path, NEW), "--apply", "--by", world.person("mara").username)
        assert "entry 1: There is no theme" in capsys.readouterr().err

    @pytest.mark.parametrize("content", [None, b"\xff"])
    def test_a_file_that_cannot_be_read_is_said(self, tmp_path: Path, content: bytes | None) -> None:
        if content is not None:
            (tmp_path / "file").write_bytes(content)
        with pytest.raises(CommandError, match=r"cannot be read|UTF-8"):
            call_command("messages_import", str(tmp_path / "file"))

    def test_an_export_goes_to_a_file_or_out(self, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        world.approved_revision("victim")
        call_command("messages_export", str(tmp_path / "out.json"), "--format", "json")
        written = (tmp_path / "out.json").read_bytes()
        assert json.loads(written)["messages"][0]["frame"] == "victim"
        capfdbinary.readouterr()
        call_command("messages_export", "--format", "json")
        assert capfdbinary.readouterr().out == written


def _file(folder: Path, *wordings: RevisionRecord) -> str:
    (folder / "words.json").write_bytes(to_json(wordings))
    return str(folder / "words.json")


def _counts() -> list[int]:
    return [model.objects.count() for model in (Theme, Message, Revision, Rendition, AuditEntry)]


def _emptied() -> None:
    """Rename the keys of all messages and take them out of their sets, so that both are as in an empty installation."""
    world.drop_triggers()
    for message in Message.objects.all():
        message.key, message.matched_set = f"gone-{message.pk}", ""
        message.save()
    for theme in Theme.objects.all():
        theme.key = f"gone-{theme.pk}"
        theme.save()
