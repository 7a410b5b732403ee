"""PURE  Who has a part in each version of a draft.

A version has the authors of the version it was made from, and who made it. No edit takes an author away, whatever the
draft looks like after it. Two things do: somebody puts back a version, which then has the authors that it had, and who
put it back; or a person returns to what stood before their own last changes, before anybody else went on, which frees
them alone.

So whoever is no author of a version can be left out of the whole history, and the version is still the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One version: who made it, what was planned then, and the number of the version that it put back."""

    number: int
    by: int | None
    content: Any
    put_back: int | None = None


def authors_of_versions(steps: Iterable[Step]) -> dict[int | None, frozenset[int | None]]:
    """Return by its number the authors of each version."""
    authors: dict[int | None, frozenset[int | None]] = {}
    contents: dict[int | None, Any] = {}
    last: Step | None = None
    before_own: Step | None = None  # what stood before the last person's changes
    for step in steps:
        if last is not None and last.by != step.by:
            before_own = last
        origin = last.number if last is not None else None
        if step.put_back in contents and contents[step.put_back] == step.content:
            origin = step.put_back
        made = authors.get(origin, frozenset())
        if last is None or last.content != step.content:
            made |= {step.by}
        if before_own is not None and before_own.content == step.content and step.by not in authors[before_own.number]:
            made -= {step.by}
        authors[step.number], contents[step.number], last = made, step.content, step
    return authors
