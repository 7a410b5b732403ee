"""The starter library is kind, hedged and easy to read, and its texts differ in their appeal alone."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from messages.help_links.doors import PARTS
from messages.library.matched_sets import compose_messages
from messages.text.comparability import ComparedText, check_arms, measure_text
from messages.text.lint import LintText

LIBRARY = Path(__file__).resolve().parents[3] / "messages" / "library"
FRAMES = {"victim", "user", "both", "neutral", "other"}
CLAIM_STRENGTHS = {"documented", "linked", "reported", "value", "none"}
WORDS_IN_ALL = 50
LONGEST_SENTENCE = 20
HIGHEST_GRADE = 7.0

# Phrases that no message may contain, by the harm they do. Each is a pattern of whole words that ignores case.
FORBIDDEN = {
    "shame or insult": (
        "ashamed of yourself|shame on|disgust\\w*|pathetic|creep[sy]?|pervert\\w*|predators?|abusers?|offenders?",
        "addicts?|losers?|freaks?|sick",
    ),
    "blame of the person depicted": (
        "asked for (it|this)|asking for (it|this)|had it coming|deserved? (it|this)|(their|her|his) (own )?fault",
        "should(n't| not| never) have (posted|shared|sent|worn)",
    ),
    "a name that blames": ("revenge[ -]?porn\\w*",),
    "a tool, or how to find one": (
        "nudif\\w*|undress\\w*|deepnude|clothoff|grok|diffusion|midjourney|apps?|bots?|generators?",
        "https?:\\S*|www\\.\\S*|\\S+\\.(com|ai|org)",
    ),
    "how easy or common it is": (
        "easy|easily|effortless|simple to|in seconds|anyone can|one click",
        "everyone (does|is)|so common|more and more people|millions",
    ),
    "sexual imagery": ("naked|breasts?|genitals?|sexy|hot|porn\\w*|explicit|arous\\w+|strip\\w*|orgasm\\w*|lingerie",),
    "a threat we cannot carry out": (
        "we know|we can see|your ip|your address|track(ed|ing)? you|traced? you|identify you|report(ed)? you",
        "being (watched|recorded)|police",
    ),
    "a promised outcome": (
        "(you|it|this|they)( will|['’]ll)|makes|will make|proves|guarantees?|always leads|never be able",
        "ends? up alone|destroys|ruins",
    ),
    "moralising": ("sins?|sinful|immoral|filth\\w*|dirty|evil|decent people|moral\\w*",),
    "loneliness as an illness": (
        "lonely (people|men|boys)|disorder\\w*|symptoms?|diagnos\\w+|mentally|desperate|incels?",
    ),
    "what dares, normalises, teaches or feeds": (
        "what would you see|never find out|(nobody|no one) will (know|notice)|in secret|without them knowing",
        "smil(ed|es) at you|bod(y|ies) works?|rewards?|obeys?|a boss|whole class|in a hundred|in your shoes|a dare",
    ),
    "an order": ("(you|one) (must|have to|need to|should)|(?<!can )stop now|do not dare|don't you dare",),
}
SHOUTING = r"!|\b[A-Z]{4,}\b"
# Phrases of one frame that another may not contain, because campaigns compare frames.
FRAME_BLEED = {
    "victim": (
        "closeness|therapists?|lone\\w+|relationships?|cost you|leave you|your (own )?(habit|skill|practice)s?",
    ),
    "user": ("victims?|did not say yes|harm\\w*|hurts?|crimes?|the person (in|shown)|their (name|face|body|photo)",),
    "neutral": (
        "harm\\w*|hurt\\w*|fakes?|real|person|someone|consent|crimes?|laws?|help\\w*|stop|safe\\w*|clos\\w+|therapists?",
        "wrong|right|kind|should|must|better|worse|risks?|love|choose|think",
    ),
}
CHOICE = r"\byou (can|could|are free to)\b|\b(choice is (still )?yours|your choice|up to you)\b"
HEDGE = r"\b(can|cannot|may|might|could|tended to|is linked with|therapists? (reports?|says?|describes?|warns?))\b"


@dataclass(frozen=True)
class Revision:
    message: str
    frame: str
    number: int
    headline: str
    body: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join((self.headline, *self.body))

    def __str__(self) -> str:
        return f"{self.message}-{self.number}"


def load(name: str) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], json.loads((LIBRARY / f"{name}.json").read_text(encoding="utf-8")))


THEMES, SOURCES, MESSAGES, HELP_LINKS = load("themes"), load("sources"), load("messages"), load("helplinks")


def revisions_of(message: dict[str, Any]) -> Iterator[Revision]:
    for number, revision in enumerate(message["revisions"], start=1):
        yield Revision(message["key"], message["frame"], number, revision["headline"], tuple(revision["body"]))


REVISIONS = [revision for message in MESSAGES for revision in revisions_of(message)]
COMPOSED = list(compose_messages())
NEUTRAL = {
    text["headline"]: LintText(text["headline"], "\n\n".join(text["body"]), "en", "none")
    for message in COMPOSED
    if message["frame"] == "neutral"
    for text in message["revisions"]
}

every_revision = pytest.mark.parametrize("revision", REVISIONS, ids=str)
every_message = pytest.mark.parametrize("message", MESSAGES, ids=[message["key"] for message in MESSAGES])


def words(text: str) -> int:
    return len(text.split())


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.?!])\s+", text.strip())


def finds(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def says(phrases: tuple[str, ...], text: str) -> bool:
    return finds(rf"(?<!\w)({'|'.join(phrases)})(?!\w)", text)


def breaks(text: str) -> list[str]:
    """The forbidden phrases in a text."""
    said = [name for name, phrases in FORBIDDEN.items() if says(phrases, text)]
    return [*said, "shouting"] if re.search(SHOUTING, text) else said


def bleeds(frame: str, text: str) -> bool:
    return frame in FRAME_BLEED and says(FRAME_BLEED[frame], text)


def gives_a_choice(text: str) -> bool:
    return finds(CHOICE, text)


def is_hedged(text: str) -> bool:
    """Whether a statement, apart from the offered choice, is worded as a possibility or a report."""
    return finds(HEDGE, re.sub(CHOICE, "", text, flags=re.IGNORECASE))


def reading_grade(text: str) -> float:
    """Flesch-Kincaid grade; a word that is not in the pronouncing dictionary ("18") is swapped for one as long,
    because textstat up to 0.7.7 raises KeyError on it."""
    import textstat  # with its dictionary: only where it is used

    stand_ins = ("day", "water", "family", "january", "university")
    plain = re.sub(r"[-'’]", "", text)
    while True:
        try:
            return float(textstat.flesch_kincaid_grade(plain))
        except KeyError as missing:
            word = str(missing.args[0])
            syllables = max(1, len(re.findall(r"[aeiouy]+|\d", word)))
            swapped = re.sub(rf"\b{re.escape(word)}\b", stand_ins[min(syllables, 5) - 1], plain, flags=re.IGNORECASE)
            if swapped == plain:
                raise
            plain = swapped


@pytest.mark.parametrize("rows", [THEMES, SOURCES, MESSAGES, HELP_LINKS], ids=["themes", "sources", "messages", "help"])
def test_keys_are_unique_slugs(rows: list[dict[str, Any]]) -> None:
    keys = [row["key"] for row in rows]
    assert len(keys) == len(set(keys))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) for key in keys)


def test_the_twenty_themes_are_numbered_without_a_gap() -> None:
    assert sorted(theme["number"] for theme in THEMES if theme["number"] is not None) == list(range(1, 21))


def test_every_theme_has_a_message() -> None:
    assert {theme["key"] for theme in THEMES} == {message["theme"] for message in (*MESSAGES, *COMPOSED)}


def test_themes_keep_the_balance_of_frames() -> None:
    numbered = [theme["frame"] for theme in THEMES if theme["number"] is not None]
    assert {frame: numbered.count(frame) for frame in set(numbered)} == {"victim": 6, "user": 10, "both": 4}


@every_message
def test_message_uses_known_words_only(message: dict[str, Any]) -> None:
    assert message["frame"] in FRAMES
    assert message["claim_strength"] in CLAIM_STRENGTHS
    assert set(message["sources"]) <= {source["key"] for source in SOURCES}
    assert message["frame"] == next(theme["frame"] for theme in THEMES if theme["key"] == message["theme"])


@every_message
def test_message_that_claims_something_names_a_source(message: dict[str, Any]) -> None:
    assert message["sources"] or message["claim_strength"] in {"value", "none"}


@every_message
def test_message_carries_one_sentence_for_its_reviewer(message: dict[str, Any]) -> None:
    assert message["note"].endswith(".")
    assert words(message["note"]) >= 10


@pytest.mark.parametrize("frame", ["victim", "user", "both"])
def test_frame_is_not_judged_by_one_message(frame: str) -> None:
    assert sum(message["frame"] == frame for message in MESSAGES) >= 3


def test_no_two_texts_make_their_appeal_in_the_same_words() -> None:
    appeals = [revision.body[0].lower() for revision in REVISIONS]
    appeals += [text["body"][0].lower() for message in COMPOSED for text in message["revisions"]]
    alike = {appeal for appeal in appeals if appeals.count(appeal) > 1}
    # In a matched set "both" begins with the pair of another text, word for word.
    assert alike == {
        text["body"][0].lower() for message in COMPOSED if message["frame"] == "both" for text in message["revisions"]
    }


def test_every_source_is_used_and_says_how_it_is_known() -> None:
    used = {key for message in (*MESSAGES, *COMPOSED) for key in message["sources"]}
    assert {source["key"] for source in SOURCES} == used
    assert {source["known_how"] for source in SOURCES} <= {"abstract read", "page opening read", "data rows read"}
    assert all(source["title"] and source["authors"] and source["where"] for source in SOURCES)
    assert all(source["year"] is None or 2000 <= source["year"] <= 2100 for source in SOURCES)


@every_revision
def test_revision_has_a_headline_and_two_paragraphs_of_whole_sentences(revision: Revision) -> None:
    assert len(revision.body) == 2
    assert all(part == part.strip() and part[-1] in ".?" for part in (revision.headline, *revision.body))


@every_revision
def test_revision_differs_from_the_neutral_text_in_its_appeal_alone(revision: Revision) -> None:
    neutral = NEUTRAL[revision.headline]
    text = LintText(revision.headline, "\n\n".join(revision.body), "en", "value")
    assert check_arms([ComparedText("Neutral", neutral, "neutral"), ComparedText(str(revision), text, "user")]) == ()
    facts = measure_text(text)
    assert facts.words == WORDS_IN_ALL
    assert facts.characters in range(244, 268)
    assert facts.button_position == measure_text(neutral).button_position
    assert (facts.names_subject, facts.cites_source, facts.offers_way_out, facts.suggests_step) == (
        True,
        False,
        True,
        True,
    )
    assert facts.readability is not None
    assert 1 <= facts.readability.value <= 2.3


@pytest.mark.slow
@every_revision
def test_revision_can_be_read_by_a_twelve_year_old(revision: Revision) -> None:
    assert reading_grade(revision.text) <= HIGHEST_GRADE
    assert max(words(sentence) for sentence in sentences(revision.text)) <= LONGEST_SENTENCE


@every_revision
def test_revision_says_nothing_forbidden(revision: Revision) -> None:
    assert breaks(revision.text) == []


@every_revision
def test_revision_speaks_to_the_reader(revision: Revision) -> None:
    assert finds(r"\byou\b", revision.text)


@every_revision
def test_revision_stays_inside_its_frame(revision: Revision) -> None:
    assert not bleeds(revision.frame, revision.text)


@every_revision
def test_revision_leaves_the_choice_with_the_reader_and_names_a_next_step(revision: Revision) -> None:
    assert gives_a_choice(revision.body[-1])


@pytest.mark.parametrize("revision", [r for r in REVISIONS if r.frame in {"user", "both"}], ids=str)
def test_claim_about_the_reader_is_hedged(revision: Revision) -> None:
    assert is_hedged(revision.text)


@pytest.mark.parametrize("revision", [r for r in REVISIONS if r.frame == "both"], ids=str)
def test_message_for_both_speaks_of_the_other_person_and_of_the_reader(revision: Revision) -> None:
    offered_choice_aside = re.sub(CHOICE, "", revision.text, flags=re.IGNORECASE)
    assert finds(r"\b(person|someone|they|them|their)\b", offered_choice_aside)
    assert finds(r"\b(you|your|yourself)\b", offered_choice_aside)


@pytest.mark.parametrize("revision", [r for m in MESSAGES if m["theme"] == "law" for r in revisions_of(m)], ids=str)
def test_law_message_claims_no_more_than_many_countries(revision: Revision) -> None:
    assert finds(r"\bin many countries\b", revision.text)
    assert not finds(r"\b(everywhere|all countries|illegal|is a crime|prison|jail)\b", revision.text)


@pytest.mark.parametrize(
    ("rule", "planted"),
    [
        ("shame or insult", "Only a creep would do this."),
        ("blame of the person depicted", "She should not have posted it."),
        ("a name that blames", "This is revenge porn."),
        ("a tool, or how to find one", "Apps that undress a photo are harmful."),
        ("how easy or common it is", "It is easy and takes a moment."),
        ("sexual imagery", "A naked picture of her."),
        ("a threat we cannot carry out", "We know your IP."),
        ("a promised outcome", "You will end up alone."),
        ("a promised outcome", "It makes you cold."),
        ("moralising", "This is a dirty habit."),
        ("loneliness as an illness", "Lonely people come here."),
        ("what dares, normalises, teaches or feeds", "They may never find out."),
        ("what dares, normalises, teaches or feeds", "The reward comes fast."),
        ("an order", "You must leave."),
        ("an order", "Just stop now."),
        ("shouting", "STOP and think."),
        ("shouting", "Think again!"),
    ],
)
def test_a_planted_forbidden_sentence_is_caught(rule: str, planted: str) -> None:
    assert rule in breaks(planted)


@pytest.mark.parametrize(
    ("frame", "planted"),
    [
        ("victim", "A therapist says it may leave you further from closeness."),
        ("user", "The person in the photo did not say yes."),
        ("neutral", "Someone real could be harmed."),
    ],
)
def test_a_planted_sentence_from_another_frame_is_caught(frame: str, planted: str) -> None:
    assert bleeds(frame, planted)


def test_an_order_is_no_choice_and_an_offered_choice_is_no_hedge() -> None:
    assert not gives_a_choice("Leave this page at once.")
    assert not is_hedged("Your love life gets worse. You can stop here.")


def test_hard_words_and_long_sentences_are_noticed() -> None:
    assert (
        reading_grade("Nonconsensual dissemination perpetuates considerable psychological devastation.") > HIGHEST_GRADE
    )
    assert reading_grade("In 100 talks, 84 go on.") < HIGHEST_GRADE
    assert sentences("One here. Is this two? Yes.") == ["One here.", "Is this two?", "Yes."]


@pytest.mark.parametrize("link", HELP_LINKS, ids=[link["key"] for link in HELP_LINKS])
def test_help_link_is_plain_and_says_for_whom_and_where(link: dict[str, Any]) -> None:
    address = urlsplit(link["url"])
    assert address.scheme == "https"
    assert address.hostname
    assert not address.query
    assert not address.fragment
    assert link["lane"] in {*PARTS, "crisis"}
    assert link["audience"] in (*PARTS.get(link["lane"], ("under18",)), "anyone")
    assert re.fullmatch(r"[A-Z]{2}|\*", link["country"])
    assert re.fullmatch(r"[a-z]{2}", link["language"])
    assert link["name"]
    assert link["note"]
    assert link["source"]
    assert link["verified_on"] is None or re.fullmatch(r"\d{4}-\d{2}-\d{2}", link["verified_on"])


def test_each_door_leads_somewhere_for_those_it_is_for() -> None:
    served = {(link["lane"], link["audience"]) for link in HELP_LINKS}
    made = {("self", "of_minor"), ("self", "under18"), ("affected", "adult"), ("affected", "under18")}
    assert served >= made | {("worried", "parent"), ("worried", "teacher"), ("crisis", "anyone"), ("crisis", "under18")}
