"""The sentence of each rule, and the sentences that an audit found to say what the numbers did not."""

from dataclasses import replace

import pytest

from analytics import wording
from analytics.comparison.verdict import TOO_FEW_EVENTS
from analytics.wording import ComparisonNumbers, PeopleScale
from campaign.outcomes import OUTCOMES, Outcome


def said(verdict: str, **changes: object) -> ComparisonNumbers:
    values: dict[str, object] = {
        "treated": "the message with both harms",
        "control": "the neutral text",
        "outcome": OUTCOMES["turned_back"],
        "treated_rate": 0.44,
        "control_rate": 0.35,
        "effect": 0.09,
        "low": 0.06,
        "high": 0.12,
        "level": 0.95,
        "p_value": 0.001,
        "p_adjusted": 0.001,
        "verdict": verdict,
        "smallest_difference": 0.02,
        "more": None,
    }
    return ComparisonNumbers(**(values | changes))  # type: ignore[arg-type]


def sentence(verdict: str, **changes: object) -> str:
    numbers = said(verdict, **changes)
    scale = wording.choose_scale([numbers.treated_rate, numbers.control_rate])
    return wording.comparison_sentence(numbers, scale)


def test_better_is_said_as_in_the_brief() -> None:
    assert sentence("better") == (
        "Of 100 people who saw the message with both harms, 44 turned back; "
        "9 more than with the neutral text (6 to 12)."
    )


def test_worse_says_so() -> None:
    fewer = {"treated_rate": 0.3, "effect": -0.05, "low": -0.08, "high": -0.02}
    assert sentence("worse", **fewer).endswith("5 fewer than with the neutral text (−8 to −2). This message did worse.")
    more = {"outcome": OUTCOMES["annoyed"], "effect": 0.09}
    assert sentence("worse", **more).endswith("9 more than with the neutral text (6 to 12). That is worse.")


def test_an_outcome_without_a_better_direction_is_called_neither_better_nor_worse() -> None:
    told = sentence("higher", outcome=OUTCOMES["no_answer"])
    assert told.endswith("44 gave no answer; 9 more than with the neutral text (6 to 12).")
    assert [wording.verdict_name(each) for each in ("higher", "lower")] == ["Higher", "Lower"]


def test_no_meaningful_difference_names_what_would_have_mattered() -> None:
    told = sentence("no-meaningful-difference", control_rate=0.439, effect=0.001, low=-0.01, high=0.012)
    assert "Any difference is smaller than 2 in 100 (−1 to 1)" in told


def test_an_interval_inside_the_margin_is_not_shown_at_it() -> None:
    told = sentence("no-meaningful-difference", control_rate=0.439, effect=0.001, low=-0.0196, high=0.0199)
    assert "Any difference is smaller than 2 in 100 (−1.96 to 1.99)" in told


def test_cannot_tell_yet_says_how_many_more_would_help() -> None:
    more = wording.people_range(1234, None, None, arms=2)
    told = sentence("cannot-tell-yet", low=-0.01, more=more)
    assert "We cannot tell yet whether that is more or fewer than with the neutral text (−1 to 12)." in told
    assert told.endswith("If this continues, about 2,500 more people in all would be needed to tell.")


def test_several_questions_are_the_reason_only_if_they_are() -> None:
    """The audit: "not surely enough among several questions" was said of one question, with too few events."""
    several = sentence("cannot-tell-yet", p_value=0.03, p_adjusted=0.09)
    held = "That looks like 9 more than with the neutral text (6 to 12), but the evidence is not strong enough"
    assert f"{held}, because several questions were asked. We cannot tell yet." in several
    few = sentence("cannot-tell-yet", p_value=0.03, p_adjusted=0.03, reason=TOO_FEW_EVENTS.reason)
    assert few.endswith(f"{held}. We cannot tell yet. {TOO_FEW_EVENTS.reason}")
    one_network = sentence("cannot-tell-yet", p_value=0.001, p_adjusted=0.003)
    assert "several" not in one_network


def test_a_difference_within_strata_is_not_said_to_be_that_of_the_rates() -> None:
    """30 of 100 beside 35 of 100, and yet 5 more within each placement."""
    told = sentence(
        "better", treated_rate=0.30, control_rate=0.35, effect=0.05, low=0.02, high=0.08, groups="placements"
    )
    assert told.endswith(
        "5 more than with the neutral text (2 to 8). This is the comparison within placements. For "
        "all people together it is 5 fewer."
    )


def test_withheld_gives_no_number() -> None:
    told = sentence("withheld")
    assert "withheld" in told
    assert not any(character.isdigit() for character in told)


def test_few_are_not_none_and_most_are_not_all() -> None:
    """The audit: "0 of 100 had the outcome" for 25 of 10,000, and "100 of 100" for 999 of 1,000."""
    few = sentence("worse", treated_rate=0.0025, control_rate=0.07, effect=-0.0675, low=-0.0727, high=-0.0626)
    assert few.startswith("Of 1,000 people who saw the message with both harms, 2 turned back; 68 fewer")
    most = sentence("better", treated_rate=0.999, control_rate=0.9, effect=0.099, low=0.081, high=0.119)
    assert most.startswith("Of 1,000 people who saw the message with both harms, 999 turned back; 99 more")


class TestRatings:
    RATED = said("better", outcome=OUTCOMES["rating"], effect=0.06, low=0.02, high=0.1)

    def test_pairs_say_that_ties_count_half(self) -> None:
        assert wording.ordinal_sentence(self.RATED) == (
            "In 56 of 100 pairs, with one person from each message, the person with the message with "
            "both harms answers higher than the person with the neutral text (52 to 60, ties count "
            "half). No difference would be 50."
        )

    def test_a_small_difference_is_not_rounded_to_none(self) -> None:
        small = wording.ordinal_sentence(replace(self.RATED, effect=0.003, low=0.001, high=0.0055))
        assert small.startswith("In 50.3 of 100 pairs")
        assert "(50.1 to 50.6," in small or "(50.1 to 50.5," in small

    def test_no_meaningful_difference_names_the_margin(self) -> None:
        even = replace(
            self.RATED,
            verdict="no-meaningful-difference",
            effect=0.001,
            low=-0.02,
            high=0.022,
            smallest_difference=0.05,
        )
        assert wording.ordinal_sentence(even).endswith("(48 to 52, ties count half). That is less than 5 from even.")

    def test_it_cannot_tell_yet_and_why(self) -> None:
        unclear = replace(self.RATED, verdict="cannot-tell-yet", p_value=0.03, p_adjusted=0.09)
        assert wording.ordinal_sentence(unclear).endswith(
            "No difference would be 50. The evidence is not strong enough, because several questions were asked. "
            "We cannot tell yet."
        )


def test_an_arm_is_named_by_its_frame_only_if_no_other_arm_has_it() -> None:
    assert wording.arm_phrase("Both", "both", unique=True) == "the message with both harms"
    assert wording.arm_phrase("Both A", "both", unique=False) == "“Both A”"
    assert wording.arm_phrase("Law", "other", unique=True) == "“Law”"


@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=str)
def test_every_verdict_has_a_sentence_for_every_outcome(outcome: Outcome) -> None:
    for verdict in ("better", "worse", "higher", "lower", "no-meaningful-difference", "cannot-tell-yet", "withheld"):
        describe = wording.ordinal_sentence if outcome.kind == "ordered" else sentence_of
        assert describe(said(verdict, outcome=outcome))


def sentence_of(numbers: ComparisonNumbers) -> str:
    return wording.comparison_sentence(numbers, PeopleScale(100))
