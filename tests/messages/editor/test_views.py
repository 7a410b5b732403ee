"""The pages of the editor: feedback, drafts, conflicts and expired sessions."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messages.models import Draft, HelpLink, Message, Rendition, Revision, Theme
from tests import world

pytestmark = pytest.mark.django_db

EDIT = "/messages/victim-0/edit/en/"


@pytest.fixture
def first(db: None) -> Revision:
    """An approved revision in English of the message of EDIT."""
    return world.approved_revision("victim")


def client_of(name: str, *, csrf: bool = False) -> Client:
    client = Client(enforce_csrf_checks=csrf)
    world.sign_in(client, world.person(name, "manager"))
    return client


@pytest.fixture
def mara(first: Revision) -> Client:
    return client_of("mara")


def html(response: Any) -> str:
    return " ".join(response.content.decode().split())


def hidden(response: Any) -> dict[str, str]:
    """The hidden fields of the editor on a page."""
    found = re.findall(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', response.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def typed(**fields: str) -> dict[str, str]:
    return {"headline": "Another headline", "body": "Other words.", "claim_strength": "none"} | fields


def opened(client: Client, address: str = EDIT) -> dict[str, str]:
    """The fields that a browser sends from a newly opened editor."""
    response = client.get(address)
    assert response.status_code == 200
    return typed(**hidden(response))


class TestALanguage:
    @pytest.mark.parametrize("tag", ["pt-BR", "pt_BR", "pt-br", "es-PE", "zh-Hant"])
    def test_of_any_tag_can_be_translated_into(self, mara: Client, first: Revision, tag: str) -> None:
        page = mara.get(f"/messages/victim-0/translate/?into={tag}", follow=True)
        assert page.status_code == 200
        mara.post(f"/messages/victim-0/edit/{tag}/", typed(**hidden(page), do="save"))
        assert Rendition.objects.exclude(locale="en").get().locale == tag.lower().replace("_", "-")

    def test_that_was_imported_in_capitals_is_edited_and_not_begun_again(self, mara: Client, first: Revision) -> None:
        Rendition.objects.create(revision=first, locale="pt-BR", headline="Um texto", body="Palavras.")
        Rendition.objects.create(revision=first, locale="yo", headline="Ọ̀rọ̀", body="Ọ̀rọ̀.")
        for tag, headline in (("pt-BR", "Um texto"), ("pt-br", "Um texto"), ("yo", "Ọ̀rọ̀")):
            assert headline in html(mara.get(f"/messages/victim-0/edit/{tag}/"))

    def test_that_is_none_has_no_page(self, mara: Client) -> None:
        assert mara.get("/messages/victim-0/edit/english/").status_code == 404


class TestWriting:
    def test_the_words_stand_in_the_form(self, mara: Client) -> None:
        page = html(mara.get(EDIT))
        assert 'value="A victim headline"' in page
        assert "Version 1 is approved and does not change. What you save here becomes a new version." in page

    def test_saving_leads_to_the_message_and_says_what_happened(self, mara: Client, first: Revision) -> None:
        response = mara.post(EDIT, opened(mara) | {"do": "save"}, follow=True)
        assert response.redirect_chain == [("/messages/victim-0/", 302)]
        assert "Saved as version 2, a draft." in html(response)
        assert first.message.revisions.count() == 2
        assert not Draft.objects.exists()

    def test_an_error_stands_beside_its_field_and_what_was_typed_stays(self, mara: Client, first: Revision) -> None:
        response = mara.post(EDIT, opened(mara) | {"do": "save", "headline": "", "body": "Kept words."})
        page = html(response)
        assert '<p class="error" id="id_headline_error">Enter a headline.</p>' in page
        assert 'aria-describedby="id_headline_helptext id_headline_error"' in page
        assert "Kept words." in page
        assert first.message.revisions.count() == 1

    def test_an_older_revision_can_be_gone_on_from(self, mara: Client, first: Revision) -> None:
        mara.post(EDIT, opened(mara) | {"do": "save"})
        assert 'value="A victim headline"' in html(mara.get(f"{EDIT}?from=1"))

    @pytest.mark.parametrize("address", [f"{EDIT}?from=9", f"{EDIT}?from=x", "/messages/victim-0/edit/zz/"])
    def test_what_is_not_there_is_not_found(self, mara: Client, address: str) -> None:
        assert mara.get(address).status_code == 404

    def test_lines_end_the_same_way_whatever_the_browser_sends(self, mara: Client, first: Revision) -> None:
        mara.post(EDIT, opened(mara) | {"do": "save", "body": " One.\r\n\r\nTwo. ", "sources": "A, 2020\r\n\r\n B "})
        second = first.message.revisions.get(number=2)
        assert second.renditions.get().body == "One.\n\nTwo."
        assert second.sources == ["A, 2020", "B"]


class TestRemarks:
    def test_a_check_shows_what_a_reviewer_would_say_without_saving(self, mara: Client, first: Revision) -> None:
        page = html(mara.post(EDIT, opened(mara) | {"do": "check", "headline": "You creep"}))
        assert "Must change before review" in page
        assert "<b>Headline</b> “creep”:" in page
        assert first.message.revisions.count() == 1

    def test_the_page_that_types_gets_the_remarks_alone(self, mara: Client) -> None:
        response = mara.post(EDIT, opened(mara) | {"do": "keep", "headline": "It always hurts!"})
        page = html(response)
        assert response.content.decode().lstrip().startswith('<div class="said" data-draft=')
        assert "“always”: This allows no exception" in page

    def test_length_is_held_against_the_placement(self, mara: Client) -> None:
        long = opened(mara) | {"do": "keep", "body": "We can all stop here now. " * 12}
        assert "Use up to 55 in an embed" in html(mara.post(EDIT, long | {"place": "embed"}))
        assert "Use up to" not in html(mara.post(EDIT, long | {"place": "page"}))

    def test_a_claim_without_its_source_is_told(self, mara: Client) -> None:
        page = html(mara.post(EDIT, opened(mara) | {"do": "keep", "claim_strength": "reported", "sources": ""}))
        assert "Name its source." in page

    def test_help_links_that_are_missing_are_told(self, mara: Client) -> None:
        HelpLink.objects.all().delete()
        assert "There is no help link for the person shown." in html(mara.get(EDIT))

    def test_a_text_much_longer_than_the_one_it_will_stand_beside_is_told(self, mara: Client) -> None:
        other = world.approved_revision("neutral").message.key
        long = opened(mara) | {"do": "keep", "body": "We can all stop here now. " * 5, "beside": other}
        assert "The lengths differ" in html(mara.post(EDIT, long))

    def test_calm_words_are_said_to_need_a_reader_all_the_same(self, mara: Client) -> None:
        assert "The checks found nothing. A person still has to read the text." in html(mara.get(EDIT))


class TestTranslating:
    ARABIC = "/messages/victim-0/edit/ar/"

    def test_the_original_stands_beside_a_field_that_runs_from_right_to_left(self, mara: Client) -> None:
        page = html(mara.get(self.ARABIC))
        assert "Translate into Arabic" in page
        assert '<blockquote class="words" lang="en" dir="ltr"><p class="headline">A victim headline</p>' in page
        assert re.search(r'<input type="text" name="headline"[^>]* lang="ar" dir="rtl"', page)

    def test_it_is_saved_beside_the_original_and_leaves_its_claims_alone(self, mara: Client, first: Revision) -> None:
        sent = opened(mara, self.ARABIC) | {"headline": "توقّف", "do": "save", "claim_strength": "documented"}
        mara.post(self.ARABIC, sent)
        assert first.renditions.get(locale="ar").headline == "توقّف"
        first.refresh_from_db()
        assert first.claim_strength == "none"

    def test_the_message_page_leads_to_a_choice_of_the_languages_that_are_missing(self, mara: Client) -> None:
        assert 'href="/messages/victim-0/translate/?from=1"' in html(mara.get("/messages/victim-0/"))
        page = html(mara.get("/messages/victim-0/translate/?from=1"))
        assert "Version 1 has English." in page
        assert '<option value="ar">العربيّة · Arabic</option>' in page
        assert '<option value="en">' not in page

    def test_the_choice_leads_to_the_editor(self, mara: Client) -> None:
        response = mara.get(reverse("messages:translate", args=["victim-0"]) + "?into=ar&from=1")
        assert response.headers["Location"] == f"{self.ARABIC}?from=1"

    def test_no_remarks_before_the_first_word(self, mara: Client) -> None:
        page = html(mara.get(self.ARABIC))
        assert "Results appear here as you write." in page
        assert "is empty" not in page


class TestDrafts:
    def test_what_was_typed_is_there_again(self, mara: Client) -> None:
        mara.post(EDIT, opened(mara) | {"do": "keep", "headline": "Half a"})
        page = html(mara.get(EDIT))
        assert 'value="Half a"' in page
        assert "You are continuing the draft from" in page

    def test_only_who_typed_it_sees_it(self, mara: Client) -> None:
        mara.post(EDIT, opened(mara) | {"do": "keep", "headline": "Half a secret"})
        rafael = client_of("rafael")
        assert "Half a secret" not in html(rafael.get(EDIT)) + html(rafael.get("/messages/"))
        draft = Draft.objects.get()
        assert rafael.get(f"/preview/?draft={draft.pk}").status_code == 404

    def test_it_is_kept_once_to_the_second(self, mara: Client) -> None:
        for headline in ("H", "Ha", "Hal"):
            mara.post(EDIT, opened(mara) | {"do": "keep", "headline": headline})
        draft = Draft.objects.get()
        assert draft.fields["headline"] == "Hal"
        assert draft.saved_at.microsecond == 0

    def test_it_can_be_thrown_away(self, mara: Client) -> None:
        mara.post(EDIT, opened(mara) | {"do": "keep", "headline": "Half a"})
        mara.post(EDIT, opened(mara) | {"do": "discard"})
        assert 'value="A victim headline"' in html(mara.get(EDIT))

    def test_the_library_leads_back_to_it(self, mara: Client) -> None:
        mara.post(EDIT, opened(mara) | {"do": "keep"})
        page = html(mara.get("/messages/"))
        assert "Your unfinished drafts" in page
        assert f'href="{EDIT}"' in page

    def test_words_that_cannot_be_saved_are_kept(self, mara: Client) -> None:
        mara.post(EDIT, opened(mara) | {"do": "save", "headline": ""})
        assert Draft.objects.get().fields["body"] == "Other words."


class TestTwoPeople:
    def test_the_second_sees_both_texts_and_what_differs(self, mara: Client, first: Revision) -> None:
        mine = opened(mara) | {"headline": "Mara's own headline", "do": "save"}
        rafael = client_of("rafael")
        rafael.post(EDIT, opened(rafael) | {"headline": "Rafael's own headline", "do": "save"})
        response = mara.post(EDIT, mine)
        page = html(response)
        assert response.status_code == 409
        assert "rafael saved version 2 while you were writing" in page
        assert '<p class="headline">Rafael&#x27;s own headline</p>' in page
        assert 'value="Mara&#x27;s own headline"' in page
        assert '<del><span class="unseen">removed: </span>Rafael&#x27;s<span class="unseen"> end</span></del>' in page
        assert '<ins><span class="unseen">added: </span>Mara&#x27;s<span class="unseen"> end</span></ins>' in page
        assert first.message.revisions.count() == 2

    def test_saving_once_more_puts_a_revision_beside_theirs(self, mara: Client, first: Revision) -> None:
        mine = opened(mara) | {"headline": "Mara's", "do": "save"}
        rafael = client_of("rafael")
        rafael.post(EDIT, opened(rafael) | {"headline": "Rafael's", "do": "save"})
        again = mine | hidden(mara.post(EDIT, mine))
        mara.post(EDIT, again)
        headlines = Rendition.objects.filter(revision__message=first.message).order_by("revision__number")
        assert list(headlines.values_list("headline", flat=True)) == ["A victim headline", "Rafael's", "Mara's"]

    def test_the_choice_survives_a_closed_tab(self, mara: Client, first: Revision) -> None:
        mine = opened(mara) | {"headline": "Mara's", "do": "save"}
        rafael = client_of("rafael")
        rafael.post(EDIT, opened(rafael) | {"headline": "Rafael's", "do": "save"})
        mara.post(EDIT, mine)
        mara.post(EDIT, opened(mara) | {"headline": "Mara's", "do": "save"})
        assert first.message.revisions.count() == 3

    def test_who_is_still_typing_is_told(self, mara: Client) -> None:
        mine = opened(mara) | {"do": "keep"}
        assert "Someone else has saved another text" not in html(mara.post(EDIT, mine))
        rafael = client_of("rafael")
        rafael.post(EDIT, opened(rafael) | {"do": "save"})
        assert "Someone else has saved another text for this message." in html(mara.post(EDIT, mine))


OURS = {"Origin": "http://testserver"}


class TestAnExpiredSession:
    def test_the_words_come_back_with_a_way_to_sign_in(self, first: Revision) -> None:
        response = Client().post(EDIT, typed(headline="Typed <b> & sent", do="save", writer="mara"), headers=OURS)
        page = html(response)
        assert response.status_code == 401
        assert "What you typed is still here." in page
        assert "<b>mara</b> typed this" in page
        assert 'name="headline" value="Typed &lt;b&gt; &amp; sent"' in page
        assert 'href="/sign-in/?next=/messages/victim-0/edit/en/"' in page
        assert not Draft.objects.exists()

    def test_sending_them_on_after_signing_in_saves_them(self, mara: Client, first: Revision) -> None:
        mine = opened(mara) | {"do": "save", "body": "One.\n\nTwo."}
        back = Client().post(EDIT, mine, headers=OURS)
        again = {**hidden(back)}
        assert set(mine) <= set(again)
        client_of("mara").post(EDIT, again)
        assert first.message.revisions.count() == 2

    @pytest.mark.parametrize(
        "sender",
        [
            {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
            {"Sec-Fetch-Site": "same-site", "Origin": "http://other.testserver"},
            {"Sec-Fetch-Site": "none"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://testserver:8000"},
            {},
        ],
    )
    @pytest.mark.parametrize("path", [EDIT, "/messages/new/"])
    @pytest.mark.parametrize("is_signed_in", [False, True])
    def test_words_that_another_site_sent_are_not_shown_again(
        self, first: Revision, sender: dict[str, str], path: str, is_signed_in: bool
    ) -> None:
        client = client_of("mara", csrf=True) if is_signed_in else Client(enforce_csrf_checks=True)
        response = client.post(path, typed(headline="A stranger's words", do="save"), headers=sender)
        assert "stranger" not in response.content.decode()
        assert response.status_code == (403 if is_signed_in else 302)
        assert "csrftoken" not in response.cookies
        assert first.message.revisions.count() == 1

    @pytest.mark.parametrize("path", [EDIT, "/messages/new/"])
    def test_who_signs_in_under_another_name_is_told_whose_words_they_are(self, mara: Client, path: str) -> None:
        marks = opened(mara, path) | {"headline": "Mara's words", "do": "save"}
        rafael = client_of("rafael")
        response = rafael.post(path, marks)
        assert response.status_code == 403
        assert "mara wrote this text in this browser, and you are signed in as rafael." in html(response)
        assert not Draft.objects.exists()
        assert not Revision.objects.filter(author__username="rafael").exists()
        assert hidden(response)["writer"] == "rafael"

    def test_a_stranger_who_only_looks_is_sent_to_sign_in(self, first: Revision) -> None:
        assert Client().get(EDIT).headers["Location"] == f"/sign-in/?next={EDIT}"

    def test_a_form_without_a_good_token_shows_the_words_and_saves_nothing(self, first: Revision) -> None:
        client = client_of("mara", csrf=True)
        stale = opened(client) | {"do": "save", "csrfmiddlewaretoken": "x" * 32}
        response = client.post(EDIT, stale, headers=OURS)
        page = html(response)
        assert response.status_code == 403
        assert "This page had been open for too long, so nothing was saved." in page
        assert 'value="Another headline"' in page
        assert first.message.revisions.count() == 1
        assert not Draft.objects.exists()

    @pytest.mark.parametrize("do", ["keep", "check", "discard"])
    def test_no_step_is_taken_without_a_good_token(self, first: Revision, do: str) -> None:
        client = client_of("mara", csrf=True)
        assert client.post(EDIT, opened(client) | {"do": do}).status_code == 403
        assert not Draft.objects.exists()

    def test_with_a_good_token_it_is_saved(self, first: Revision) -> None:
        client = client_of("mara", csrf=True)
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', client.get(EDIT).content.decode())
        assert token
        client.post(EDIT, opened(client) | {"do": "save", "csrfmiddlewaretoken": token[1]})
        assert first.message.revisions.count() == 2


class TestANewMessage:
    NEW = "/messages/new/"

    @pytest.fixture
    def theme(self, db: None) -> Theme:
        return Theme.objects.create(key="friends", name="Friends", frame="user", line="…")

    def fields(self, **more: str) -> dict[str, str]:
        return typed(theme="friends", frame="user", locale="en", do="save") | more

    def test_it_is_saved_as_a_draft_message(self, mara: Client, theme: Theme) -> None:
        response = mara.post(self.NEW, self.fields(), follow=True)
        message = Message.objects.get(theme=theme)
        assert response.redirect_chain == [(f"/messages/{message.key}/", 302)]
        assert message.revisions.get().author == world.person("mara")

    def test_it_may_have_a_theme_of_its_own(self, mara: Client) -> None:
        mara.post(self.NEW, self.fields(theme="", theme_name="What friends say"))
        assert Message.objects.get(theme__name="What friends say").frame == "user"

    def test_without_a_theme_the_field_says_so(self, mara: Client) -> None:
        page = html(mara.post(self.NEW, self.fields(theme="")))
        assert '<p class="error" id="id_theme_name_error">Choose a theme above, or enter your own here.</p>' in page

    def test_any_wording_can_be_the_starting_point(self, mara: Client, first: Revision) -> None:
        page = html(mara.get(f"{self.NEW}?copy={first.renditions.get().pk}"))
        assert 'value="A victim headline"' in page
        assert "You are starting from the text of “victim”, version 1. That text does not change." in page
        assert '<option value="theme-victim" selected>' in page

    def test_two_unfinished_messages_do_not_overwrite_each_other(self, mara: Client, theme: Theme) -> None:
        for headline in ("The first", "The second"):
            mara.post(self.NEW, self.fields(headline=headline, do="keep"))
        assert sorted(draft.fields["headline"] for draft in Draft.objects.all()) == ["The first", "The second"]

    def test_an_unfinished_message_is_gone_on_with(self, mara: Client, theme: Theme) -> None:
        mara.post(self.NEW, self.fields(headline="Half", do="keep"))
        draft = Draft.objects.get()
        assert 'value="Half"' in html(mara.get(f"{self.NEW}?draft={draft.pk}"))
        mara.post(self.NEW, self.fields(headline="Whole", draft=str(draft.pk)))
        assert not Draft.objects.exists()

    def test_a_draft_of_somebody_else_is_not_opened_nor_taken(self, mara: Client, theme: Theme) -> None:
        mara.post(self.NEW, self.fields(headline="A secret headline", do="keep"))
        number = str(Draft.objects.get().pk)
        rafael = client_of("rafael")
        assert "A secret headline" not in html(rafael.get(f"{self.NEW}?draft={number}"))
        rafael.post(self.NEW, self.fields(headline="Rafael's", draft=number, do="keep"))
        rafael.post(self.NEW, self.fields(draft=number, do="discard"))
        assert {draft.fields["headline"] for draft in Draft.objects.all()} == {"A secret headline", "Rafael's"}


class TestInSpanish:
    """Whoever reads Spanish meets no English sentence of the program's own."""

    def test_the_remarks_of_the_checks_are_in_spanish(self, client: Client) -> None:
        world.sign_in(client, world.person("mara", "manager"))
        client.cookies["language"] = "es"
        revision = world.approved_revision("user")
        Rendition.objects.create(revision=revision, locale="ar", headline="قف", body="يمكنك.\n\nالتوقف.")
        page = html(client.get(f"/messages/{revision.message.key}/edit/ar/"))
        assert "We have no reading grade" not in page
        assert "No tenemos" in page

    def test_the_themes_of_the_starter_library_are_named_in_spanish(self, client: Client) -> None:
        world.load_starter_library()
        world.sign_in(client, world.person("mara", "manager"))
        client.cookies["language"] = "es"
        page = html(client.get("/messages/new/"))
        assert "Trauma emocional</option>" in page
        assert "Emotional trauma</option>" not in page
