"""PURE  The joint table of related outcomes: the groups of people in it, and those that shown outcomes disclose.

Its cells are the patterns of RelatedOutcomes. An attacker asks for people who are in several parts at once, such as
those who pressed leave and did not turn back. Some are a sum of shown counts: 103 pressed leave and 100 turned back, so
3 did the one and not the other.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
import numpy.typing as npt

from analytics.suppression.cells import RelatedOutcomes

Matrix = npt.NDArray[np.float64]
PartNames = tuple[tuple[str, int], ...]  # outcome and part; those who are in all of these parts

_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Intersections:
    """The groups of people in a joint table that are a part of an outcome, or in parts of several at once.

    `names` says which, by as few parts as possible, and `members` which patterns belong to it. `equal_to` names the
    outcomes that have a group as a part of their own.
    """

    names: tuple[PartNames, ...]
    equal_to: tuple[frozenset[str], ...]
    members: Matrix


@lru_cache(maxsize=512)
def intersections(related: RelatedOutcomes) -> Intersections:
    """Find all groups, each once, without nobody and everybody."""
    parts = [sorted({pattern[at] for pattern in related.patterns}) for at in range(len(related.outcomes))]
    found: dict[tuple[bool, ...], PartNames] = {}
    for chosen in sorted(product(*([None, *each] for each in parts)), key=lambda each: len(each) - each.count(None)):
        members = tuple(
            all(part in (None, wanted) for part, wanted in zip(chosen, pattern, strict=True))
            for pattern in related.patterns
        )
        if any(members) and not all(members):
            names = zip(related.outcomes, chosen, strict=True)
            found.setdefault(members, tuple((name, part) for name, part in names if part is not None))
    equal_to: dict[tuple[bool, ...], set[str]] = {members: set() for members in found}
    for at, outcome in enumerate(related.outcomes):
        for part in parts[at]:
            equal_to.get(tuple(pattern[at] == part for pattern in related.patterns), set()).add(outcome)
    return Intersections(
        names=tuple(found.values()),
        equal_to=tuple(frozenset(equal_to[members]) for members in found),
        members=np.array(list(found), dtype=np.float64).reshape(len(found), len(related.patterns)),
    )


def margins(related: RelatedOutcomes, outcome: str, parts: int) -> Matrix:
    """Which patterns are in each part of an outcome."""
    at = related.outcomes.index(outcome)
    return np.array([[float(pattern[at] == part) for pattern in related.patterns] for part in range(parts)])


@dataclass(frozen=True, slots=True)
class Disclosed:
    """Which groups are sums of shown counts, by coefficients of all people and of the outcomes' parts in order."""

    is_known: npt.NDArray[np.bool_]
    coefficients: Matrix


@lru_cache(maxsize=4096)
def disclosed_by(related: RelatedOutcomes, shown: tuple[tuple[str, int], ...]) -> Disclosed:
    """Find the groups that the number of people and the parts of some outcomes determine.

    `shown` names the outcomes, each with its number of parts.
    """
    groups = intersections(related).members
    known = np.vstack([np.ones((1, len(related.patterns))), *(margins(related, *each) for each in shown)])
    coefficients = groups @ np.linalg.pinv(known)
    is_known = np.abs(coefficients @ known - groups).max(axis=1, initial=0.0) < _TOLERANCE
    return Disclosed(is_known, coefficients)


def is_sum_of(related: RelatedOutcomes, names: PartNames, shown: tuple[tuple[str, int], ...]) -> bool:
    """Whether a group is a sum of the number of people and the parts of the shown outcomes."""
    return bool(disclosed_by(related, shown).is_known[intersections(related).names.index(names)])
