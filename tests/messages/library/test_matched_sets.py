"""The texts of a matched set differ in their appeal alone."""

import re
from itertools import groupby
from typing import Any

import pytest

from messages.library.matched_sets import compose_messages, read_matched_sets
from messages.models import Message
from messages.text.lint import EMBED_LIMITS, LintText, check_text, default_word_lists
from messages.text.readability import measure_readability, split_words
from tests import world
from tests.messages.library.test_starter_messages import SOURCES, THEMES, breaks, gives_a_choice

MESSAGES = list(compose_messages())
SETS = {key: list(messages) for key, messages in groupby(MESSAGES, lambda message: message["matched_set"])}
NAMES_A_SOURCE = re.compile(r"\b(says|said|reports?|therapists?|stud(y|ies)|surveys?|research|experts?|court|police)\b")
NAMES_THE_SUBJECT = re.compile(r"\bfakes? nudes?\b")

every_message = pytest.mark.parametrize("message", MESSAGES, ids=[message["key"] for message in MESSAGES])
every_set = pytest.mark.parametrize("messages", SETS.values(), ids=SETS)


def text(message: dict[str, Any]) -> str:
    (revision,) = message["revisions"]
    return " ".join((revision["headline"], *revision["body"]))


def lint_text(message: dict[str, Any]) -> LintText:
    (revision,) = message["revisions"]
    body = "\n\n".join(revision["body"])
    return LintText(revision["headline"], body, "en", message["claim_strength"], tuple(message["sources"]))


def grade(message: dict[str, Any]) -> float:
    measured = measure_readability(lint_text(message).text, "en")
    assert measured is not None
    return measured.value


def test_each_of_four_sets_has_the_four_appeals() -> None:
    assert len(SETS) == 4
    assert all([m["frame"] for m in messages] == ["neutral", "victim", "user", "both"] for messages in SETS.values())


@every_set
def test_they_have_as_many_words_and_nearly_as_many_characters_and_are_as_easy(messages: list[dict[str, Any]]) -> None:
    assert {len(split_words(text(message))) for message in messages} == {50}
    characters = [len(text(message)) for message in messages]
    assert max(characters) / min(characters) <= 1.061
    grades = [grade(message) for message in messages]
    assert max(grades) - min(grades) <= 0.4 + 1e-9


@every_set
def test_they_share_headline_closing_and_form(messages: list[dict[str, Any]]) -> None:
    shown = [message["revisions"][0] for message in messages]
    assert len({revision["headline"] for revision in shown}) == 1
    assert {len(revision["body"]) for revision in shown} == {2}
    assert len({" ".join(revision["body"][1].split(". ")[-2:]) for revision in shown}) == 1


@pytest.mark.parametrize("parts", read_matched_sets(), ids=lambda parts: parts["key"])
def test_both_is_made_of_the_other_two_word_for_word(parts: dict[str, Any]) -> None:
    texts = {message["frame"]: text(message) for message in SETS[parts["key"]]}
    assert parts["victim"] in texts["victim"]
    assert parts["user"] in texts["user"]
    assert all(parts[appeal] in texts["both"] for appeal in ("victim", "user"))
    assert not any(parts[appeal] in texts["neutral"] for appeal in ("victim", "user"))


def test_each_appeal_comes_first_in_half_of_the_sets() -> None:
    assert sorted(parts["first_in_both"] for parts in read_matched_sets()) == ["user", "user", "victim", "victim"]


@every_message
def test_none_names_a_source_or_a_number_and_all_name_the_subject(message: dict[str, Any]) -> None:
    assert not NAMES_A_SOURCE.search(text(message).lower())
    assert not re.search(r"\d", text(message))
    assert NAMES_THE_SUBJECT.search(text(message).lower())


@every_message
def test_the_lint_has_no_remark_and_nothing_forbidden_is_said(message: dict[str, Any]) -> None:
    assert check_text(lint_text(message), limits=EMBED_LIMITS, word_lists=default_word_lists()) == ()
    assert breaks(text(message)) == []
    assert gives_a_choice(text(message))


@every_message
def test_its_theme_and_sources_are_in_the_library(message: dict[str, Any]) -> None:
    theme = next(theme for theme in THEMES if theme["key"] == message["theme"])
    assert theme["frame"] == message["frame"]
    assert set(message["sources"]) <= {source["key"] for source in SOURCES}
    assert bool(message["sources"]) == (message["claim_strength"] == "reported")


@pytest.mark.django_db
def test_the_library_loads_them_with_their_set() -> None:
    world.load_starter_library()
    stored = Message.objects.exclude(matched_set="").values_list("key", "matched_set", "frame")
    assert sorted(stored) == sorted((m["key"], m["matched_set"], m["frame"]) for m in MESSAGES)
