"""A verification runs once, and again in the very request after a row that it rests on was changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from messages.audit import signed_head
from messages.audit.verified_before import verified_before
from messages.models import Theme

pytestmark = pytest.mark.django_db


class Verification:
    """Names of themes, read in two queries of which the second depends on the first; `runs` is how often it ran."""

    def __init__(self) -> None:
        self.runs = 0
        self.ask = verified_before(self._names)

    def _names(self, keys: tuple[str, ...]) -> list[str]:
        self.runs += 1
        numbers = [theme.pk for theme in Theme.objects.filter(key__in=keys)]
        first = Theme.objects.filter(pk__in=numbers).order_by("key").values_list("name", flat=True).first()
        rest = Theme.objects.filter(pk__in=numbers).order_by("key").values_list("name", flat=True)[1:]
        return [*filter(None, [first]), *rest]


def by_sql(statement: str, *values: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture(autouse=True)
def themes() -> None:
    Theme.objects.create(key="verified-a", name="One")
    Theme.objects.create(key="verified-b", name="Two")


BOTH = ("verified-a", "verified-b")


def test_what_was_verified_is_not_verified_again() -> None:
    verification = Verification()
    assert [verification.ask(BOTH) for _ in range(3)] == [["One", "Two"]] * 3
    assert verification.runs == 1


def test_a_row_changed_by_sql_is_seen_at_once_and_so_is_its_return() -> None:
    verification = Verification()
    verification.ask(BOTH)
    by_sql("UPDATE messaging_theme SET name = 'Forged' WHERE key = %s", "verified-b")
    assert verification.ask(BOTH) == ["One", "Forged"]
    by_sql("UPDATE messaging_theme SET name = 'Two' WHERE key = %s", "verified-b")
    assert verification.ask(BOTH) == ["One", "Two"]


def test_a_row_that_was_put_in_or_taken_out_is_seen_at_once() -> None:
    verification = Verification()
    assert verification.ask((*BOTH, "verified-c")) == ["One", "Two"]
    Theme.objects.create(key="verified-c", name="Three")
    assert verification.ask((*BOTH, "verified-c")) == ["One", "Two", "Three"]
    by_sql("DELETE FROM messaging_theme WHERE key = %s", "verified-a")
    assert verification.ask((*BOTH, "verified-c")) == ["Two", "Three"]


def test_other_rows_and_other_things_asked_have_answers_of_their_own() -> None:
    verification = Verification()
    assert (verification.ask(BOTH[:1]), verification.ask(BOTH[1:])) == (["One"], ["Two"])
    by_sql("UPDATE messaging_theme SET name = 'Forged' WHERE key = %s", "verified-b")
    assert (verification.ask(BOTH[:1]), verification.ask(BOTH[1:])) == (["One"], ["Forged"])
    assert verification.runs == 3  # the first was not asked again


def test_whoever_changes_an_answer_changes_nobody_elses() -> None:
    verification = Verification()
    verification.ask(BOTH).append("Mine")
    assert verification.ask(BOTH) == ["One", "Two"]


def test_another_key_of_this_machine_verifies_anew(settings: Any, tmp_path: Path) -> None:
    settings.KEY_DIRECTORY = tmp_path
    verification = Verification()
    verification.ask(BOTH)
    signed_head.begin(signed_head.NOTHING)
    verification.ask(BOTH)
    assert verification.runs == 2


def test_what_writes_or_locks_is_not_taken_for_a_question() -> None:
    runs = 0

    @verified_before
    def write(key: str) -> int:
        nonlocal runs
        runs += 1
        with transaction.atomic():
            return Theme.objects.filter(key=key).update(name=f"Written {runs}")

    assert [write("verified-a"), write("verified-a"), runs] == [1, 1, 2]


def test_a_verification_within_another_is_seen_by_both() -> None:
    inner = Verification()

    @verified_before
    def outer(keys: tuple[str, ...]) -> list[str]:
        return [name.upper() for name in inner.ask(keys)]

    assert [outer(BOTH), outer(BOTH), inner.ask(BOTH)] == [["ONE", "TWO"], ["ONE", "TWO"], ["One", "Two"]]
    by_sql("UPDATE messaging_theme SET name = 'Forged' WHERE key = %s", "verified-a")
    assert outer(BOTH) == ["FORGED", "TWO"]
