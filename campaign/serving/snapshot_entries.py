"""What serving holds in memory, as frozen dataclasses: placements, campaigns, arms and rendered messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from campaign.assignment.receipts import pack_ids
from campaign.serving import hosted_pages

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RenditionEntry:
    """One message in one locale: the JSON that answers with it, as far as the value of its receipt; its hosted page
    around each place of the receipt; and the page that staff preview. Equal ones are one object."""

    decide_json: hosted_pages.PageParts
    page: tuple[hosted_pages.PageParts, ...]
    preview_page: hosted_pages.PageParts


@dataclass(frozen=True, slots=True)
class ArmEntry:
    """One arm as served. While it is `paused` its units see the control's words, uncounted."""

    id: int
    key: str
    renditions: Mapping[str, RenditionEntry]
    paused: bool = False


@dataclass(frozen=True, slots=True)
class CampaignEntry:
    """One launched campaign as served."""

    id: int
    salt: str
    arms: tuple[ArmEntry, ...]
    cumulative_weights: tuple[int, ...]
    locales: tuple[str, ...]
    starts: float
    ends: float
    unit: str = "view"
    secret: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        _share(self, "cumulative_weights", "locales", "starts", "ends", "unit")


@dataclass(frozen=True, slots=True, eq=False)
class ServedArm:
    """One arm at one placement in one locale: what is a placement's own lies close together, as the processor waits
    for each thing that lies elsewhere. Each is one of a kind, and counted as such."""

    packed_ids: bytes  # of its receipts
    locale: str
    rendition: RenditionEntry
    paused: bool = False  # no receipt goes out, and these are the control's words


@dataclass(frozen=True, slots=True)
class PlacementEntry:
    """One placement: the campaign that runs there, or why none does, and its own pages."""

    id: int
    key: str
    origins: frozenset[str]
    leave_url: str
    continue_url: str
    campaign: CampaignEntry | None
    reason: str
    fallback: Mapping[str, RenditionEntry] | None
    previews: Mapping[int, ArmEntry]
    pages: hosted_pages.HostedPages
    content_security_policy: str
    version: tuple[Any, ...] = field(default=(), repr=False, compare=False)
    served_arms: tuple[ServedArm, ...] = field(init=False, repr=False, compare=False)  # by locale, then by arm

    def __post_init__(self) -> None:
        _share(self, "origins")
        object.__setattr__(
            self, "served_arms", tuple(_offers(self))
        )  # how a frozen dataclass gets what follows from it

    def insert_key(self, parts: hosted_pages.PageParts) -> bytes:
        """What was cut, with this placement's key in it."""
        return self.key.encode().join(parts)

    def all_renditions(self) -> Iterator[RenditionEntry]:
        """All that can be shown here, some of it more than once."""
        for arm in (*self.previews.values(), *(self.campaign.arms if self.campaign else ())):
            yield from arm.renditions.values()
        yield from (self.fallback or {}).values()


def _offers(placement: PlacementEntry) -> Iterable[ServedArm]:
    campaign = placement.campaign
    if campaign is None:
        return
    for locale in campaign.locales:
        for arm in campaign.arms:
            told = pack_ids(campaign=campaign.id, arm=arm.id, placement=placement.id)
            yield ServedArm(told, locale, arm.renditions[locale], arm.paused)


class DecideRequest(NamedTuple):
    """What a request for a decision says beside its placement."""

    locale: str | None = None
    unit: str | None = None
    session: str | None = None
    preview: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that serving needs, as of one moment; not `compiled` as long as the database was never read.

    `lately` remembers what is found in it by whole bodies that name a placement and a language, and so are alike.
    """

    placements: Mapping[str, PlacementEntry]
    placement_ids: Mapping[int, PlacementEntry]
    is_compiled: bool = False
    request_cache: dict[bytes, tuple[PlacementEntry, DecideRequest]] = field(
        default_factory=dict, repr=False, compare=False
    )


EMPTY_SNAPSHOT = Snapshot(MappingProxyType({}), MappingProxyType({}))


@lru_cache(maxsize=1024)
def intern_value(value: T) -> T:
    """Equal values as one object: what the processor has at hand for one placement serves a thousand others too."""
    return value


def _share(entry: object, *names: str) -> None:
    """These fields of a frozen entry, as one object with all entries that say the same."""
    for name in names:
        object.__setattr__(entry, name, intern_value(getattr(entry, name)))
