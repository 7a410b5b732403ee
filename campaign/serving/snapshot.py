"""The launched campaigns compiled into one immutable object in memory: serving reads nothing else.

A background thread looks for changes every few seconds and compiles a new snapshot; if the database is away, the last
one stays, or the one that campaign.serving.snapshot_file kept. Pages are rendered here, once for all placements where
they differ in nothing but the receipt and the placement's key, which are put in when they are served.
"""

from __future__ import annotations

import gc
import json
import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from campaign.assignment.arm_hash import cumulative_weights
from campaign.keys.store import subject_secret
from campaign.models import Arm, Campaign, Placement
from campaign.serving import hosted_pages
from campaign.serving.snapshot_entries import (
    EMPTY_SNAPSHOT,
    ArmEntry,
    CampaignEntry,
    PlacementEntry,
    RenditionEntry,
    Snapshot,
)
from campaign.serving.snapshot_file import SnapshotFile
from campaign.serving.snapshot_version import CoarseVersion, read_coarse_version, read_placement_versions
from messages.models import HelpLink, Rendition
from messages.review import workflow
from messages.text.rendering import RenderedMessage, render_rendition

log = logging.getLogger(__name__)

_NO_CAMPAIGN = "no_campaign"
_REASONS: dict[str, str] = {
    Campaign.State.PAUSED: "campaign_paused",
    Campaign.State.CLOSED: "campaign_ended",
    Campaign.State.DRAFT: "campaign_not_started",
    Campaign.State.SUBMITTED: "campaign_not_started",
    Campaign.State.APPROVED: "campaign_not_started",
}
_WITHDRAWN = "campaign_paused"  # words of a running campaign were taken back
_AT_ONCE = 200
_REASON_ORDER = ["campaign_paused", "campaign_not_started", "campaign_ended"]


def compile_snapshot(before: Snapshot = EMPTY_SNAPSHOT) -> Snapshot:
    """Render everything that can be shown; a placement where nothing has changed since `before` is taken as it is."""
    marks = read_placement_versions()
    entries = {number: entry for number, entry in before.placement_ids.items() if marks.get(number) == entry.version}
    placements = Placement.objects.select_related("partner", "fallback__message").prefetch_related(
        "campaigns__arms__revision__message", "campaigns__arms__revision__renditions", "fallback__renditions"
    )
    quiet, renderer = hosted_pages.FollowUpPages(list(HelpLink.objects.active())), _Renderer(entries.values())
    changed = [number for number in marks if number not in entries]
    for start in range(0, len(changed), _AT_ONCE):
        for placement in placements.filter(pk__in=changed[start : start + _AT_ONCE]):
            entries[placement.pk] = _placement(placement, quiet, renderer, marks[placement.pk])
    return Snapshot(
        placements=MappingProxyType({entry.key: entry for entry in entries.values()}),
        placement_ids=MappingProxyType(entries),
        is_compiled=True,
    )


class _Renderer:
    """Renders words, once for all placements whose buttons lead to the same places."""

    def __init__(self, before: Iterable[PlacementEntry]) -> None:
        self._one = {shown: shown for entry in before for shown in entry.all_renditions()}
        self._made: dict[tuple[int, str, str], RenditionEntry] = {}

    def shown(self, words: Iterable[Rendition], placement: Placement) -> Mapping[str, RenditionEntry]:
        """By locale."""
        return MappingProxyType({rendition.locale: self._at(rendition, placement) for rendition in words})

    def _at(self, rendition: Rendition, placement: Placement) -> RenditionEntry:
        where = (rendition.pk, placement.leave_url, placement.continue_url)
        if where not in self._made:
            made = _rendered(render_rendition(rendition), hosted_pages.placeholder_placement(placement))
            self._made[where] = self._one.setdefault(made, made)
        return self._made[where]


def _rendered(words: RenderedMessage, placement: Placement) -> RenditionEntry:
    payload = hosted_pages.message_payload(words, placement)
    message = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return RenditionEntry(
        decide_json=hosted_pages.split_at_key(f'{{"message":{message},"receipt":'),
        page=tuple(map(hosted_pages.split_at_key, hosted_pages.render_message_page(payload, placement))),
        preview_page=hosted_pages.split_at_key(hosted_pages.render_preview_page(payload, placement)),
    )


