"""Which cases of a test `make test` runs, and which only `make proof`."""

from collections.abc import Iterable
from typing import Any

import pytest


def proofs_but_each(nth: int, cases: Iterable[Any]) -> list[Any]:
    """The cases as parameters of a test: each nth, from the first on, stays in `make test`; the rest are proofs."""
    return [case if at % nth == 0 else pytest.param(case, marks=pytest.mark.proof) for at, case in enumerate(cases)]
