"""The rows of the table, one module each, with a function `check(bench)`."""

from __future__ import annotations

from importlib import import_module

from tests.trust.bench import Bench
from tests.trust.result import Result


def check(row: str, bench: Bench) -> Result:
    """Run the row of this name."""
    result: Result = import_module(f"{__name__}.{row}").check(bench)
    return result
