"""The inventory of outlets names everything by which counts could leave, and each says no more than it declares."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from campaign.models import Campaign
from tests.analytics.disclosure import outlets
from tests.analytics.disclosure.test_routes_with_counts import FEW, MANY

pytestmark = pytest.mark.slow


def missing(found: dict[str, set[str]]) -> set[str]:
    """Outlets of the code that the inventory does not name."""
    named = outlets.inventory()
    return {f"{section}: {name}" for section, names in found.items() for name in names - named[section].keys()}


def test_every_outlet_of_the_code_is_in_the_inventory_and_no_other() -> None:
    found = outlets.outlets_in_the_code()
    assert missing(found) == set()
    gone = {(section, name) for section, names in outlets.inventory().items() for name in names.keys() - found[section]}
    assert gone == set()


def test_every_outlet_says_what_leaves_through_it() -> None:
    for section, entries in outlets.inventory().items():
        for name, entry in entries.items():
            assert len(entry.keys() & outlets.KINDS) == 1, f"{section} {name}"
            assert entry.keys() <= outlets.KINDS | {"unread"}, f"{section} {name}"
            assert all(entry.values()), f"{section} {name}"


def test_a_new_command_step_notice_route_or_sender_is_missed_in_the_inventory() -> None:
    found = outlets.outlets_in_the_code()
    more = {section: names | {"one more"} for section, names in found.items()}
    assert missing(more) >= {f"{section}: one more" for section in found}


@pytest.mark.parametrize(
    "line",
    [
        "EmailMessage('numbers', str(counts), to=['ana@example.org']).send()",
        "mail.send_mail('numbers', str(counts), None, ['ana@example.org'])",
        "public_http.send_request('POST', url, body=counts)",
    ],
)
def test_a_module_that_sends_something_is_noticed(line: str) -> None:
    assert outlets.sends_something(line)


@pytest.mark.django_db
def test_an_outlet_that_says_nothing_of_visitors_says_the_same_whatever_was_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def said(make: Callable[[], object]) -> dict[str, str]:
        with transaction.atomic():
            make()
            read = outlets.read_outlets(Campaign.objects.get(slug="pilot"), monkeypatch)
            transaction.set_rollback(True)
        return read

    few, many = said(FEW), said(MANY)
    kinds = {name: entry for entries in outlets.inventory().values() for name, entry in entries.items()}
    differing = {name.removeprefix("worker ").removeprefix("notice ") for name in few if few[name] != many[name]}
    assert {name for name in differing if "nothing" in kinds.get(name, {})} == set()
    assert "report []" in differing  # the test reads something
