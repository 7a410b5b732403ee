"""The setting of a row: engine, amount of work, and the fault to plant, if any."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tests.trust.site import TrustSite, site


def do_nothing(made: TrustSite) -> None:
    """Prepare nothing: the fault is planted in a process."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that breaks a promise: the row that must detect it, a word of its report, and how to plant it."""

    name: str
    row: str
    expected_word: str
    prepare: Callable[[TrustSite], None] = do_nothing
    engine: str = "sqlite"


@dataclass(frozen=True, slots=True)
class Bench:
    """How to run a row."""

    engine: str = "sqlite"
    fast: bool = False
    fault: Fault | None = None

    def scaled(self, full: int, fast: int) -> int:
        """The amount of work: `full`, or `fast` in quick runs and for planted faults."""
        return fast if self.fast or self.fault else full

    @property
    def fault_name(self) -> str:
        """The name of the fault; empty if none is planted."""
        return self.fault.name if self.fault else ""

    @contextmanager
    def site(self, variables: Mapping[str, str] | None = None) -> Iterator[TrustSite]:
        """Create an installation with the fault in it."""
        with site(engine=self.engine, fault=self.fault_name, variables=variables) as made:
            if self.fault:
                self.fault.prepare(made)
            yield made
