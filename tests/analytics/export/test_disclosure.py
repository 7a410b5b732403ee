"""No file tells a small count: of two campaigns that differ in one, each is the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from analytics.export.files import FILES, ResultFile
from analytics.export.look_tables import NotExportable
from analytics.models import Analysis
from tests.analytics.disclosure import test_gate
from tests.tiers import proofs_but_each

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def made_by(*makers: Callable[[], object]) -> list[list[bytes]]:
    made = []
    for make in makers:
        with transaction.atomic():
            make()
            made.append([_made(file, Analysis.objects.order_by("look").last()) for file in FILES])
            transaction.set_rollback(True)
    return made


def _made(file: ResultFile, analysis: Analysis | None) -> bytes:
    try:
        assert analysis is not None
        return file.make(analysis)
    except NotExportable:
        return b""


@pytest.mark.parametrize("what", proofs_but_each(6, test_gate.PAIRS))
def test_every_file_is_the_same_whatever_a_small_count_is(what: str) -> None:
    one, other = made_by(*test_gate.PAIRS[what])
    assert one == other


def test_it_differs_with_a_count_that_is_shown() -> None:
    one, other = made_by(lambda: test_gate.looked(), lambda: test_gate.looked(test_gate.COUNTS | {"both": (2000, 881)}))
    assert [file.name for file, a, b in zip(FILES, one, other, strict=True) if a == b] == []
