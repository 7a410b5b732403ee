"""Every part of a plan is described in words, beside what is hashed."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from campaign.preregistration import document
from campaign.preregistration.rows import PlanNames, PreregistrationRow

NAMED = PlanNames(
    title="The pilot", arms={"victim": "Harm to the victim", "neutral": "Neutral"}, placements={"p": "A page"}
)


def promise(**changes: Any) -> dict[str, Any]:
    """The content of a plan with two arms, as it is hashed."""
    arm = {"words": "d1", "languages": {"en": "d2"}, "exceptions": [], "weight": 1, "control": False}
    outcome = {"outcome": "turned_back", "role": "primary", "better": "higher", "smallest_difference": 0.02}
    return {
        "campaign": "pilot",
        "hypothesis": "It helps.",
        "unit": "view",
        "salt_sha256": "5a17",
        "placements": ["p"],
        "arms": [{**arm, "arm": "neutral", "control": True}, {**arm, "arm": "victim"}],
        "outcomes": [{**outcome, "harm_margin": None}],
        "comparisons": [["victim", "neutral"]],
        "correction": "holm",
        "monitoring": "fixed",
        "looks": [1.0],
        "spending": "obrien-fleming",
        "strata": "",
        "clusters": "",
        "design_effect": None,
        "factorial": False,
        "level": 0.95,
        "planned_per_arm": 2500,
        "expected_rate": 0.35,
        "power": 0.8,
        "ethics": {"reference": "Board 7", "exemption": ""},
        "denominator": "exposed",
        **changes,
    }


def row(key: str, told: dict[str, Any], named: PlanNames = NAMED) -> PreregistrationRow:
    return next(r for section in document.build_sections(told, named) for r in section.rows if r.key == key)


def plain(key: str, **changes: Any) -> str:
    return " ".join(row(key, promise(**changes)).plain)


def formal(key: str, **changes: Any) -> str:
    return " ".join(row(key, promise(**changes)).formal)


def test_a_hypothesis_stands_beside_what_would_disprove_it() -> None:
    assert "It helps." in plain("hypotheses")
    assert "“Harm to the victim” is compared with “Neutral”" in plain("hypotheses")
    assert formal("hypotheses") == "H₀: p(victim) − p(neutral) = 0;  H₁: ≠ 0"


def test_the_number_of_people_is_said_for_each_and_for_all() -> None:
    assert plain("size") == "5,000 people in total before we decide: 2,500 for each message."


def test_with_unequal_shares_the_number_of_each_message_is_said() -> None:
    arms = promise()["arms"]
    arms[1]["weight"] = 3
    assert plain("size", arms=[*arms, {**arms[0], "arm": "unseen", "weight": 0}]) == (
        "5,000 people in total before we decide: 1,250 for “Neutral”, 3,750 for “Harm to the victim”."
    )


def test_a_plan_without_an_expected_rate_does_not_pretend_to_be_reckoned() -> None:
    assert "35 in 100" in plain("rationale")
    assert "without a calculation" in plain("rationale", expected_rate=None)


def test_a_plan_from_before_some_keys_were_hashed_can_still_be_read() -> None:
    old = promise()
    for key in ("expected_rate", "power", "ethics"):
        del old[key]
    assert "without a calculation" in " ".join(row("rationale", old).plain)


def test_a_draft_without_anything_can_be_read() -> None:
    bare = promise(arms=[], outcomes=[], comparisons=[], placements=[], hypothesis="", looks=[], ethics={})
    said = " ".join(s for section in document.build_sections(bare, NAMED) for r in section.rows for s in r.plain)
    assert "No hypothesis was recorded." in said
    assert "No placement has been chosen yet." in said


@pytest.mark.parametrize(
    ("monitoring", "says"),
    [("fixed", "We look once"), ("group-sequential", "25%, 100%"), ("always-valid", "at any time after 25%")],
)
def test_the_stopping_rule_is_that_of_the_plan(monitoring: str, says: str) -> None:
    assert says in plain("stopping", monitoring=monitoring, looks=[0.25, 1.0])
    assert monitoring in formal("stopping", monitoring=monitoring)


def test_what_is_written_formally_is_the_same_in_every_language() -> None:
    with translation.override("es"):
        assert formal("inference").startswith("α = 0.05, two-sided")


def test_a_guardrail_says_when_it_stops_an_arm() -> None:
    guard = {"outcome": "annoyed", "role": "guardrail", "better": "lower", "smallest_difference": None}
    outcomes = [*promise()["outcomes"], {**guard, "harm_margin": 0.03}]
    assert "by more than 3 in 100" in plain("stopping", outcomes=outcomes)
    assert "watched for harm" in plain("measured", outcomes=outcomes)
    assert "annoyed (guardrail, lower), margin = 0.03" in formal("measured", outcomes=outcomes)


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({}, "Miettinen–Nurminen"),
        ({"monitoring": "always-valid"}, "confidence sequence"),
        ({"monitoring": "group-sequential"}, "repeated"),
        ({"strata": "placement"}, "Mantel–Haenszel"),
        ({"clusters": "placement-day"}, "CR2"),
        ({"correction": "dunnett"}, "Dunnett interval"),
        ({"strata": "placement", "monitoring": "always-valid"}, "Sato variance, confidence sequence"),
    ],
)
def test_the_model_is_named_as_the_results_page_names_it(changes: dict[str, Any], method: str) -> None:
    assert method in formal("models", **changes)


def test_the_check_of_the_split_is_named_for_each_way_of_looking() -> None:
    assert formal("missing") == "χ² at the planned look, Lindon–Malek at any other, α = 0.0005"
    assert formal("missing", monitoring="always-valid") == "Lindon–Malek, α = 0.0005"


def test_an_outcome_without_a_better_direction_says_what_a_difference_is_called() -> None:
    outcome = {"outcome": "no_answer", "role": "secondary", "better": "none", "smallest_difference": None}
    assert "so a difference is called higher or lower" in plain("measured", outcomes=[{**outcome, "harm_margin": None}])


def test_a_rating_is_compared_pair_by_pair() -> None:
    outcome = {"outcome": "rating", "role": "primary", "better": "higher", "smallest_difference": 0.05}
    assert "Brunner–Munzel" in formal("models", outcomes=[{**outcome, "harm_margin": None}])


def test_a_change_of_any_promise_changes_the_words() -> None:
    """Changing any part of the plan changes its words, except for a rate that is described with another."""
    other: dict[str, Any] = {
        "campaign": "other",
        "hypothesis": "It harms.",
        "unit": "subject",
        "salt_sha256": "0000",
        "placements": ["q"],
        "arms": promise()["arms"][:1],
        "outcomes": [],
        "comparisons": [["neutral", "victim"]],
        "correction": "none",
        "monitoring": "always-valid",
        "looks": [0.5, 1.0],
        "strata": "placement",
        "clusters": "placement-day",
        "design_effect": 1.4,
        "factorial": True,
        "level": 0.9,
        "planned_per_arm": 1,
        "expected_rate": 0.1,
        "power": 0.9,
        "ethics": {"reference": "", "exemption": "Nobody is harmed."},
        "denominator": "sent",
    }
    silent = set(promise()) - set(other)
    assert silent == {"spending"}  # said where it counts
    before = document.build_sections(promise(), NAMED)
    for key, value in other.items():
        assert document.build_sections(promise(**{key: value}), NAMED) != before, key
    grouped = promise(monitoring="group-sequential")
    assert document.build_sections(grouped, NAMED) != document.build_sections({**grouped, "spending": "pocock"}, NAMED)


def test_one_text_a_message_says_what_it_cannot_answer() -> None:
    assert "not about its appeal" in plain("manipulated")
    assert "kind" not in plain("models") + plain("inference")


@pytest.mark.parametrize(("design", "relation"), [("matched", "form a set"), ("different", "its own texts")])
def test_several_texts_a_message_are_described_and_each_is_named(design: str, relation: str) -> None:
    arms = promise()["arms"]
    arms[1]["further_texts"] = [{"words": "d3", "languages": {"en": "d4"}, "exceptions": []}]
    plan = {"arms": arms, "texts": design}
    assert "up to 2 texts" in plain("manipulated", **plan)
    assert relation in plain("manipulated", **plan)
    assert formal("manipulated", **plan).split() == [
        "neutral:",
        "en",
        "d2",
        "victim:",
        "en",
        "d2",
        "victim:",
        "en",
        "d4",
    ]
    assert "these texts as the sample" in plain("models", **plan)
    assert f"texts = {design}" in formal("models", **plan)
    assert "messages of this kind" in plain("inference", **plan)


def test_an_exception_of_the_review_is_never_left_out() -> None:
    arms = promise()["arms"]
    arms[0]["exceptions"] = [{"language": "en", "by": "ada", "reason": "Nobody else was there."}]
    arms[1]["further_texts"] = [{**arms[1], "exceptions": [{"language": "es", "by": "ada", "reason": "A second."}]}]
    said = plain("exceptions", arms=arms)
    assert "Nobody else was there." in said
    assert "A second." in said
    assert "ada" not in said
