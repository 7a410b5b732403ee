"""Verifying a chain finds every manipulation, and names the entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messages.audit import hash_chain
from messages.audit.hash_chain import BEGINNING, ChainEntry, Head, digest_of, verify_chain

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WORDS = st.text(max_size=8)
DETAIL = st.dictionaries(WORDS, st.one_of(st.integers(), WORDS), max_size=3)
OTHERS: dict[str, st.SearchStrategy[Any]] = {
    "at": st.integers(1, 10**9).map(lambda microseconds: NOON - timedelta(microseconds=microseconds)),
    **dict.fromkeys(["actor", "action", "kind", "ref", "label", "previous", "digest"], WORDS),
    "detail": DETAIL,
}


@st.composite
def records(draw: st.DrawFn, *, least: int = 1) -> list[ChainEntry]:
    """A valid chain."""
    made: list[ChainEntry] = []
    for number in range(1, draw(st.integers(least, 6)) + 1):
        entry = ChainEntry(
            number=number,
            at=NOON + timedelta(seconds=number),
            actor=draw(WORDS),
            action=draw(WORDS),
            kind=draw(WORDS),
            ref=draw(WORDS),
            label=draw(WORDS),
            detail=draw(DETAIL),
            previous=made[-1].digest if made else BEGINNING,
        )
        made.append(replace(entry, digest=digest_of(entry)))
    return made


def head(record: list[ChainEntry]) -> Head:
    return Head(record[-1].number, record[-1].digest)


@pytest.mark.slow
@given(records(least=0))
def test_a_record_as_it_was_written_is_fine(record: list[ChainEntry]) -> None:
    verdict = verify_chain(record, heads=[head(record)] if record else [])
    assert verdict.problems == ()
    assert verdict.count == len(record)
    assert verdict.head == (head(record) if record else None)


@pytest.mark.parametrize("name", OTHERS)
@settings(max_examples=25)  # for each field
@given(data=st.data(), record=records())
def test_a_change_of_any_field_of_any_entry_is_found_and_the_entry_named(
    name: str, data: st.DataObject, record: list[ChainEntry]
) -> None:
    at = data.draw(st.integers(0, len(record) - 1))
    other = data.draw(OTHERS[name].filter(lambda value: value != getattr(record[at], name)))
    record[at] = replace(record[at], **{name: other})
    assert f"Entry {at + 1} was changed after it was written." in verify_chain(record).problems


@pytest.mark.slow
@given(data=st.data(), record=records(least=2))
def test_an_entry_that_is_gone_is_found_without_any_note(data: st.DataObject, record: list[ChainEntry]) -> None:
    at = data.draw(st.integers(0, len(record) - 2))
    del record[at]
    assert f"Entry {at + 1} is missing." in verify_chain(record).problems


@pytest.mark.slow
@given(data=st.data(), record=records(least=2))
def test_two_entries_that_changed_places_are_found(data: st.DataObject, record: list[ChainEntry]) -> None:
    first, second = data.draw(st.lists(st.integers(0, len(record) - 1), min_size=2, max_size=2, unique=True))
    a, b = record[first], record[second]
    record[first], record[second] = replace(b, number=a.number), replace(a, number=b.number)
    problems = verify_chain(record).problems
    assert {f"Entry {at + 1} was changed after it was written." for at in (first, second)} <= set(problems)


@pytest.mark.slow
@given(data=st.data(), record=records())
def test_an_end_that_was_cut_off_is_found_by_the_note(data: st.DataObject, record: list[ChainEntry]) -> None:
    left = data.draw(st.integers(0, len(record) - 1))
    (problem,) = verify_chain(record[:left], heads=[head(record)]).problems
    said = "The end is cut off" if left else "The record was emptied"
    assert problem.startswith(f"{said}: entry {len(record)} was noted")


@pytest.mark.slow
@given(data=st.data(), record=records())
def test_a_record_that_was_written_anew_is_found_by_the_note(data: st.DataObject, record: list[ChainEntry]) -> None:
    """Recompute the digests from the changed entry on, as someone with full access could."""
    noted, at = head(record), data.draw(st.integers(0, len(record) - 1))
    record[at] = replace(record[at], actor=record[at].actor + "x")
    for here in range(at, len(record)):
        previous = record[here - 1].digest if here else BEGINNING
        record[here] = replace(record[here], previous=previous, digest="")
        record[here] = replace(record[here], digest=digest_of(record[here]))
    assert verify_chain(record).problems == ()
    (problem,) = verify_chain(record, heads=[noted]).problems
    assert "written anew" in problem


@given(records(least=4))
def test_entries_without_a_seal_are_named_as_runs(record: list[ChainEntry]) -> None:
    problems = verify_chain(record, is_genuine=lambda entry: entry.number == 3).problems
    assert problems[0] == ("Entries 1 to 2 have no seal of this installation: they were put there from outside.")
    assert len(problems) == 2


def test_a_note_of_before_stays_true() -> None:
    entry = ChainEntry(1, NOON, "mara", "a", "b", "c", "d", {}, BEGINNING)
    first = replace(entry, digest=digest_of(entry))
    second = replace(entry, number=2, previous=first.digest)
    second = replace(second, digest=digest_of(second))
    assert verify_chain([first, second], heads=[Head(1, first.digest)]).problems == ()
    assert verify_chain([first, second], heads=[Head(2, second.digest), Head(2, "0" * 64)]).problems != ()


@pytest.mark.parametrize("text", ["", "1", "0:" + "a" * 64, "1:" + "a" * 63, "1:" + "g" * 64, "x:" + "a" * 64])
def test_what_is_no_head_is_none(text: str) -> None:
    assert hash_chain.parse_head(text) is None


def test_a_head_comes_back_from_its_words() -> None:
    assert hash_chain.parse_head(str(Head(12, "ab" * 32))) == Head(12, "ab" * 32)
