"""Routes of the audience surface, and what handlers work with. Apps above register theirs (analytics.wiring)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from campaign.assignment.receipts import Receipt, ReceiptSigner
from campaign.serving.http import Refusal, Reply, Request
from campaign.serving.recently_served import RecentlyServed

if TYPE_CHECKING:
    from campaign.placements.tag_check import TagCheckLog
    from campaign.serving.exclusions import Exclusions
    from campaign.serving.served_counts import ServedCounter
    from campaign.serving.snapshot_entries import Snapshot


class OutcomeEvent(NamedTuple):
    """One verified outcome on its way to disk."""

    receipt: Receipt
    outcome: str
    value: int | None


RecordResults = Sequence[Refusal | None]
DeliverResults = Callable[[list[tuple[Any, RecordResults]]], object]


class PendingReply(NamedTuple):
    """Events to put on disk first, and the function that builds the reply once it is known which of them count."""

    events: list[OutcomeEvent]
    build_reply: Callable[[RecordResults], Reply]


class EventRecorder(Protocol):
    """Writes events to disk: while the caller waits, or from a thread of its own."""

    def submit(self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float]) -> RecordResults: ...

    def put(
        self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float], ticket: Any, deliver: DeliverResults
    ) -> None:
        """Record without waiting; `deliver` later gets a list of tickets, each with the results of its events."""
        ...


@dataclass(frozen=True, slots=True)
class ServingContext:
    """What a handler may use, and nothing else: no database, no session, no settings."""

    clock: Callable[[], float]
    snapshot: Callable[[], Snapshot]
    receipt_signer: ReceiptSigner
    receipt_life_hours: int
    served_counter: ServedCounter
    tag_check_log: TagCheckLog
    exclusions: Exclusions
    recently_served: RecentlyServed = field(default_factory=RecentlyServed)


Handler = Callable[[Request, ServingContext], Reply | PendingReply]


@dataclass(frozen=True, slots=True)
class Route:
    """A handler, which runs in the event loop, and the largest body that it takes.

    `reads_query`: it needs the query string, which is costly to copy for the others.
    """

    handler: Handler
    max_body_bytes: int = 0
    reads_query: bool = False


_routes: dict[str, Route] = {}
_recorder_factories: list[Callable[[], EventRecorder]] = []
_background_tasks: list[Callable[[], None]] = []


def register_routes(routes: Mapping[str, Route]) -> None:
    """Add handlers by their exact path."""
    _routes.update(routes)


def registered_routes() -> dict[str, Route]:
    """The registered handlers by their exact path."""
    return dict(_routes)


def register_event_recorder(factory: Callable[[], EventRecorder]) -> None:
    """Set what makes this process's event recorder."""
    _recorder_factories[:] = [factory]


def create_event_recorder() -> EventRecorder:
    """The event recorder of this process."""
    return _recorder_factories[0]()


def register_background_tasks(*starts: Callable[[], None]) -> None:
    """Set what each serving process starts beside its own threads."""
    _background_tasks[:] = starts


def start_background_tasks() -> None:
    """Start what was registered."""
    for start in _background_tasks:
        start()
