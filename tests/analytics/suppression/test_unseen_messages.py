"""What looks tell of messages that were sent and not counted discloses no few people."""

from __future__ import annotations

import pytest

from analytics.suppression import unseen_messages
from analytics.suppression.unseen_messages import ReleasedMessages, find_inferable_withdrawals, releasable_messages
from tests.analytics.suppression.withdrawal_search import search

SEEN = {"neutral": 600, "both": 600}
SENT = {"neutral": 612, "both": 613}  # 25 were not seen, or taken back


def ranges(*looks: ReleasedMessages) -> set[tuple[str, int | None, float, float]]:
    """Arm, since, lowest and highest of the withdrawals that these looks tell too closely."""
    return {(each.arm, each.since, each.low, each.high) for each in find_inferable_withdrawals(looks, least=10)}


def test_a_band_beside_the_messages_sent_tells_of_few_who_took_theirs_back() -> None:
    """At least 20 of 25: so at most 5 saw nothing, and of 12 at least 7 took it back."""
    told = ranges(ReleasedMessages(SEEN, SENT, (20, 39)))
    assert told == {("", None, 20, 25), ("neutral", None, 7, 12), ("both", None, 8, 13)}


def test_neither_of_the_two_alone_does() -> None:
    assert ranges(ReleasedMessages(SEEN, SENT)) == set()
    assert ranges(ReleasedMessages(SEEN, dict.fromkeys(SEEN), (20, 39))) == set()


def test_a_later_look_bounds_who_had_taken_theirs_back_before() -> None:
    later = {"neutral": 900, "both": 900}
    first = ReleasedMessages(SEEN, dict.fromkeys(SEEN), (20, 39))
    told = ranges(first, ReleasedMessages(later, {"neutral": 912, "both": 913}))
    assert ("", None, 20, 25) in told
    assert ("", 0, 0, 5) in told


def test_where_nothing_is_left_over_nobody_took_theirs_back_and_that_may_be_known() -> None:
    assert ranges(ReleasedMessages(SEEN, SEEN, (0, 19))) == set()


def test_the_messages_sent_come_before_the_band() -> None:
    assert releasable_messages(SEEN, SENT, 22, [], least=10) == ReleasedMessages(SEEN, SENT)
    assert releasable_messages(SEEN, SENT, 2, [], least=10) == ReleasedMessages(SEEN, SENT, (0, 19))


def test_a_band_that_was_told_hides_messages_that_would_bound_it() -> None:
    before = ReleasedMessages(SEEN, dict.fromkeys(SEEN), (20, 39))
    later = {"neutral": 900, "both": 900}
    told = releasable_messages(later, {"neutral": 912, "both": 913}, 24, [before], least=10)
    assert told == ReleasedMessages(later, dict.fromkeys(later), (20, 39))


def test_what_was_told_for_a_smaller_cell_hides_nothing_for_ever() -> None:
    before = ReleasedMessages(SEEN, {"neutral": 700, "both": 700}, (20, 39))
    later = {"neutral": 2_900, "both": 2_900}
    told = releasable_messages(later, {"neutral": 3_300, "both": 3_300}, 90, [before], least=20)
    assert told.served == {"neutral": 3_300, "both": 3_300}


@pytest.mark.slow
def test_no_few_who_took_it_back_or_saw_nothing_are_told_by_a_hundred_campaigns() -> None:
    found = search(range(100))
    assert (found.exact, found.narrow) == ([], [])
    assert found.small > 1_000


@pytest.mark.proof
@pytest.mark.minutes
def test_nor_by_many() -> None:
    """`python -m tests.analytics.suppression.withdrawal_search --campaigns 10000` takes half an hour."""
    found = search(range(100, 1_100))
    assert (found.exact, found.narrow) == ([], [])


@pytest.mark.slow
def test_what_is_told_without_an_attack_gives_few_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unseen_messages, "find_inferable_withdrawals", lambda *_, **__: [])
    assert len(search(range(100)).narrow) > 5


@pytest.mark.slow
def test_and_told_as_they_are_gives_them_away_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("start_of_band", "end_of_band"):
        monkeypatch.setattr(unseen_messages, name, lambda count, least: count)
    monkeypatch.setattr(unseen_messages, "find_inferable_withdrawals", lambda *_, **__: [])
    assert len(search(range(10)).exact) > 5
