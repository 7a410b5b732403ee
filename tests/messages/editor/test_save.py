"""Where text is saved, and what happens when two people edit at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from messages.editor import save as editor_save
from messages.editor.save import Claims, EditConflict, EditedText, SaveResult
from messages.models import AuditEntry, Message, Rendition, Revision, Theme
from messages.review import authorship, workflow
from tests import world

pytestmark = pytest.mark.django_db

NONE = Claims("none")
NEW = EditedText("Another headline", "Other words.", NONE)


def save(revision: Revision, writing: EditedText = NEW, *, by: str = "mara", locale: str = "en") -> SaveResult:
    """Open the editor and save without delay."""
    seen = editor_save.current_baseline(revision, locale)
    return editor_save.save(revision.message, locale, writing, baseline=seen, by=world.person(by))


def words(revision: Revision) -> dict[str, str]:
    return dict(revision.renditions.values_list("locale", "headline"))


class TestWhereWordsGo:
    def test_approved_words_stay_and_a_new_revision_begins(self) -> None:
        first = world.approved_revision("victim")
        saved = save(first)
        assert (saved.target, saved.revision.number, saved.revision.state) == ("new", 2, "draft")
        assert words(first) == {"en": "A victim headline"}
        assert words(saved.revision) == {"en": "Another headline"}

    def test_submitted_words_stay_too(self) -> None:
        rendition = world.submitted_rendition("mara")
        assert save(rendition.revision).target == "new"
        rendition.refresh_from_db()
        assert rendition.headline == "A headline"

    def test_an_own_draft_changes_in_place(self) -> None:
        rendition = world.draft_rendition("mara")
        assert save(rendition.revision).target == "here"
        assert words(rendition.revision) == {"en": "Another headline"}
        assert rendition.revision.message.revisions.count() == 2

    def test_a_draft_of_somebody_else_is_left_alone(self) -> None:
        rendition = world.draft_rendition("mara")
        saved = save(rendition.revision, by="rafael")
        assert saved.target == "new"
        assert words(rendition.revision) == {"en": "A headline"}

    def test_a_new_revision_is_by_who_saved_it_so_that_they_cannot_approve_it(self) -> None:
        rendition = save(world.approved_revision("victim")).revision.renditions.get()
        assert authorship.is_own(rendition, world.person("mara"))

    def test_the_other_languages_come_along_under_their_own_writers(self) -> None:
        first = world.approved_revision("victim", locales=("en", "es"))
        save(first, by="ana", locale="fr")
        second = save(first).revision
        assert set(words(second)) == {"en", "es", "fr"}
        authors = dict(second.renditions.values_list("locale", "author__username"))
        assert authors == {"en": "mara", "es": None, "fr": "ana"}
        assert set(second.renditions.values_list("state", flat=True)) == {"draft"}

    def test_a_translation_stands_beside_the_approved_original_and_does_not_touch_its_approval(self) -> None:
        first = world.approved_revision("victim")
        saved = save(first, locale="ar")
        assert (saved.target, saved.revision) == ("beside", first)
        assert {r.locale: workflow.is_approval_valid(r) for r in first.renditions.all()} == {"en": True, "ar": False}

    def test_a_draft_translation_beside_approved_words_changes_in_place_and_leaves_their_approval(self) -> None:
        first = world.approved_revision("victim", claim_strength="linked", sources=["Somebody 2020"])
        there = save(first, replace(NEW, claims=editor_save.claims_of(first)), locale="ar").revision
        better = EditedText("A better headline", "Words.", editor_save.claims_of(first))
        assert save(there, better, locale="ar") == SaveResult(first, "here")
        assert words(first) == {"en": "A victim headline", "ar": "A better headline"}
        assert {r.locale: workflow.is_approval_valid(r) for r in first.renditions.all()} == {"en": True, "ar": False}

    def test_withdrawn_words_take_no_translation(self) -> None:
        first = world.approved_revision("victim")
        workflow.withdraw(
            first.renditions.get(), by=world.person("rafael", "reviewer"), now=world.NOON, reason="Wrong."
        )
        first.refresh_from_db()
        assert save(first, locale="ar").target == "new"

    def test_another_claim_changes_what_every_language_rests_on_so_it_is_a_new_revision(self) -> None:
        rendition = world.draft_rendition("mara")
        save(rendition.revision, by="ana", locale="es")
        Rendition.objects.filter(locale="es").update(state="submitted")
        claimed = replace(NEW, claims=Claims("linked", ("A study, 2020",)))
        saved = save(rendition.revision, claimed)
        assert saved.target == "new"
        assert saved.revision.sources == ["A study, 2020"]
        rendition.revision.refresh_from_db()
        assert rendition.revision.claim_strength == "none"

    def test_the_same_words_are_not_saved_again(self) -> None:
        first = world.approved_revision("victim")
        same = EditedText("A victim headline", "First.\n\nSecond.", NONE)
        assert save(first, same).target is None
        assert first.message.revisions.count() == 1


class TestTwoPeopleAtOnce:
    def test_the_second_sees_the_first_and_overwrites_nothing(self) -> None:
        first = world.approved_revision("victim")
        seen = editor_save.current_baseline(first, "en")
        theirs = save(first, by="rafael").revision
        mine = replace(NEW, headline="My own headline")
        with pytest.raises(EditConflict) as overtaken:
            editor_save.save(first.message, "en", mine, baseline=seen, by=world.person("mara"))
        assert overtaken.value.current_revision == theirs
        assert words(theirs) == {"en": "Another headline"}
        assert first.message.revisions.count() == 2

    def test_having_seen_both_the_second_saves_a_revision_beside(self) -> None:
        theirs = save(world.approved_revision("victim"), by="rafael").revision
        seen = replace(editor_save.current_baseline(theirs, "en"), force_new_revision=True)
        mine = replace(NEW, headline="My own headline")
        saved = editor_save.save(theirs.message, "en", mine, baseline=seen, by=world.person("mara"))
        assert (saved.target, saved.revision.number) == ("new", 3)
        assert words(theirs) == {"en": "Another headline"}

    def test_the_same_person_in_two_tabs_is_told_too(self) -> None:
        draft = world.draft_rendition("mara").revision
        seen = editor_save.current_baseline(draft, "en")
        save(draft)
        with pytest.raises(EditConflict):
            editor_save.save(draft.message, "en", replace(NEW, body="Late."), baseline=seen, by=world.person("mara"))

    def test_a_newer_revision_with_other_languages_only_is_gone_on_from(self) -> None:
        first = world.approved_revision("victim", locales=("en", "es"))
        seen = editor_save.current_baseline(first, "en")
        save(first, replace(NEW, headline="Otro titular"), by="ana", locale="es")
        saved = editor_save.save(first.message, "en", NEW, baseline=seen, by=world.person("mara"))
        assert words(saved.revision) == {"en": "Another headline", "es": "Otro titular"}

    def test_two_translators_of_one_language_do_not_overwrite_each_other(self) -> None:
        first = world.approved_revision("victim")
        seen = editor_save.current_baseline(first, "ar")
        save(first, by="ana", locale="ar")
        with pytest.raises(EditConflict):
            editor_save.save(first.message, "ar", replace(NEW, body="x"), baseline=seen, by=world.person("mara"))

    def test_words_that_were_submitted_meanwhile_are_left_alone(self) -> None:
        rendition = world.draft_rendition("mara")
        seen = editor_save.current_baseline(rendition.revision, "en")
        workflow.submit(rendition, by=world.person("mara", "manager"), now=world.NOON)
        saved = editor_save.save(rendition.revision.message, "en", NEW, baseline=seen, by=world.person("mara"))
        assert saved.target == "new"


class TestTheRecord:
    def test_a_new_revision_is_on_record(self) -> None:
        revision = save(world.approved_revision("victim")).revision
        entry = AuditEntry.objects.get(action="words-write")
        assert (entry.actor, entry.ref) == ("mara", revision.message.key)
        assert entry.detail["revision"] == 2
        assert entry.detail["words"] == revision.renditions.get().words_digest()

    def test_a_translation_is_on_record(self) -> None:
        revision = save(world.approved_revision("victim"), locale="ar").revision
        detail = AuditEntry.objects.get(action="words-translate").detail
        translated = revision.renditions.get(locale="ar")
        assert (detail["locale"], detail["words"]) == ("ar", translated.words_digest())


class TestANewMessage:
    def create(self, headline: str = "Think of the face in that photo") -> Revision:
        theme, _ = Theme.objects.get_or_create(key="reputation", defaults={"name": "Reputation", "frame": "victim"})
        writing = replace(NEW, headline=headline)
        return editor_save.create(theme, "victim", "en", writing, by=world.person("mara"))

    def test_it_is_a_draft_under_a_key_from_its_headline(self) -> None:
        revision = self.create()
        assert revision.message.key == "think-of-the-face-in-that-photo"
        assert (revision.number, revision.state, revision.message.frame) == (1, "draft", "victim")

    def test_the_same_headline_gets_a_key_of_its_own(self) -> None:
        self.create()
        assert self.create().message.key == "think-of-the-face-in-that-photo-2"

    @pytest.mark.parametrize(
        ("headline", "key"), [("New", "new-2"), ("Exchange", "exchange-2"), ("فكّر", "reputation"), ("Word " * 40, None)]
    )
    def test_an_odd_headline_gets_a_key_that_leads_to_its_page(self, headline: str, key: str | None) -> None:
        message = self.create(headline.strip()[:160]).message
        assert key is None or message.key == key
        message.full_clean()
        assert Message.objects.get(key=message.key) == message

    def test_a_theme_of_our_own_is_made_once(self) -> None:
        assert editor_save.get_or_create_theme("Friends who know", "user") == editor_save.get_or_create_theme(
            "Friends who know", "user"
        )
