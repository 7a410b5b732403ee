"""What serving holds in memory, as frozen dataclasses: placements, campaigns, arms and rendered messages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from campaign.assignment.receipts import pack_ids
from campaign.serving import hosted_pages
from campaign.serving.reply_lengths import ReplyLengths, reply_lengths


@dataclass(frozen=True, slots=True)
class RenditionEntry:
    """One message in one locale, rendered; equal ones are one object.

    `message_json` is the message as the API returns it. Encoding it at each request would take about as long as all
    the rest of a decision (docs/decisions/0020). `page` is the hosted page, cut at each place of the receipt, and
    `language` that of the text around the message.
    """

    language: str
    message_json: hosted_pages.PageParts
    page: tuple[hosted_pages.PageParts, ...]
    preview_page: hosted_pages.PageParts


@dataclass(frozen=True, slots=True)
class ArmEntry:
    """One arm as served. While it is `paused` its units are shown the control's message, uncounted."""

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
    weights: tuple[int, ...]
    locales: tuple[str, ...]
    starts: float
    ends: float
    unit: str = "view"
    network_share: float = 1.0  # that one network may have of what is counted on a day
    secret: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class ServedArm:
    """One arm at one placement in one locale. Instances compare by identity, and are counted so."""

    packed_ids: bytes  # of its receipts
    arm: int
    placement: int
    locale: str
    rendition: RenditionEntry
    paused: bool = False  # shows the control's rendition without a receipt


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
    declared_share: float = 0.0  # in place of the campaign's; 0: none
    counts_signed_only: bool = False
    version: tuple[Any, ...] = field(default=(), repr=False, compare=False)
    served_arms: tuple[ServedArm, ...] = field(init=False, repr=False, compare=False)  # by locale, then by arm
    lengths: Mapping[str, ReplyLengths] = field(init=False, repr=False, compare=False)  # by language

    def __post_init__(self) -> None:
        # Frozen dataclass: derived fields need object.__setattr__.
        object.__setattr__(self, "served_arms", tuple(_served_arms(self)))
        shown = (*(arm.rendition for arm in self.served_arms), *(self.fallback or {}).values())
        object.__setattr__(self, "lengths", reply_lengths(self.key, shown, self.pages))

    def insert_key(self, parts: hosted_pages.PageParts) -> bytes:
        """A rendered text with this placement's key in it."""
        return self.key.encode().join(parts)

    def all_renditions(self) -> Iterator[RenditionEntry]:
        """Every rendition that can be shown here, some of them more than once."""
        for arm in (*self.previews.values(), *(self.campaign.arms if self.campaign else ())):
            yield from arm.renditions.values()
        yield from (self.fallback or {}).values()


def _served_arms(placement: PlacementEntry) -> Iterator[ServedArm]:
    campaign = placement.campaign
    if campaign is None:
        return
    for locale in campaign.locales:
        for arm in campaign.arms:
            packed_ids = pack_ids(campaign=campaign.id, placement=placement.id)
            yield ServedArm(packed_ids, arm.id, placement.id, locale, arm.renditions[locale], arm.paused)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that serving needs, as of one moment; not `is_compiled` until the database has been read."""

    placements: Mapping[str, PlacementEntry]
    placement_ids: Mapping[int, PlacementEntry]
    is_compiled: bool = False
    # Whose preview links are shown, and since when they count. Not in the stored file, which therefore shows none.
    preview_givers: Mapping[int, int] = field(default_factory=dict, compare=False)


EMPTY_SNAPSHOT = Snapshot(MappingProxyType({}), MappingProxyType({}))
