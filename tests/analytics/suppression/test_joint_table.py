"""The joint table of related outcomes: its groups, and those that are sums of shown counts."""

from __future__ import annotations

import numpy as np

from analytics.suppression.cells import RelatedOutcomes
from analytics.suppression.joint_table import disclosed_by, intersections, is_sum_of

YES, NO = 0, 1
# Turned back (t) is left (l) without continuing.
TWO = RelatedOutcomes(("t", "l"), ((YES, YES), (NO, YES), (NO, NO)))
# The same with continued (c), and whether they asked for help (h), which follows from none of them.
WITH_HELP = RelatedOutcomes(
    ("t", "l", "c", "h"),
    tuple((*each, help_) for each in ((YES, YES, NO), (NO, YES, YES), (NO, NO, YES), (NO, NO, NO)) for help_ in (0, 1)),
)
ALL_SHOWN = (("t", 2), ("l", 2), ("c", 2), ("h", 2))


def test_groups_are_the_parts_and_what_they_have_in_common() -> None:
    groups = intersections(TWO)
    assert set(groups.names) == {(("t", YES),), (("t", NO),), (("l", YES),), (("l", NO),), (("t", NO), ("l", YES))}
    assert groups.equal_to[groups.names.index((("t", YES),))] == {"t"}
    assert groups.equal_to[groups.names.index((("t", NO), ("l", YES)))] == frozenset()


def test_who_did_one_and_not_the_other_is_a_difference_of_two_counts() -> None:
    """Of 300 people, 103 pressed leave and 100 turned back: 3 left and went on."""
    told = disclosed_by(TWO, (("t", 2), ("l", 2)))
    at = intersections(TWO).names.index((("t", NO), ("l", YES)))
    assert told.is_known[at]
    assert np.isclose(told.coefficients[at] @ [300, 100, 200, 103, 197], 3)


def test_one_outcome_alone_tells_of_its_own_parts_only() -> None:
    told = disclosed_by(TWO, (("l", 2),))
    assert {name for name, known in zip(intersections(TWO).names, told.is_known, strict=True) if known} == {
        (("l", YES),), (("l", NO),),
    }  # fmt: skip


def test_an_independent_outcome_is_not_told_by_the_others() -> None:
    assert is_sum_of(WITH_HELP, (("l", YES), ("c", YES)), ALL_SHOWN)
    assert not is_sum_of(WITH_HELP, (("l", YES), ("h", YES)), ALL_SHOWN)
    assert not is_sum_of(WITH_HELP, (("l", YES), ("c", YES)), (("l", 2), ("c", 2), ("h", 2)))
