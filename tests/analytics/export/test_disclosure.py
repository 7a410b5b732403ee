"""A bundle tells no small count: of two campaigns that differ in one, it is the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from analytics.export.bundle import make_bundle
from analytics.export.look_tables import NotExportable
from campaign.models import Campaign
from tests.analytics.disclosure import test_gate

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def bundles(*makers: Callable[[], object]) -> list[bytes]:
    made = []
    for make in makers:
        with transaction.atomic():
            make()
            try:
                made.append(make_bundle(Campaign.objects.get(slug="pilot")))
            except NotExportable:
                made.append(b"")
            transaction.set_rollback(True)
    return made


@pytest.mark.parametrize("what", test_gate.PAIRS)
def test_a_bundle_is_the_same_whatever_a_small_count_is(what: str) -> None:
    one, other = bundles(*test_gate.PAIRS[what])
    assert one == other


def test_it_differs_with_a_count_that_is_shown() -> None:
    one, other = bundles(lambda: test_gate.looked(), lambda: test_gate.looked(test_gate.COUNTS | {"both": (2000, 881)}))
    assert one != other
