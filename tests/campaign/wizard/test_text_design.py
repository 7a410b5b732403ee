"""Which texts stand for each message: matched sets, different texts, or one; what is offered, refused and kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.launch_checks import submission_obstacles
from campaign.models import AnalysisPlan, Campaign
from campaign.wizard import arms
from campaign.wizard.matched_sets import offered_sets, set_name
from campaign.wizard.questions import missing_answers
from messages.library.matched_sets import read_matched_sets
from messages.models import Message, Revision
from messages.review import workflow
from tests import world
from tests.campaign.wizard.test_answers import mara, new_draft, save
from tests.campaign.wizard.test_views import answer, at, page, text

pytestmark = pytest.mark.django_db
FOUR = ("neutral", "victim", "user", "both")
STARTER = [parts["key"] for parts in read_matched_sets()]


@pytest.fixture
def manager(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


def matched_set(key: str, frames: tuple[str, ...] = FOUR, *, locales: tuple[str, ...] = ("en",)) -> list[Revision]:
    return [world.approved_revision(frame, matched_set=key, locales=locales) for frame in frames]


def sets_of(campaign: Campaign) -> dict[str, list[str]]:
    return {
        arm.key: [text.revision.message.matched_set for text in arm.texts.all()] for arm in campaign.arms.with_texts()
    }


def design_of(campaign: Campaign) -> str:
    return AnalysisPlan.objects.get(campaign=campaign).texts


class TestAPresetBeginsWithMatchedSets:
    def test_of_the_starter_library_for_all_four_messages(self) -> None:
        world.load_starter_library()
        campaign = save(new_draft(), "compare", preset="full")
        assert design_of(campaign) == "matched"
        assert sets_of(campaign) == dict.fromkeys(FOUR, STARTER)

    @pytest.mark.parametrize(("preset", "frames"), [("any", ["neutral", "both"]), ("against", ["victim", "user"])])
    def test_for_two_messages_as_well(self, preset: str, frames: list[str]) -> None:
        world.load_starter_library()
        campaign = save(new_draft(), "compare", preset=preset)
        assert [arm.frame for arm in campaign.arms.with_texts()] == frames
        assert set(map(tuple, sets_of(campaign).values())) == {tuple(STARTER)}

    def test_or_with_one_text_each_where_there_is_no_second_set(self) -> None:
        matched_set("only-one")
        campaign = save(new_draft(), "compare", preset="full")
        assert design_of(campaign) == ""
        assert {len(own) for own in sets_of(campaign).values()} == {1}

    def test_another_comparison_keeps_the_sets_that_were_chosen(self) -> None:
        world.load_starter_library()
        campaign = save(new_draft(), "compare", preset="against")
        campaign = save(campaign, "texts", design="matched", sets=(STARTER[2], STARTER[0]))
        campaign = save(campaign, "compare", preset="full")
        assert sets_of(campaign) == {key: [STARTER[2], STARTER[0]] for key in FOUR}

    def test_and_goes_back_to_one_text_each_if_no_set_has_all_messages(self) -> None:
        for key in ("one-set", "other-set"):
            matched_set(key, ("victim", "user"))
        world.approved_revision("neutral")
        world.approved_revision("both")
        campaign = save(new_draft(), "compare", preset="against")
        assert design_of(campaign) == "matched"
        campaign = save(campaign, "compare", preset="full")
        assert design_of(campaign) == ""
        assert {len(own) for own in sets_of(campaign).values()} == {1}


class TestASetIsOffered:
    def test_if_each_arm_has_an_approved_text_of_it(self) -> None:
        matched_set("whole")
        matched_set("part", ("neutral", "victim"))
        assert list(offered_sets(FOUR)) == ["whole"]
        assert sorted(offered_sets(["victim", "neutral"])) == ["part", "whole"]

    def test_unless_one_of_them_was_withdrawn_or_stopped(self) -> None:
        withdrawn, stopped = matched_set("withdrawn"), matched_set("stopped")
        workflow.withdraw(withdrawn[1].renditions.get(), by=mara(), now=world.NOON, reason="Unkind.")
        Message.objects.filter(pk=stopped[2].message_id).update(stopped_at=world.NOON, stopped_reason="Unkind.")
        assert offered_sets(FOUR) == {}

    def test_in_the_languages_that_all_of_its_texts_have(self) -> None:
        matched_set("both-languages", ("neutral",), locales=("en", "es"))
        matched_set("both-languages", ("victim",))
        matched_set("nothing-shared", ("neutral",), locales=("es",))
        matched_set("nothing-shared", ("victim",))
        offered = offered_sets(["neutral", "victim"])
        assert {key: one.locales for key, one in offered.items()} == {"both-languages": {"en"}}

    def test_never_for_two_arms_of_one_appeal(self) -> None:
        matched_set("whole")
        assert offered_sets(["victim", "victim"]) == {}

    def test_with_the_newest_words_unless_older_ones_were_chosen(self) -> None:
        first = matched_set("whole", ("victim",))[0]
        second = Revision.objects.create(message=first.message, number=2, claim_strength="none")
        rendition = second.renditions.create(locale="en", headline="New", body="Words.\n\nMore.")
        workflow.submit(rendition, now=world.NOON)
        workflow.approve(rendition, by=None, now=world.NOON)
        assert offered_sets(["victim"])["whole"].revisions == (second,)
        assert offered_sets(["victim"], preferred=[first.pk])["whole"].revisions == (first,)


class TestThePage:
    def test_it_says_what_each_way_can_answer_and_recommends_matched_sets(self, manager: Client) -> None:
        world.draft()
        html = page(manager, at("texts"))
        assert "The same text, written once for each appeal" in html
        assert "The result is about this text, not about its appeal" in html
        assert '<b>Matched sets</b> <span class="tag">Recommended</span>' in html

    def test_the_sets_can_be_read_before_they_are_chosen(self, manager: Client) -> None:
        world.load_starter_library()
        world.draft()
        html = page(manager, at("texts"))
        assert all(f"<b>{set_name(key)}</b>" in html for key in STARTER)
        assert '<a href="/messages/exchange/">import them</a>' in html
        assert "The person shown may feel frightened and hurt." in html
        assert html.count("checked") == 5  # one text each, as it stands, and the sets to begin with

    def test_sets_are_chosen_there(self, manager: Client) -> None:
        world.load_starter_library()
        campaign = world.draft()
        answer(manager, "texts", design="matched", sets=STARTER[1:])
        assert design_of(campaign) == "matched"
        assert sets_of(campaign) == dict.fromkeys(FOUR, STARTER[1:])
        assert submission_obstacles(Campaign.objects.get()) == []

    @pytest.mark.parametrize(
        ("sets", "said"),
        [
            ([], "Choose at least two sets"),
            (["one-set"], "Choose at least two sets"),
            (["one-set", "spanish"], "There is no language in which all these sets are approved."),
            (["one-set", "gone"], "One of the sets is no longer approved for all your messages."),
        ],
    )
    def test_an_error_stands_beside_the_sets_and_what_was_ticked_stays(
        self, manager: Client, sets: list[str], said: str
    ) -> None:
        matched_set("one-set")
        matched_set("other-set")
        matched_set("spanish", locales=("es",))
        campaign = world.draft()
        response = answer(manager, "texts", design="matched", sets=sets)
        assert said in text(response).partition('id="id_sets_error"')[2].partition("</p>")[0]
        assert response.context["form"]["design"].value() == "matched"
        assert response.context["form"]["sets"].value() == sets
        assert design_of(campaign) == ""

    def test_where_no_set_is_whole_matched_ones_are_refused_beside_the_choice(self, manager: Client) -> None:
        campaign = world.draft()
        html = text(answer(manager, "texts", design="matched"))
        assert "Not enough sets have an approved text" in html.partition('id="id_design_error"')[2].partition("</p>")[0]
        assert design_of(campaign) == ""

    def test_thirteen_sets_are_one_too_many(self, manager: Client) -> None:
        keys = [f"set-{number}" for number in range(13)]
        for key in keys:
            matched_set(key, ("neutral", "victim"))
        world.draft(arms={"neutral": 1, "victim": 1})
        assert "Choose at most 12 sets." in text(answer(manager, "texts", design="matched", sets=keys))
        assert answer(manager, "texts", design="matched", sets=keys[1:]).status_code == 302

    def test_without_arms_it_leads_to_the_comparison(self, manager: Client) -> None:
        new_draft()
        assert at("compare", "ours") in page(manager, at("texts", "ours"))

    def test_one_text_each_keeps_the_first(self, manager: Client) -> None:
        campaign = world.draft(texts=3, design="matched")
        first = [arm.first_revision for arm in campaign.arms.with_texts()]
        answer(manager, "texts", design="one")
        assert design_of(campaign) == ""
        arms_now = list(campaign.arms.with_texts())
        assert [[text.revision for text in arm.texts.all()] for arm in arms_now] == [[each] for each in first]


class TestDifferentTexts:
    @pytest.fixture
    def campaign(self) -> Campaign:
        return save(world.draft(arms={"neutral": 1, "victim": 1}), "texts", design="different")

    def press(self, client: Client, do: str, revision: Revision) -> Any:
        return client.post(at("words") + "victim/", {"do": do, "revision": revision.pk}, follow=True)

    def revisions(self, campaign: Campaign) -> list[Revision]:
        return [text.revision for text in campaign.arms.get(key="victim").texts.all()]

    def test_each_message_lacks_a_second_one_at_first(self, manager: Client, campaign: Campaign) -> None:
        missing = missing_answers(submission_obstacles(campaign))
        assert [one.question_key for one in missing] == ["words", "words"]
        assert "“Victim” has one text. Choose at least one more." in [one.sentence for one in missing]
        assert page(manager, at("words")).count("One text so far. Choose at least one more.") == 2

    def test_texts_are_added_and_taken_out_again(self, manager: Client, campaign: Campaign) -> None:
        first, second, third = self.revisions(campaign)[0], *(world.approved_revision("victim") for _ in range(2))
        assert "1 text is chosen." in page(manager, at("words") + "victim/")
        for revision in (second, second, third):  # twice by two quick presses
            self.press(manager, "add", revision)
        assert self.revisions(campaign) == [first, second, third]
        self.press(manager, "remove", first)
        assert self.revisions(campaign) == [second, third]
        assert [t.position for t in campaign.arms.get(key="victim").texts.all()] == [0, 1]

    def test_the_last_text_stays_and_a_thirteenth_is_refused(self, manager: Client, campaign: Campaign) -> None:
        first = self.revisions(campaign)[0]
        assert "A message needs at least one text. Add another one first." in text(self.press(manager, "remove", first))
        for _ in range(11):
            self.press(manager, "add", world.approved_revision("victim"))
        assert len(self.revisions(campaign)) == 12
        assert "A message can have at most 12 texts." in text(
            self.press(manager, "add", world.approved_revision("victim"))
        )

    def test_words_of_another_appeal_are_neither_offered_nor_taken(self, manager: Client, campaign: Campaign) -> None:
        other = world.approved_revision("user", headline="Something about the reader")
        assert "Something about the reader" not in page(manager, at("words") + "victim/")
        assert "This text does not fit here." in text(self.press(manager, "add", other))
        assert len(self.revisions(campaign)) == 1

    def test_a_text_that_was_withdrawn_can_be_taken_out(self, manager: Client, campaign: Campaign) -> None:
        gone = world.approved_revision("victim")
        self.press(manager, "add", gone)
        workflow.withdraw(gone.renditions.get(), by=mara(), now=world.NOON, reason="Unkind.")
        assert "This text is no longer approved." in page(manager, at("words") + "victim/")
        self.press(manager, "remove", gone)
        assert gone not in self.revisions(campaign)

    def test_once_a_colleague_chose_one_text_each_nothing_is_added(self, manager: Client, campaign: Campaign) -> None:
        save(campaign, "texts", design="one")
        html = text(self.press(manager, "add", world.approved_revision("victim")))
        assert "A colleague has chosen another text." in html
        assert len(self.revisions(campaign)) == 1


class TestArmsOfOnesOwn:
    def test_another_message_comes_with_the_texts_of_the_chosen_sets(self) -> None:
        world.load_starter_library()
        campaign = save(save(new_draft(), "compare", preset="against"), "compare", preset="own")
        assert design_of(campaign) == "matched"
        added = arms.add_arm(campaign, by=mara())
        assert added.frame == "both"
        assert sets_of(campaign)[added.key] == STARTER

    def test_unless_the_sets_have_none_for_it(self, manager: Client) -> None:
        for key in ("one-set", "other-set"):
            matched_set(key, ("victim", "user"))
        save(save(new_draft(), "compare", preset="against"), "compare", preset="own")
        html = text(answer(manager, "words", "ours", do="add"))
        assert "Your matched sets have no text for another message." in html

    def test_a_message_that_leaves_takes_its_texts_along(self) -> None:
        world.load_starter_library()
        campaign = save(save(new_draft(), "compare", preset="full"), "compare", preset="own")
        arms.remove_arm(campaign, "message-2", by=mara())
        assert len(sets_of(campaign)) == 3
        assert set(map(tuple, sets_of(campaign).values())) == {tuple(STARTER)}


def test_the_words_of_matched_sets_are_changed_by_their_sets_alone(manager: Client) -> None:
    campaign = world.draft(texts=2, design="matched")
    html = page(manager, at("words"))
    assert "Set: Pilot set 2" in html
    assert "Choose other sets" in html
    assert "Choose another text" not in html
    assert manager.get(at("words") + "victim/").headers["Location"] == at("texts")
    before = sets_of(campaign)
    manager.post(at("words") + "victim/", {"revision": world.approved_revision("victim").pk, "was": 0})
    assert sets_of(campaign) == before


def test_a_set_that_lost_a_text_meanwhile_is_not_stored() -> None:
    campaign = world.draft()
    matched_set("one-set")
    with pytest.raises(ActionRefused, match="no longer approved for all"):
        save(campaign, "texts", design="matched", sets=("one-set", "gone"))


def test_the_page_with_all_answers_names_the_sets(manager: Client) -> None:
    world.draft(texts=2, design="matched")
    html = page(manager, "/campaigns/pilot/plan-it/")
    assert "2 sets: Pilot set 1, Pilot set 2." in html
    assert "“A victim headline” (version 1) and 1 more text" in html
