from django.conf import settings

from campaign.outcomes import (
    EXPOSED_BIT,
    OUTCOMES,
    RECORDED_OUTCOMES,
    offered_outcomes,
    possible_parts,
    related_outcomes,
    tally_increments,
)

LEFT, CONTINUED = OUTCOMES["left"].mask, OUTCOMES["continued"].mask


def keys(bits: int, rating: int | None = None, dwell: int | None = None) -> set[tuple[str, int]]:
    return set(tally_increments(bits=bits, rating=rating, dwell=dwell))


def test_leaving_is_turning_back() -> None:
    assert keys(EXPOSED_BIT | LEFT) == {("exposed", 0), ("left", 0), ("turned_back", 0)}


def test_someone_who_left_and_then_went_on_has_not_turned_back() -> None:
    assert keys(EXPOSED_BIT | LEFT | CONTINUED) == {("exposed", 0), ("left", 0), ("continued", 0)}


def test_someone_who_only_saw_it_gave_no_answer() -> None:
    assert keys(EXPOSED_BIT) == {("exposed", 0), ("no_answer", 0)}


def test_a_rating_and_a_duration_are_counted_by_value() -> None:
    assert {("rating", 4), ("dwell", 2)} <= keys(EXPOSED_BIT, rating=4, dwell=2)


def test_every_recorded_outcome_has_one_place_in_the_view() -> None:
    bits = [outcome.bit for outcome in RECORDED_OUTCOMES.values() if outcome.bit is not None]
    assert len(bits) == len(set(bits))
    assert max(bits) < 15  # a column of 16 bits, one of them the sign
    assert all((outcome.bit is None) == bool(outcome.values) for outcome in RECORDED_OUTCOMES.values())


def test_derived_outcomes_follow_from_recorded_ones_and_cannot_be_reported() -> None:
    derived = {key: outcome.derivation for key, outcome in OUTCOMES.items() if outcome.derivation}
    assert set(OUTCOMES) - set(RECORDED_OUTCOMES) == set(derived) >= {"turned_back", "no_answer"}
    for rule in derived.values():
        assert {*rule.all_of, *rule.none_of} <= set(RECORDED_OUTCOMES)


def test_the_wizard_asks_only_for_outcomes_of_which_one_direction_is_better() -> None:
    asked = [outcome for outcome in OUTCOMES.values() if outcome.goal or outcome.harm or outcome.verb]
    assert all(outcome.better != "none" for outcome in asked)
    assert all(outcome.kind == "yes-no" for outcome in asked if outcome.harm or outcome.verb)


def test_the_wizard_has_one_place_for_each_goal_and_for_each_harm() -> None:
    for places in (
        [outcome.goal.order for outcome in OUTCOMES.values() if outcome.goal],
        [outcome.harm.order for outcome in OUTCOMES.values() if outcome.harm],
    ):
        assert len(places) == len(set(places))


def test_a_goal_that_people_reach_or_not_has_a_verb() -> None:
    goals = {key for key, outcome in OUTCOMES.items() if outcome.goal and outcome.kind == "yes-no"}
    assert {key for key in goals if not OUTCOMES[key].verb} == set()


def test_the_page_about_the_api_names_every_recorded_outcome() -> None:
    page = (settings.BASE_DIR / "docs" / "api.md").read_text("utf-8")
    table = page.partition("| outcome | when |")[2].partition("\n\n")[0]
    assert {key for key in RECORDED_OUTCOMES if f"`{key}`" not in table} == set()


def test_what_leads_to_no_page_says_something_when_it_was_pressed() -> None:
    silent = [offer.label for _, offer in offered_outcomes() if (not offer.page or offer.stays) and not offer.thanks]
    assert silent == []


def test_every_key_fits_its_column_and_names_its_own_entry() -> None:
    assert all(key == outcome.key and len(key) <= 16 for key, outcome in OUTCOMES.items())


def test_what_follows_from_the_same_outcomes_is_related_and_nothing_else() -> None:
    assert related_outcomes(["turned_back", "help_self", "annoyed", "rating"]) == [
        ("turned_back",), ("help_self",), ("annoyed",), ("rating",),
    ]  # fmt: skip
    assert related_outcomes(["left", "continued", "annoyed"]) == [("left",), ("continued",), ("annoyed",)]
    assert related_outcomes(["left", "continued", "annoyed", "turned_back"])[-1] == ("left", "continued", "turned_back")
    (everything,) = related_outcomes(["turned_back", "left", "help_self", "no_answer"])
    assert set(everything) == {"turned_back", "left", "help_self", "no_answer"}


def test_the_parts_of_related_outcomes_are_those_that_a_view_can_be_counted_in() -> None:
    """By hand: turned back = left and not continued; no answer = neither of both and no help."""
    yes, no = 0, 1
    assert set(possible_parts(["turned_back", "left", "continued"])) == {
        (yes, yes, no), (no, yes, yes), (no, no, yes), (no, no, no),
    }  # fmt: skip
    assert set(possible_parts(["no_answer", "left"])) == {(yes, no), (no, yes), (no, no)}
    assert possible_parts(["rating"]) == [(0,), (1,), (2,), (3,), (4,), (5,)]  # the last: no answer


def test_every_recorded_outcome_can_come_with_every_other() -> None:
    yes_no = [key for key, outcome in RECORDED_OUTCOMES.items() if outcome.bit is not None and key != "exposed"]
    assert len(possible_parts(yes_no)) == 2 ** len(yes_no)
    assert len(possible_parts([*yes_no, "turned_back", "no_answer"])) == 2 ** len(yes_no)
