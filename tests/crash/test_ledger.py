"""The ledger itself: what it takes for lost, for double, and for neither."""

from collections import Counter

from tests.crash.ledger import Cell, Ledger, LedgerComparison, ReportedOutcome, TrackedView, bounds


def view(*told: ReportedOutcome) -> TrackedView:
    return TrackedView("a receipt", 20_000, 1, 2, "en", 480_000, open=len(told))


def counted(**outcomes: int) -> Counter[Cell]:
    return Counter({(20_000, 1, 2, "en", outcome, 0): count for outcome, count in outcomes.items()})


def test_what_was_promised_and_counted_is_clean() -> None:
    ledger, told = Ledger(), [ReportedOutcome("exposed"), ReportedOutcome("left")]
    shown = view(*told)
    for each in told:
        ledger.record_accepted(shown, each)
    assert ledger.compare(counted(exposed=1, left=1, turned_back=1)) == LedgerComparison(0, 0, 0)
    assert ledger.compare(counted(exposed=1, no_answer=1)) == LedgerComparison(lost=1, double=0, derived_off=2)
    assert ledger.compare(counted(exposed=2, left=2, turned_back=2)) == LedgerComparison(
        lost=0, double=2, derived_off=1
    )


def test_what_was_refused_must_not_count() -> None:
    ledger, told = Ledger(), [ReportedOutcome("exposed"), ReportedOutcome("left")]
    shown = view(*told)
    ledger.record_accepted(shown, told[0])
    ledger.record_refused(shown, told[1])
    assert ledger.compare(counted(exposed=1, no_answer=1)).clean
    assert ledger.compare(counted(exposed=1, left=1, turned_back=1)).double == 1


def test_a_view_of_which_everything_was_refused_adds_nothing() -> None:
    ledger, told = Ledger(), ReportedOutcome("left")
    ledger.record_refused(view(told), told)
    assert ledger.compare(Counter()).clean
    assert ledger.refused == 1


def test_an_answer_that_was_lost_leaves_room_for_both_until_it_is_told_again() -> None:
    shown = view(ReportedOutcome("exposed"), ReportedOutcome("left"))
    shown.accepted, shown.unanswered = [ReportedOutcome("exposed")], [ReportedOutcome("left")]
    least, most = bounds(shown)
    assert least == counted(exposed=1)
    assert most == counted(exposed=1, left=1, turned_back=1, no_answer=1)


def test_told_again_it_is_as_good_as_the_first_time() -> None:
    ledger, told = Ledger(), ReportedOutcome("rating", 4)
    shown = view(told)
    ledger.record_unanswered(shown, told)
    ledger.record_unanswered(shown, told)
    ledger.record_accepted(shown, told)
    assert (ledger.again, ledger.unknown, ledger.acknowledged) == (1, 0, 1)
    assert ledger.least == ledger.most


def test_told_again_too_late_it_stays_unknown() -> None:
    ledger, told = Ledger(), ReportedOutcome("left")
    shown = view(told)
    ledger.record_unanswered(shown, told)
    ledger.record_refused(shown, told)
    assert (ledger.unknown, ledger.refused) == (1, 0)
    assert ledger.compare(Counter()).clean
    assert ledger.compare(counted(exposed=1, left=1, turned_back=1)).clean
    assert not ledger.compare(counted(exposed=2)).clean
