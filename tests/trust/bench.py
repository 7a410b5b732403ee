"""What a row works with: an engine, how much to do, and perhaps a fault to plant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tests.trust.site import TrustSite, site


def do_nothing(made: TrustSite) -> None:
    """The fault lives in a process alone."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that breaks a promise: the row that must find it, a word that it must say, and how it is planted."""

    name: str
    row: str
    expected_word: str
    prepare: Callable[[TrustSite], None] = do_nothing
    engine: str = "sqlite"


@dataclass(frozen=True, slots=True)
class Bench:
    """How a row is to be run."""

    engine: str = "sqlite"
    fast: bool = False
    fault: Fault | None = None

    def scaled(self, full: int, fast: int) -> int:
        """How much of something: all of it, or as much as tells."""
        return fast if self.fast or self.fault else full

    @property
    def fault_name(self) -> str:
        """The name of the fault, empty without one."""
        return self.fault.name if self.fault else ""

    @contextmanager
    def site(self, variables: Mapping[str, str] | None = None) -> Iterator[TrustSite]:
        """A new installation, with the fault in it."""
        with site(engine=self.engine, fault=self.fault_name, variables=variables) as made:
            if self.fault:
                self.fault.prepare(made)
            yield made
