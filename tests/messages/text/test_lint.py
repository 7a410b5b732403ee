"""The lint: each rule on a text that breaks it and on one that does not, and on the starter library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from messages.text.lint import (
    EMBED_LIMITS,
    HOSTED_PAGE_LIMITS,
    MUST,
    SHOULD,
    LintText,
    Remark,
    TextLimits,
    check_text,
    default_word_lists,
    parse_word_lists,
)

LIBRARY = Path(__file__).resolve().parents[3] / "messages" / "library"
LISTS = default_word_lists()
FINE = "They did not say yes. You can stop here."
MESSAGES = json.loads((LIBRARY / "messages.json").read_text(encoding="utf-8"))
STARTER = [
    (
        f"{message['key']}-{number}",
        LintText(
            revision["headline"],
            "\n\n".join(revision["body"]),
            "en",
            message["claim_strength"],
            tuple(message["sources"]),
        ),
    )
    for message in MESSAGES
    for number, revision in enumerate(message["revisions"], start=1)
]


def said(
    body: str = FINE,
    *,
    headline: str = "A calm headline",
    locale: str = "en",
    strength: str = "value",
    sources: tuple[str, ...] = (),
    form: TextLimits = HOSTED_PAGE_LIMITS,
    never_name: tuple[str, ...] = (),
) -> dict[str, Remark]:
    """Remarks by code."""
    words = LintText(headline, body, locale, strength, sources)
    return {remark.code: remark for remark in check_text(words, limits=form, word_lists=LISTS, never_name=never_name)}


def words(number: int, *, each: str = "cat", per_sentence: int = 5) -> str:
    return " ".join(f"{each}." if i % per_sentence == 0 else each for i in range(1, number + 1))


@pytest.mark.parametrize("starter", [pytest.param(w, id=name) for name, w in STARTER])
def test_no_starter_message_has_to_change(starter: LintText) -> None:
    assert [r for r in check_text(starter, limits=EMBED_LIMITS, word_lists=LISTS) if r.severity == MUST] == []


def test_the_starter_library_has_no_remark_at_all() -> None:
    """The starter library reveals rules that are too strict."""
    advised = [
        (name, r.code) for name, text in STARTER for r in check_text(text, limits=EMBED_LIMITS, word_lists=LISTS)
    ]
    assert advised == []


def test_calm_words_have_no_remark() -> None:
    assert said() == {}


@pytest.mark.parametrize(
    ("code", "planted", "locale"),
    [
        ("shame", "Only a creep would do this.", "en"),
        ("shame", "What a DISGUSTING\nthing.", "en"),
        ("victim-blame", "She shouldn’t have posted it.", "en"),
        ("blaming-name", "This is revenge porn.", "en"),
        ("explicit", "A naked picture of her.", "en"),
        ("tool", "A nudifier did this.", "en"),
        ("how-to", "Upload a photo and wait.", "en"),
        ("threat", "We know who you are.", "en"),
        ("urgency", "Only ten seconds left.", "en"),
        ("age-question", "How old are you?", "en"),
        ("promise", "You will end up alone.", "en"),
        ("certain", "It makes you cold.", "en"),
        ("study", "Studies show that it harms.", "en"),
        ("address", "See www.example.org for more.", "en"),
        ("address", "Write to @somebody there.", "en"),
        ("placeholder", "Lorem ipsum. You can stop.", "en"),
        ("placeholder", "In [country] this can be a crime.", "en"),
        ("placeholder", "TODO", "en"),
        ("shame", "Das asco.", "es"),
        ("victim-blame", "Se lo buscó.", "es"),
        ("threat", "Sabemos quién eres.", "es"),
        ("age-question", "¿Cuántos años tienes?", "es"),
        ("urgency", "Date prisa.", "es"),
        ("shame", "C’est dégoûtant.", "fr"),
        ("victim-blame", "Elle l’a bien cherché.", "fr"),
        ("promise", "Vous le regretterez.", "fr"),
        ("how-to", "Il suffit d’une photo et d’un clic.", "fr"),
    ],
)
def test_a_planted_fault_has_to_change(code: str, planted: str, locale: str) -> None:
    remark = said(planted, locale=locale)[code]
    assert (remark.severity, remark.where) == (MUST, "body")
    assert code in said(headline=planted, locale=locale)


@pytest.mark.parametrize(
    ("code", "planted"),
    [
        ("absolute", "It always hurts."),
        ("absolute", "You will see it one day."),
        ("order", "You must leave."),
        ("moralising", "This is a dirty habit."),
        ("illness", "Lonely people come here."),
        ("easy-or-common", "It is so easy."),
        ("law", "This is illegal."),
        ("tool-hint", "An app did this."),
        ("exclamation", "Think again!"),
        ("capitals", "THINK again."),
        ("markup", "It <b>hurts</b>."),
        ("markup", "It **hurts**."),
    ],
)
def test_a_planted_weakness_is_worth_a_thought(code: str, planted: str) -> None:
    assert said(planted)[code].severity == SHOULD


@pytest.mark.parametrize(
    "passes",
    [
        "That does not happen to everyone.",
        "Which causes which is unknown.",
        "The person is under 18.",
        "You may be young, and that is no shame.",
        "Happy people stop here.",  # contains "app"
        "A yes is asked for.",
        "In one country it can be a crime.",
        "The UK and the USA have laws.",
        "They never asked for this.",
        "Nobody deserves it.",
        "It is not their own fault.",
        "Doubt can creep in.",
        "We keep no list and cannot identify you.",
        "If you do not wait, waiting may feel wrong.",
        "It can strip away their say.",
    ],
)
def test_words_that_only_look_like_a_fault_may_pass(passes: str) -> None:
    assert said(passes) == {}


@pytest.mark.parametrize(
    ("passes", "locale"),
    [("No es culpa suya.", "es"), ("Ce n’est pas de sa faute.", "fr"), ("Il suffit de fermer cette page.", "fr")],
)
def test_words_that_take_the_blame_away_may_pass_in_spanish_and_french(passes: str, locale: str) -> None:
    assert said(passes, locale=locale) == {}


def test_an_address_is_quoted_without_the_stop_behind_it() -> None:
    assert said("See www.example.org.")["address"].sentence.startswith("“www.example.org” is an address.")


def test_the_word_lists_of_one_language_leave_another_alone() -> None:
    assert "order" not in said("You must.", locale="es")
    assert "order" in said("Tienes que salir.", locale="es-MX")
    assert "order" not in said("Tienes que salir.", locale="en")


def test_names_on_the_list_of_the_installation_are_found_in_any_language() -> None:
    assert said("مع Fakemaker3000 الآن", locale="ar", never_name=("fakemaker*",))["tool"].severity == MUST
    assert "tool" not in said("A remake of the film.", never_name=("make",))


@pytest.mark.parametrize(
    ("strength", "is_said"), [("documented", False), ("linked", True), ("reported", True), ("value", True)]
)
def test_a_cause_is_claimed_only_by_what_is_documented(strength: str, is_said: bool) -> None:
    assert ("certain" in said("It causes harm, in one survey.", strength=strength, sources=("A",))) is is_said


def test_studies_are_named_only_by_what_rests_on_them() -> None:
    assert "study" in said("Studies show it can hurt.", strength="reported", sources=("A",))
    assert "study" not in said("Studies show it can hurt.", strength="linked", sources=("A",))


def test_a_promise_fits_no_claim() -> None:
    assert "promise" in said("You will end up alone.", strength="documented", sources=("A",))


def test_a_claim_needs_a_source_and_a_value_does_not() -> None:
    assert said("It can hurt.", strength="reported")["no-source"].where == "claim"
    assert "no-source" not in said("It can hurt.", strength="reported", sources=("A",))
    assert "no-source" not in said("It can hurt.", strength="value")


@pytest.mark.parametrize(
    "figure", ["84 in 100 agree.", "Most, 84% of them.", "Four in five agree.", "Half of them agree."]
)
def test_a_figure_needs_a_source_and_a_claim(figure: str) -> None:
    assert said(figure)["number-without-source"].severity == MUST
    assert said(figure, sources=("A",))["number-without-claim"].severity == SHOULD
    assert not {"number-without-source", "number-without-claim"} & set(
        said(figure, sources=("A",), strength="documented")
    )


def test_a_reported_claim_says_how_sure_it_is() -> None:
    assert "no-hedge" in said("It hurts.", strength="reported", sources=("A",))
    assert "no-hedge" not in said("It may hurt.", strength="reported", sources=("A",))
    assert "no-hedge" not in said("It hurts.", strength="documented", sources=("A",))
    assert "no-hedge" not in said("هذا مؤلم", locale="ar", strength="reported", sources=("A",))


def test_length_is_read_against_the_place() -> None:
    for form in (EMBED_LIMITS, HOSTED_PAGE_LIMITS):
        assert "long-text" not in said(words(form.word_limit - 3), form=form)  # the headline has three
        assert said(words(form.word_limit - 2), form=form)["long-text"].severity == SHOULD
        assert "long-headline" not in said(headline="a" * form.headline_limit, form=form)
        assert said(headline="a" * (form.headline_limit + 1), form=form)["long-headline"].severity == SHOULD


def test_a_text_too_long_for_any_place_has_to_change() -> None:
    assert said(words(157))["long-text"].severity == SHOULD
    assert said(words(158))["long-text"].severity == MUST


@pytest.mark.parametrize(("length", "severity"), [(20, None), (21, SHOULD), (30, SHOULD), (31, MUST)])
def test_a_long_sentence_is_named_by_its_beginning(length: int, severity: str | None) -> None:
    remark = said("You can go. " + words(length, per_sentence=length)).get("long-sentence")
    assert (remark and remark.severity) == severity
    assert remark is None or remark.sentence.startswith(f"“cat cat cat cat cat …” has {length} words.")


def test_hard_words_are_told_with_their_grade() -> None:
    harder = said(words(20, each="consideration"))["hard-to-read"]
    assert harder.severity == MUST
    assert "(Flesch-Kincaid). Aim for 7 or less" in harder.sentence
    somewhat = said(" ".join(["Someone trusted you with an ordinary picture of a holiday by the sea."] * 3))
    assert somewhat["hard-to-read"].severity == SHOULD


@pytest.mark.parametrize(("locale", "formula"), [("es", "Szigriszt-Pazos"), ("fr-CA", "Kandel-Moles")])
def test_spanish_and_french_have_their_own_figure(locale: str, formula: str) -> None:
    remark = said(words(20, each="consideración"), locale=locale)["hard-to-read"]
    assert f"({formula})" in remark.sentence
    assert "or more" in remark.sentence


def test_a_language_without_a_formula_is_said_to_have_none() -> None:
    assert said("هذا شخص حقيقي.", locale="ar")["no-grade"].severity == SHOULD


def test_an_empty_part_is_the_only_remark() -> None:
    assert set(said("  ")) == {"empty"}
    assert said(headline="")["empty"].where == "headline"


def test_what_has_to_change_comes_first() -> None:
    order = [
        r.severity
        for r in check_text(
            LintText("You must!", "Only creeps do.", "en", "none"), limits=EMBED_LIMITS, word_lists=LISTS
        )
    ]
    assert order == sorted(order)
    assert set(order) == {MUST, SHOULD}


def test_every_phrase_says_why_and_what_instead_in_words_that_pass_themselves() -> None:
    assert {phrase.language for phrase in LISTS.phrases} == {"en", "es", "fr"}
    for phrase in LISTS.phrases:
        assert phrase.why.endswith(".")
        assert not phrase.find_in(phrase.instead), phrase


def test_no_phrase_leads_an_author_to_cite_a_source_that_other_arms_do_not() -> None:
    for phrase in LISTS.phrases:
        cites = LISTS.marks.get((phrase.language, "source"))
        assert not (cites and cites.search(phrase.instead)), phrase


def test_a_severity_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="“must” or “should”"):
        parse_word_lists(
            '[[phrase]]\nlanguage = "en"\nkind = "x"\nseverity = "maybe"\nsay = ["x"]\nwhy = "."\ninstead = ""\n'
            '[[hedge]]\nlanguage = "en"\nsay = ["can"]'
        )


def test_a_text_far_longer_than_any_field_is_not_read() -> None:
    assert set(said("a-" * 20_000)) == {"too-long"}
    assert set(said(headline="x" * 6_000)) == {"too-long"}
