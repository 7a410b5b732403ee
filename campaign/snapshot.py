"""The launched campaigns compiled into one immutable object in memory: serving reads nothing else.

A background thread looks for changes every few seconds and compiles a new snapshot; if the database is away, the last
one stays, or the one that campaign.snapshot_file kept. Pages are rendered here, once, with a placeholder where the
receipt will stand.
"""

from __future__ import annotations

import gc
import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from campaign import hosted
from campaign.assignment import cumulative
from campaign.keyring import subject_secret
from campaign.models import Arm, Campaign, Placement
from messages.models import HelpLink, Revision
from messages.render import render

if TYPE_CHECKING:
    from campaign.snapshot_file import SnapshotFile

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shown:
    """One message in one locale: the JSON of its payload, and its hosted page around each place of the receipt."""

    payload: bytes
    page: tuple[bytes, ...]
    preview_page: bytes


@dataclass(frozen=True, slots=True)
class ArmEntry:
    """One arm as served."""

    id: int
    key: str
    shown: Mapping[str, Shown]


@dataclass(frozen=True, slots=True)
class CampaignEntry:
    """One launched campaign as served."""

    id: int
    salt: str
    arms: tuple[ArmEntry, ...]
    totals: tuple[int, ...]
    locales: tuple[str, ...]
    starts: float
    ends: float
    unit: str = "view"
    secret: bytes = field(default=b"", repr=False)


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
    fallback: Mapping[str, Shown] | None
    previews: Mapping[int, ArmEntry]
    pages: Mapping[str, bytes]
    policy: str
    mark: tuple[Any, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that serving needs, as of one moment; not `compiled` as long as the database was never read."""

    placements: Mapping[str, PlacementEntry]
    placement_ids: Mapping[int, PlacementEntry]
    compiled: bool = False


EMPTY = Snapshot(MappingProxyType({}), MappingProxyType({}))
_NO_CAMPAIGN = "no_campaign"
_REASONS: dict[str, str] = {
    Campaign.State.PAUSED: "campaign_paused",
    Campaign.State.CLOSED: "campaign_ended",
    Campaign.State.DRAFT: "campaign_not_started",
    Campaign.State.SUBMITTED: "campaign_not_started",
    Campaign.State.APPROVED: "campaign_not_started",
}
_AT_ONCE = 200
_REASON_ORDER = ["campaign_paused", "campaign_not_started", "campaign_ended"]


Marks = Mapping[int, tuple[Any, ...]]  # placement -> everything that its entry was compiled from, or when it changed


def read_marks() -> Marks:
    """Differs for a placement whenever something that is served there has changed; cheap enough every few seconds."""
    links = str(list(HelpLink.objects.shown().order_by("id").values_list(*hosted.OF_A_LINK)))
    runs: dict[int, list[Any]] = {}
    for placement, *run in (
        Campaign.placements.through.objects.order_by("placement_id", "campaign_id")
        .values_list("placement_id", "campaign_id", "campaign__state", "campaign__changed_at")
        .iterator()
    ):
        runs.setdefault(placement, []).append(tuple(run))
    rows = Placement.objects.values_list(
        "id", "key", "allowed_origins", "leave_url", "continue_url", "fallback", "partner__name"
    )
    return MappingProxyType({row[0]: (str(row), tuple(runs.get(row[0], ())), links) for row in rows})


def compile_snapshot(before: Snapshot = EMPTY) -> Snapshot:
    """Render everything that can be shown; a placement where nothing has changed since `before` is taken as it is."""
    marks = read_marks()
    entries = {number: entry for number, entry in before.placement_ids.items() if marks.get(number) == entry.mark}
    placements = Placement.objects.select_related("partner", "fallback__message").prefetch_related(
        "campaigns__arms__revision__renditions", "fallback__renditions"
    )
    links = list(HelpLink.objects.shown())
    changed = [number for number in marks if number not in entries]
    for start in range(0, len(changed), _AT_ONCE):
        for placement in placements.filter(pk__in=changed[start : start + _AT_ONCE]):
            entries[placement.pk] = _placement(placement, links, marks[placement.pk])
    return Snapshot(
        placements=MappingProxyType({entry.key: entry for entry in entries.values()}),
        placement_ids=MappingProxyType(entries),
        compiled=True,
    )


def _placement(placement: Placement, links: list[HelpLink], mark: tuple[Any, ...]) -> PlacementEntry:
    campaigns = list(placement.campaigns.all())
    # A scheduled one too: it starts by the server's clock, whether or not the worker has noticed.
    running = [c for c in campaigns if c.state in Campaign.LIVE]
    reasons = {_REASONS[c.state] for c in campaigns if c.state in _REASONS}
    reason = next((r for r in _REASON_ORDER if r in reasons), _NO_CAMPAIGN)
    previews = {
        arm.id: ArmEntry(arm.id, arm.key, _shown(arm.revision, placement))
        for campaign in campaigns
        if campaign.state != Campaign.State.CLOSED
        for arm in campaign.arms.all()
    }
    entry = _campaign(running[0], previews) if running else None
    return PlacementEntry(
        id=placement.id,
        key=placement.key,
        origins=_one(frozenset(placement.allowed_origins)),
        leave_url=placement.leave_url,
        continue_url=placement.continue_url,
        campaign=entry,
        reason=reason,
        fallback=_shown(placement.fallback, placement) if placement.fallback else None,
        previews=MappingProxyType(previews),
        pages=MappingProxyType(hosted.fixed_pages(placement, links)),
        policy=hosted.policy(placement),
        mark=mark,
    )


def _campaign(campaign: Campaign, previews: Mapping[int, ArmEntry]) -> CampaignEntry:
    arms = [previews[arm.id] for arm in _weighted(campaign)]
    # Arms are compared, so a locale is offered only if every arm speaks it.
    common = set.intersection(*(set(arm.shown) for arm in arms))
    return CampaignEntry(
        id=campaign.id,
        salt=campaign.salt,
        arms=tuple(arms),
        totals=_one(cumulative([arm.weight for arm in _weighted(campaign)])),
        locales=_one(tuple(sorted(common, key=lambda locale: (locale != "en", locale)))),
        starts=_seconds(campaign.starts_at, float("-inf")),
        ends=_seconds(campaign.ends_at, float("inf")),
        unit=campaign.unit,
        secret=subject_secret(settings.KEY_DIRECTORY, campaign.id) if campaign.unit == Campaign.Unit.SUBJECT else b"",
    )


@lru_cache(maxsize=1024)
def _one(value: T) -> T:
    """Equal values as one object: what the processor has at hand for one placement serves a thousand others too."""
    return value


def _weighted(campaign: Campaign) -> list[Arm]:
    """The arms that are shown, in the plan's order; an arm that was paused is passed over."""
    return sorted((arm for arm in campaign.arms.all() if arm.paused_at is None), key=lambda arm: (arm.position, arm.id))


def _seconds(moment: datetime | None, default: float) -> float:
    return default if moment is None else moment.timestamp()


def _shown(revision: Revision, placement: Placement) -> Mapping[str, Shown]:
    shown = {}
    for rendition in revision.renditions.all():
        payload = hosted.payload(render(rendition), placement)
        shown[rendition.locale] = Shown(
            payload=json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(),
            page=hosted.message_page(payload, placement),
            preview_page=hosted.preview_page(payload, placement),
        )
    return MappingProxyType(shown)


def _spare_the_collector() -> None:
    """What was just compiled will live long: the garbage collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()


class Keeper:
    """Holds the current snapshot and renews it in the background; the database may come and go.

    Each one is kept in `file`, and taken from there if the database is away when the process starts.
    """

    def __init__(self, file: SnapshotFile | None = None) -> None:
        self._lock = threading.Lock()
        self._file = file
        self.current = EMPTY

    def refresh(self) -> bool:
        """Compile anew if anything served has changed; True if it did."""
        with self._lock:
            try:
                marks = {number: entry.mark for number, entry in self.current.placement_ids.items()}
                if self.current.compiled and read_marks() == marks:
                    return False
                self.current = compile_snapshot(self.current)
                _spare_the_collector()
            except (DatabaseError, OSError) as error:  # OSError: a secret could not be read or made
                log.warning("The snapshot stays as it is: %s", type(error).__name__)
                return self.current is EMPTY and self._take_from_the_file()
            if self._file is not None:
                self._file.write(self.current)
            return True

    def _take_from_the_file(self) -> bool:
        kept = None if self._file is None else self._file.read()
        if kept is None:
            return False
        log.warning("Messages are shown from the snapshot that was kept, until the database is back.")
        self.current = kept
        return True

    def keep_fresh(self, seconds: float) -> None:
        """Renew from a background thread, for the life of the process."""

        def loop() -> None:
            while not threading.Event().wait(seconds):
                close_old_connections()
                self.refresh()

        threading.Thread(target=loop, name="snapshot", daemon=True).start()
