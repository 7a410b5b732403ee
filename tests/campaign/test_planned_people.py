"""The people that a plan asks for, in all and by shares."""

from campaign.planned_people import mean_per_arm, people_by_arm, planned_people


def test_arms_that_nobody_sees_ask_for_nobody() -> None:
    assert planned_people(1000, [1, 3, 0]) == 2000


def test_a_plan_without_arms_still_keeps_its_number() -> None:
    assert mean_per_arm(planned_people(500, []), []) == 500


def test_a_mean_is_rounded_up_so_that_nobody_is_missing() -> None:
    assert planned_people(mean_per_arm(4_573, [1, 3]), [1, 3]) == 4574


def test_the_arms_get_their_shares() -> None:
    assert people_by_arm(4572, [1, 3]) == [1143, 3429]
