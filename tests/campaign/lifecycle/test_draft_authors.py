"""Who has a part in a version of a draft, held against histories in which one person's steps are left out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaign.lifecycle.draft_authors import Step, authors_of_versions

Draft = dict[str, int]
EMPTY: Draft = {"name": 0, "stop": 0}
PEOPLE = (1, 2, 3)


@dataclass(frozen=True)
class Edit:
    """A person gives some answers."""

    by: int
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class PutBack:
    """A person puts back the version of one of the steps before."""

    by: int
    step: int


Action = Edit | PutBack
by_whom = st.sampled_from(PEOPLE)
answers = st.lists(st.tuples(st.sampled_from(sorted(EMPTY)), st.integers(0, 1)), min_size=1, max_size=2).map(tuple)
actions = st.one_of(
    st.builds(Edit, by=by_whom, values=answers), st.builds(PutBack, by=by_whom, step=st.integers(0, 30))
)
histories = st.lists(actions, min_size=5, max_size=15)
REMOVED_AND_MENDED = [  # the second person takes the stop out and makes a mistake beside it, which the first mends
    Edit(1, (("name", 1),)),
    Edit(2, (("name", 0),)),
    Edit(1, (("name", 1), ("stop", 1))),
    Edit(2, (("name", 0), ("stop", 0))),
    Edit(1, (("name", 1),)),
]


def drafts(history: list[Action], *, without: int | None = None) -> list[Draft]:
    """What the draft was before each step and at the end, had one person done nothing."""
    stood = [EMPTY]
    for action in history:
        if action.by == without:
            stood.append(stood[-1])
        elif isinstance(action, Edit):
            stood.append(stood[-1] | dict(action.values))
        else:
            stood.append(stood[action.step % len(stood)])
    return stood


def changes(history: list[Action]) -> list[Action]:
    """The history as it is saved: what was left as it was is nobody's, and no change is no step."""
    kept: list[Action] = []
    for action in history:
        before = drafts(kept)[-1]
        if isinstance(action, Edit):
            new = before | dict(action.values)
            action = Edit(action.by, tuple(item for item in new.items() if item not in before.items()))
        if drafts([*kept, action])[-1] != before:
            kept.append(action)
    return kept


def record(history: list[Action]) -> list[Step]:
    """The versions on record, the first of which is an empty one by nobody here."""
    steps = [Step(0, 0, EMPTY)]
    for number, (action, draft) in enumerate(zip(history, drafts(history)[1:], strict=True), start=1):
        put_back = action.step % number if isinstance(action, PutBack) else None
        steps.append(Step(number, action.by, draft, put_back))
    return steps


def free(steps: list[Step]) -> set[int]:
    return {*PEOPLE} - authors_of_versions(steps)[steps[-1].number]


@example(REMOVED_AND_MENDED)
@given(histories)
def test_without_whoever_is_free_the_draft_would_be_the_same(history: list[Action]) -> None:
    saved = changes(history)
    for person in free(record(saved)):
        assert drafts(saved, without=person)[-1] == drafts(saved)[-1]


@given(histories, by_whom)
def test_no_edit_of_somebody_else_frees_anybody(history: list[Action], person: int) -> None:
    steps = record(changes(history))
    authors = authors_of_versions(steps)
    for before, step in pairwise(steps):
        if step.put_back is None and step.by != person and person in authors[before.number]:
            assert person in authors[step.number]


@given(histories, by_whom, by_whom)
def test_a_colleague_frees_somebody_by_putting_back_what_they_had_no_part_in(
    history: list[Action], person: int, colleague: int
) -> None:
    steps = record(changes(history))
    authors = authors_of_versions(steps)
    untouched = [step for step in steps if person not in authors[step.number] and step.content != steps[-1].content]
    for old in untouched if colleague != person else ():
        assert person in free([*steps, Step(99, colleague, old.content, put_back=old.number)])


@pytest.mark.parametrize("put_back", [None, 1])
def test_a_version_that_is_not_what_it_says_to_put_back_frees_nobody(put_back: int | None) -> None:
    steps = [Step(1, 1, "first"), Step(2, 2, "second"), Step(3, 1, "another", put_back)]
    assert authors_of_versions(steps)[3] == {1, 2}


def test_who_undoes_all_of_their_last_changes_has_made_none() -> None:
    steps = [Step(1, 1, "a"), Step(2, 2, "b"), Step(3, 2, "c"), Step(4, 2, "a")]
    assert authors_of_versions(steps)[4] == {1}


def test_who_undoes_their_changes_once_a_colleague_went_on_takes_theirs_away() -> None:
    steps = [Step(1, 1, "a"), Step(2, 2, "b"), Step(3, 1, "c"), Step(4, 2, "a")]
    assert authors_of_versions(steps)[4] == {1, 2}
