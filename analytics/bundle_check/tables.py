"""PURE  Do the tables of a bundle say the same as its last look?"""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

_EMPTY = ""
_COLUMNS = (
    *("sent", "seen", "did", "control"),
    *("difference", "difference_low", "difference_high"),
    *("relative_difference", "relative_low", "relative_high"),
)


def differences_of_tables(files: Mapping[str, bytes], look: Mapping[str, Any]) -> Iterator[str]:
    """Yield each count or estimate of a table that is not the one of the look."""
    yield from _counts(_rows(files["counts.csv"]), look)
    yield from _estimates(_rows(files["estimates.csv"]), look)
    yield from _places(_rows(files["counts-by-placement.csv"]), look)


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def _counts(rows: list[dict[str, str]], look: Mapping[str, Any]) -> Iterator[str]:
    # Before the differences stood beside the counts, a row ended with them.
    columns = _COLUMNS if rows and "control" in rows[0] else _COLUMNS[:3]
    told = {(row["outcome"], row["arm"]): tuple(row[name] for name in columns) for row in rows}
    said = {
        (block["outcome"], row["key"]): (
            *(_text(row[name]) for name in ("served", "n", "events")),
            *_against_control(look, block, row["key"]),
        )[: len(columns)]
        for block in look["outcomes"]
        for row in block["rates"]
    }
    if told != said or len(told) != len(rows):
        yield "counts.csv does not match the look"


def _against_control(look: Mapping[str, Any], block: Mapping[str, Any], arm: str) -> tuple[str, ...]:
    """The comparison of an arm with the control that a look holds, and the relative one of the primary outcome."""
    control = next((row["key"] for row in block["rates"] if row["is_control"]), "")

    def of_pair(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
        return next((row for row in rows if (row["treated"], row["control"]) == (arm, control)), None)

    difference = of_pair(block["comparisons"])
    if difference is None or look["withheld"]:
        return (_EMPTY,) * 7
    check = of_pair(look["checks"]) if block["role"] == "primary" else None
    relative = _ends(check["lift"]) if check and check["lift"] else (_EMPTY,) * 3
    return (control, *_ends(difference), *relative)


def _estimates(rows: list[dict[str, str]], look: Mapping[str, Any]) -> Iterator[str]:
    told = {
        (row["outcome"], row["measure"], row["arm"], row["control"], row["term"]): tuple(
            row[name] for name in ("estimate", "low", "high")
        )
        for row in rows
        if row["about"] == "these texts"
    }
    if told != dict(_estimates_of(look)):
        yield "estimates.csv does not match the look"


def _estimates_of(look: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The estimates of these texts that a look holds, named as their rows are."""
    if look["withheld"]:
        return
    for block in look["outcomes"]:
        for row in block["rates"]:
            key = (block["outcome"], "rate", row["key"], _EMPTY, _EMPTY)
            yield key, tuple(_text(row[name]) for name in ("rate", "low", "high"))
        for row in block["comparisons"]:
            key = (block["outcome"], "difference", row["treated"], row["control"], _EMPTY)
            yield key, _ends(row)
    primary = next(block["outcome"] for block in look["outcomes"] if block["role"] == "primary")
    for row in look["factorial"]:
        yield (primary, "factorial contrast", _EMPTY, _EMPTY, row["term"]), _ends(row)
    for row in look["checks"]:
        for name, measure in (("ratio", "ratio"), ("lift", "relative difference")):
            if row[name]:
                yield (primary, measure, row["treated"], row["control"], _EMPTY), _ends(row[name])


def _places(rows: list[dict[str, str]], look: Mapping[str, Any]) -> Iterator[str]:
    """Counts by place, where all are shown, add up to the counts of their arm at the same look."""
    sums: dict[tuple[str, str, str], int | None] = {}
    for row in rows:
        key = (row["look"], row["outcome"], row["arm"])
        so_far = sums.get(key, 0)
        sums[key] = None if so_far is None or not row["count"] else so_far + int(row["count"])
    for block in look["outcomes"]:
        for arm in block["rates"]:
            for outcome, count in (("exposed", arm["n"]), (block["outcome"], arm["events"])):
                total = sums.get((str(block["look"]), outcome, arm["key"]))
                if None not in (total, count) and total != count:
                    yield f"counts-by-placement.csv does not add up to the {outcome} of {arm['key']}"


def _ends(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_text(row[name]) for name in ("effect", "low", "high"))


def _text(value: Any) -> str:
    return _EMPTY if value is None else str(value)
