"""What serving holds in memory, as frozen dataclasses: placements, campaigns, arms and rendered messages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from types import MappingProxyType
from typing import Any

from campaign.assignment.periods import Periods
from campaign.assignment.receipts import pack_ids
from campaign.serving import hosted_pages
from campaign.serving.reply_lengths import ReplyLengths, reply_lengths


@dataclass(frozen=True, slots=True)
class RenditionEntry:
    """One message in one locale, rendered; equal ones are one object.

    `message_json` is the message as the API returns it. Encoding it at each request would take about as long as all
    the rest of a decision (docs/decisions/0020). `page` is the hosted page, cut at each place of the receipt,
    `uncounted_page` the one without it, and `language` that of the text around the message.
    """

    language: str
    message_json: hosted_pages.PageParts
    page: tuple[hosted_pages.PageParts, ...]
    uncounted_page: hosted_pages.PageParts
    preview_page: hosted_pages.PageParts


@dataclass(frozen=True, slots=True)
class TextEntry:
    """One text of an arm that is not stopped, by locale."""

    position: int
    renditions: Mapping[str, RenditionEntry]


@dataclass(frozen=True, slots=True)
class ArmEntry:
    """One arm as served. While it is `paused` its units are shown the control's texts, uncounted."""

    id: int
    key: str
    texts: tuple[TextEntry, ...]
    paused: bool = False

    def locales(self) -> set[str]:
        """The locales in which every text is served."""
        return set.intersection(*(set(text.renditions) for text in self.texts)) if self.texts else set()


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
    periods: Periods | None = None  # where a placement shows one arm at a time

    def runs_at(self, now: float) -> bool:
        """Whether it serves at a moment, in seconds since 1970."""
        return self.starts <= now < self.ends


@dataclass(frozen=True, slots=True, eq=False)
class ServedText:
    """One text of an arm at one placement in one locale. Instances compare by identity, and are counted so."""

    packed_ids: bytes  # of its receipts
    arm: int
    placement: int
    locale: str
    rendition: RenditionEntry
    text: int = 0  # its position among those of the arm
    paused: bool = False  # shows the control's rendition without a receipt


@dataclass(frozen=True, slots=True)
class PlacementEntry:
    """One placement: the campaign that runs there, or why none does, and its own pages.

    Where campaigns share it, each has a part, and the entry itself has the slots that are left. `otherwise` is what
    serves it before its campaign starts and after that has ended: what is in use there, beneath a trial.
    """

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
    parts: tuple["PlacementPart", ...] = ()
    otherwise: "PlacementEntry | None" = None
    sketch: int = 0  # the number under which networks are counted there
    version: tuple[Any, ...] = field(default=(), repr=False, compare=False)
    # By locale, then by arm: its texts.
    served_arms: tuple[tuple[ServedText, ...], ...] = field(init=False, repr=False, compare=False)
    lengths: Mapping[str, ReplyLengths] = field(init=False, repr=False, compare=False)  # by language
    choices: Mapping[str, bytes] = field(init=False, repr=False, compare=False)  # of another language, by locale

    def __post_init__(self) -> None:
        # Frozen dataclass: derived fields need object.__setattr__.
        object.__setattr__(self, "served_arms", tuple(_served_arms(self)))
        shown = (*(text.rendition for text in self.served_texts()), *(self.fallback or {}).values())
        locales = [entry.campaign.locales for entry in self.entries() if entry.campaign]
        offered = tuple(dict.fromkeys(chain.from_iterable(locales or [sorted(self.fallback or {})])))
        object.__setattr__(self, "choices", hosted_pages.language_choices(offered))
        object.__setattr__(self, "lengths", reply_lengths(self.key, shown, self.pages, self.choices.values()))

    def insert_key(self, parts: hosted_pages.PageParts) -> bytes:
        """A rendered text with this placement's key in it."""
        return self.key.encode().join(parts)

    def entries(self) -> Iterator["PlacementEntry"]:
        """Itself, what serves it otherwise, and the same of each of its parts."""
        yield self
        if self.otherwise is not None:
            yield from self.otherwise.entries()
        for part in self.parts:
            yield from part.entry.entries()

    def entry_at(self, now: float) -> "PlacementEntry":
        """What serves it at a moment, by the clock: its campaign, or else what serves it otherwise."""
        entry = self
        while entry.otherwise is not None and not (entry.campaign and entry.campaign.runs_at(now)):
            entry = entry.otherwise
        return entry

    def entry_of_slot(self, slot: int) -> "PlacementEntry":
        """What serves a slot where campaigns share the place."""
        return next((part.entry for part in self.parts if part.first_slot <= slot <= part.last_slot), self)

    def entry_of_campaign(self, packed_ids: bytes) -> "PlacementEntry | None":
        """What serves the texts whose receipts have these ids."""
        return next((entry for entry in self.entries() if entry.packed_ids() == packed_ids), None)

    def packed_ids(self) -> bytes:
        """The ids that all receipts of its campaign have in common here; empty without one."""
        return b"" if self.campaign is None else pack_ids(campaign=self.campaign.id, placement=self.id)

    def served_texts(self) -> Iterator[ServedText]:
        """Everything that its campaign shows here, or those that share it."""
        for entry in self.entries():
            yield from chain.from_iterable(entry.served_arms)

    def all_renditions(self) -> Iterator[RenditionEntry]:
        """Every rendition that can be shown here, some of them more than once."""
        campaigns = [entry.campaign for entry in self.entries() if entry.campaign]
        for arm in (*self.previews.values(), *(arm for campaign in campaigns for arm in campaign.arms)):
            for text in arm.texts:
                yield from text.renditions.values()
        yield from (self.fallback or {}).values()


@dataclass(frozen=True, slots=True)
class PlacementPart:
    """The slots of a placement that one campaign has, where several share it."""

    first_slot: int
    last_slot: int
    entry: PlacementEntry


def serve_in_turn(entry: PlacementEntry, campaigns: Sequence[CampaignEntry]) -> PlacementEntry:
    """An entry that serves the first of these campaigns, and each of the others while those before it do not run."""
    served = None
    for campaign in reversed(campaigns):
        served = replace(entry, campaign=campaign, otherwise=served)
    return served or entry


def _served_arms(placement: PlacementEntry) -> Iterator[tuple[ServedText, ...]]:
    """The texts of each arm, for the first locale, then for the next."""
    campaign = placement.campaign
    if campaign is None:
        return
    packed_ids = placement.packed_ids()
    for locale in campaign.locales:
        for arm in campaign.arms:
            yield tuple(
                ServedText(packed_ids, arm.id, placement.id, locale, text.renditions[locale], text.position, arm.paused)
                for text in arm.texts
            )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that serving needs, as of one moment; not `is_compiled` until the database has been read."""

    placements: Mapping[str, PlacementEntry]
    placement_ids: Mapping[int, PlacementEntry]
    is_compiled: bool = False
    # Whose preview links are shown, and since when they count. Not in the stored file, which therefore shows none.
    preview_givers: Mapping[int, int] = field(default_factory=dict, compare=False)


EMPTY_SNAPSHOT = Snapshot(MappingProxyType({}), MappingProxyType({}))
