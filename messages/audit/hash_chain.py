"""A hash chain: each entry holds the SHA-256 digest of the one before it.

The chain itself reveals changed, missing and reordered entries. A truncated or entirely rewritten chain is revealed
only by a head (the number and digest of the last entry) that was noted elsewhere.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

BEGINNING = "0" * 64  # the previous digest of the first entry
_HEAD = re.compile(r"\b([1-9][0-9]{0,17}):([0-9a-f]{64})\b")


class Head(NamedTuple):
    """The number and digest of the last entry at some time."""

    number: int
    digest: str

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """Who did what to which object, and when; `detail` holds plain values."""

    number: int
    at: datetime
    actor: str
    action: str
    kind: str
    ref: str
    label: str
    detail: Mapping[str, Any]
    previous: str
    digest: str = ""
    seal: str = ""  # a signature of the digest, by the machine that wrote the entry

    def values(self) -> dict[str, Any]:
        """The values that the digest covers."""
        return {
            "number": self.number,
            "at": self.at.astimezone(UTC).isoformat(),
            "actor": self.actor,
            "action": self.action,
            "kind": self.kind,
            "ref": self.ref,
            "label": self.label,
            "detail": dict(self.detail),
            "previous": self.previous,
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of verifying a chain."""

    count: int
    first: ChainEntry | None
    last: ChainEntry | None
    problems: tuple[str, ...]

    @property
    def head(self) -> Head | None:
        return Head(self.last.number, self.last.digest) if self.last else None


def digest_of(entry: ChainEntry) -> str:
    """The SHA-256 digest of an entry's values and the previous digest, in canonical JSON."""
    canonical = json.dumps(entry.values(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def parse_head(text: str) -> Head | None:
    """Parse `number:digest`; None if the text is no head."""
    match = _HEAD.fullmatch(text.strip())
    return Head(int(match[1]), match[2]) if match else None


def find_heads(text: str) -> list[Head]:
    """Every head that stands in a text, such as a mail."""
    return [Head(int(number), digest) for number, digest in _HEAD.findall(text)]


def verify_chain(
    entries: Iterable[ChainEntry],
    *,
    heads: Iterable[Head] = (),
    is_genuine: Callable[[ChainEntry], bool] = lambda entry: True,
) -> Verification:
    """Verify entries, given in the order of their numbers; each problem is a sentence that names an entry.

    `is_genuine` says whether an entry was written by this installation, which its digest alone cannot show.
    """
    problems: list[str] = []
    unsealed: list[int] = []
    noted = sorted(heads)
    first = last = None
    count = 0
    for entry in entries:
        count += 1
        expected = last.number + 1 if last else 1
        if entry.number > expected:
            problems.append(_missing_entries(expected, entry.number - 1))
        elif entry.previous != (last.digest if last else BEGINNING):
            problems.append(_broken_link(entry, last))
        if entry.digest != digest_of(entry):
            problems.append(f"Entry {entry.number} was changed after it was written.")
        if not is_genuine(entry):
            unsealed.append(entry.number)
        if any(head.number == entry.number and head.digest != entry.digest for head in noted):
            problems.append(f"Entry {entry.number} is not the one that was noted: the record was written anew.")
        first, last = first or entry, entry
    problems += [_unsealed_entries(first, last) for first, last in _runs(unsealed)]
    truncated = [_missing_end(head, last) for head in noted if last is None or head.number > last.number]
    return Verification(count=count, first=first, last=last, problems=(*problems, *truncated))


def _broken_link(entry: ChainEntry, last: ChainEntry | None) -> str:
    if last is None:
        return "Entry 1 is not the beginning: what came before it is gone."
    return (
        f"Entry {entry.number} does not follow entry {last.number}: "
        "one of them was replaced, or their order was changed."
    )


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """The first and last of each run of numbers without a gap."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _unsealed_entries(first: int, last: int) -> str:
    if first == last:
        return f"Entry {first} has no seal of this installation: it was put there from outside."
    return f"Entries {first} to {last} have no seal of this installation: they were put there from outside."


def _missing_end(head: Head, last: ChainEntry | None) -> str:
    if last is None:
        return f"The record was emptied: entry {head.number} was noted, and nothing is left."
    return f"The end is cut off: entry {head.number} was noted, and the record ends with entry {last.number}."


def _missing_entries(first: int, last: int) -> str:
    return f"Entry {first} is missing." if first == last else f"Entries {first} to {last} are missing."
