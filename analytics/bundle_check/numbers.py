"""PURE  Name every number of a look, so that none is left out of a check."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Value = int | float | str | None

# What a look rests on or says in words: no result of a computation.
_GIVEN = {
    "campaign", "campaigns", "control", "control_name", "control_phrase", "control_texts", "decided_by", "design",
    "differing", "events", "frame", "helps", "hidden", "is_control", "key", "kind", "kind_note", "level", "look",
    "margin", "method", "n", "name", "note", "outcome", "reason", "role", "sentence", "served", "smallest_difference",
    "term", "text", "texts", "treated", "treated_frame", "treated_name", "verdict_name", "arm", "arm_name",
}  # fmt: skip
_RESULTS = (
    "outcomes",
    "factorial",
    "factorial_kinds",
    "checks",
    "chances",
    "across_campaigns",
    "omnibus",
    "sample_ratio",
)
# Of a list, what names an entry.
_NAMES = (("outcome",), ("treated", "control"), ("term",), ("key",), ("arm", "text"), ("name",))


def results_of(look: Mapping[str, Any]) -> dict[str, Value]:
    """Return every result of a look by a name such as `outcomes/turned_back/comparisons/both/neutral/effect`."""
    return dict(item for part in _RESULTS for item in _walk(part, look[part]))


def _walk(path: str, value: Any) -> Iterator[tuple[str, Value]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            # "texts" is a number of texts in the details of a kind, and a list of results beside them.
            if key not in _GIVEN or (isinstance(each, Sequence) and not isinstance(each, str)):
                yield from _walk(f"{path}/{key}", each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, each in enumerate(value):
            yield from _walk(f"{path}/{_name_of(each, number)}", each)
    elif value not in (None, ""):
        yield path, value


def _name_of(entry: Any, number: int) -> str:
    """What names an entry among its neighbours; its number where nothing does."""
    for keys in _NAMES:
        if isinstance(entry, Mapping) and all(key in entry for key in keys):
            return "/".join(str(entry[key]) for key in keys)
    return str(number)