def _placement(
    placement: Placement, quiet: hosted_pages.FollowUpPages, renderer: _Renderer, mark: tuple[Any, ...]
) -> PlacementEntry:
    campaigns = list(placement.campaigns.all())
    # A scheduled one too: it starts by the server's clock, whether or not the worker has noticed.
    running = [c for c in campaigns if c.state in Campaign.LIVE]
    reasons = {_REASONS[c.state] for c in campaigns if c.state in _REASONS}
    reason = next((r for r in _REASON_ORDER if r in reasons), _NO_CAMPAIGN)
    arms = {
        arm.id: ArmEntry(arm.id, arm.key, renderer.shown(_words(arm, campaign), placement))
        for campaign in campaigns
        if campaign.state != Campaign.State.CLOSED
        for arm in campaign.arms.all()
    }
    entry = _campaign(running[0], arms) if running else None
    if running and entry is None:
        reason = _WITHDRAWN
    return PlacementEntry(
        id=placement.id,
        key=placement.key,
        origins=frozenset(placement.allowed_origins),
        leave_url=placement.leave_url,
        continue_url=placement.continue_url,
        campaign=entry,
        reason=reason,
        fallback=renderer.shown(_fallback(placement), placement) or None,
        previews=MappingProxyType({number: arm for number, arm in arms.items() if arm.renditions}),
        pages=quiet.for_partner(placement.partner.name),
        content_security_policy=hosted_pages.content_security_policy(placement),
        version=mark,
    )


def _words(arm: Arm, campaign: Campaign) -> list[Rendition]:
    """To visitors only approved words, in the languages of the launch; before it, staff preview what there is.

    Of a message that was stopped they see none, whatever was launched while it was being stopped.
    """
    words = list(arm.revision.renditions.all())
    if campaign.state not in Campaign.LIVE:
        return words
    if arm.revision.message.stopped_at is not None:
        return []
    return [
        r for r in words if workflow.is_approval_valid(r) and (r.locale in campaign.locales or not campaign.locales)
    ]


def _fallback(placement: Placement) -> list[Rendition]:
    if placement.fallback is None or placement.fallback.message.stopped_at is not None:
        return []
    return [rendition for rendition in placement.fallback.renditions.all() if workflow.is_approval_valid(rendition)]


def _campaign(campaign: Campaign, entries: Mapping[int, ArmEntry]) -> CampaignEntry | None:
    """None if words were withdrawn, so that no language is left which every arm speaks."""
    ordered = sorted(campaign.arms.all(), key=lambda arm: (arm.position, arm.id))
    neutral = next((entries[arm.id] for arm in ordered if arm.is_control), None)
    # A paused arm keeps its place, so that nobody else's arm moves; its own words are shown to nobody.
    arms = [
        replace(entries[arm.id], renditions=neutral.renditions if neutral else {}, paused=True)
        if arm.paused_at is not None
        else entries[arm.id]
        for arm in ordered
    ]
    # Arms are compared, so a locale is offered only if every arm speaks it.
    common = set.intersection(*(set(arm.renditions) for arm in arms))
    if not common:
        return None
    return CampaignEntry(
        id=campaign.id,
        salt=campaign.salt,
        arms=tuple(arms),
        cumulative_weights=cumulative_weights([arm.weight for arm in ordered]),
        locales=tuple(sorted(common, key=lambda locale: (locale != "en", locale))),
        starts=_seconds(campaign.starts_at, float("-inf")),
        ends=_seconds(campaign.ends_at, float("inf")),
        unit=campaign.unit,
        secret=subject_secret(settings.KEY_DIRECTORY, campaign.id) if campaign.unit == Campaign.Unit.SUBJECT else b"",
    )


def _seconds(moment: datetime | None, default: float) -> float:
    return default if moment is None else moment.timestamp()


def _spare_the_collector() -> None:
    """What was just compiled will live long: the garbage collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()


class SnapshotRefresher:
    """Holds the current snapshot and renews it in the background; the database may come and go.

    Each one is kept in `file`, and taken from there if the database is away when the process starts.
    """

    def __init__(self, file: SnapshotFile | None = None) -> None:
        self._lock = threading.Lock()
        self._file = file
        self._pulse: CoarseVersion = ()
        self.current = EMPTY_SNAPSHOT

    def refresh(self) -> bool:
        """Compile anew if anything served has changed; True if it did."""
        with self._lock:
            try:
                before, self._pulse = self._pulse, read_coarse_version()
                if self.current.is_compiled and self._pulse == before:
                    return False
                marks = {number: entry.version for number, entry in self.current.placement_ids.items()}
                if self.current.is_compiled and read_placement_versions() == marks:
                    return False
                self.current = compile_snapshot(self.current)
                _spare_the_collector()
            except (DatabaseError, OSError) as error:  # OSError: a secret could not be read or made
                self._pulse = ()
                log.warning("The snapshot stays as it is: %s", type(error).__name__)
                return self.current is EMPTY_SNAPSHOT and self._take_from_the_file()
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

    def start_refreshing(self, seconds: float) -> None:
        """Renew from a background thread, for the life of the process."""

        def loop() -> None:
            while not threading.Event().wait(seconds):
                close_old_connections()
                self.refresh()

        threading.Thread(target=loop, name="snapshot", daemon=True).start()
