"""The catalogue of outcomes: what a shown message can be followed by, and which direction is better.

An outcome is *recorded* when the audience surface reports it, or *derived* when a closed view is counted.
`bit` is its place in the open view; an outcome that carries a small number has `values` instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["higher", "lower", "none"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that can follow a shown message."""

    key: str
    name: str
    kind: Literal["yes-no", "ordered"]
    better: Direction
    phrase: str  # "Of 100 people who saw ..., 44 <phrase>."
    bit: int | None = None
    values: tuple[int, ...] = ()
    derived: bool = False


_ALL = (
    Outcome("exposed", "Seen on screen", "yes-no", "none", "saw it", bit=0),
    Outcome("left", "Pressed leave", "yes-no", "higher", "pressed leave", bit=1),
    Outcome("continued", "Continued", "yes-no", "lower", "went on", bit=2),
    Outcome("help_self", "Asked for help to stop", "yes-no", "higher", "asked for help to stop", bit=3),
    Outcome("help_affected", "Asked for help as the person depicted", "yes-no", "none", "asked for help", bit=4),
    Outcome("learn_more", "Read more", "yes-no", "higher", "read more", bit=5),
    Outcome("annoyed", "Was annoyed", "yes-no", "lower", "said it annoyed them", bit=6),
    Outcome("rating", "Rating, 1 to 5", "ordered", "higher", "rated it", values=(1, 2, 3, 4, 5)),
    Outcome(
        "dwell",
        "Time on screen: under 2 s, 2 to 5 s, 5 to 15 s, longer",
        "ordered",
        "none",
        "stayed",
        values=(1, 2, 3, 4),
    ),
    Outcome("turned_back", "Turned back", "yes-no", "higher", "turned back", derived=True),
    Outcome("no_answer", "Left without an answer", "yes-no", "none", "gave no answer", derived=True),
)

OUTCOMES: dict[str, Outcome] = {outcome.key: outcome for outcome in _ALL}
RECORDED_OUTCOMES: dict[str, Outcome] = {outcome.key: outcome for outcome in _ALL if not outcome.derived}
EXPOSED_BIT = 1 << 0
LEFT_BIT = 1 << 1
CONTINUED_BIT = 1 << 2
HELP_BITS = 1 << 3 | 1 << 4


def tally_increments(*, bits: int, rating: int | None, dwell: int | None) -> list[tuple[str, int]]:
    """What one closed view adds to the tallies, as (outcome, value) pairs.

    Acting on a message implies having seen it. Someone who pressed leave and continued after all has not
    turned back; someone who saw the message and neither chose nor asked for help gave no answer.
    """
    counted: list[tuple[str, int]] = [("exposed", 0)]
    counted += [
        (outcome.key, 0) for outcome in _ALL if outcome.bit is not None and outcome.bit > 0 and bits >> outcome.bit & 1
    ]
    if rating is not None:
        counted.append(("rating", rating))
    if dwell is not None:
        counted.append(("dwell", dwell))
    if bits & LEFT_BIT and not bits & CONTINUED_BIT:
        counted.append(("turned_back", 0))
    if not bits & (LEFT_BIT | CONTINUED_BIT | HELP_BITS):
        counted.append(("no_answer", 0))
    return counted
