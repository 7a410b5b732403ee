"""Compile the launched campaigns into one immutable object in memory: serving reads nothing else.

A background thread checks for changes every few seconds and compiles a new snapshot. While the database is away, the
last one stays, or the one stored by campaign.serving.snapshot_file. Pages are rendered here, once for all placements
where they differ only in the receipt and the placement's key, which are inserted at each request.
"""

import gc
import json
import logging
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from campaign.keys.store import subject_secret
from campaign.lifecycle.frozen_plan import campaigns_launched_on_record
from campaign.lifecycle.placement_authors import recorded_places
from campaign.models import ArmText, Campaign, Placement
from campaign.planned_people import planned_people
from campaign.serving import hosted_pages
from campaign.serving.locales import interface_language
from campaign.serving.network_share import share_of_plan
from campaign.serving.snapshot_entries import (
    EMPTY_SNAPSHOT,
    ArmEntry,
    CampaignEntry,
    PlacementEntry,
    PlacementPart,
    RenditionEntry,
    Snapshot,
    TextEntry,
    serve_in_turn,
)
from campaign.serving.snapshot_file import SnapshotFile
from campaign.serving.snapshot_version import (
    CoarseVersion,
    read_coarse_version,
    read_placement_versions,
    read_preview_givers,
)
from messages.audit import continuity
from messages.help_links.recorded_links import recorded_links
from messages.models import HelpLink, Rendition
from messages.review.recorded_approvals import recorded_approvals
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
_WITHDRAWN = "campaign_paused"  # approval of a running campaign's messages was withdrawn
_CHUNK_SIZE = 200
_OLDER_DATABASE: CoarseVersion = ("older database",)
_REASON_ORDER = ["campaign_paused", "campaign_not_started", "campaign_ended"]


def compile_snapshot(previous: Snapshot = EMPTY_SNAPSHOT) -> Snapshot:
    """Render everything that can be shown; entries of `previous` that have not changed are reused."""
    versions = read_placement_versions()
    entries = {pk: entry for pk, entry in previous.placement_ids.items() if versions.get(pk) == entry.version}
    placements = Placement.objects.select_related("partner", "fallback__message").prefetch_related(
        "campaigns__plan",
        "campaigns__arms__texts__revision__message",
        "campaigns__arms__texts__revision__renditions",
        "fallback__renditions",
    )
    renderer = _Renderer(entries.values())
    changed = [number for number in versions if number not in entries]
    links = recorded_links(HelpLink.objects.for_visitors()) if changed else []
    follow_up_pages = hosted_pages.FollowUpPages(links)
    for start in range(0, len(changed), _CHUNK_SIZE):
        chunk = list(placements.filter(pk__in=changed[start : start + _CHUNK_SIZE]))
        renderer.approved |= recorded_approvals(words for placement in chunk for words in _renditions_at(placement))
        renderer.launched |= campaigns_launched_on_record(
            {c.pk: c for placement in chunk for c in placement.campaigns.all() if c.state in Campaign.LIVE}.values()
        )
        recorded = recorded_places(chunk)
        for placement in chunk:
            campaigns, version = list(placement.campaigns.all()), versions[placement.pk]
            if placement.pk in recorded:
                entry = _placement_entry(placement, campaigns, follow_up_pages, renderer, version)
            else:
                _take_away_what_nobody_chose(placement)
                entry = _placement_entry(placement, [], follow_up_pages, renderer, version)
                is_live = any(campaign.state in Campaign.LIVE for campaign in campaigns)
                entry = replace(entry, reason=_WITHDRAWN if is_live else _reason(campaigns))
            entries[placement.pk] = entry
    return Snapshot(
        placements=MappingProxyType({entry.key: entry for entry in entries.values()}),
        placement_ids=MappingProxyType(entries),
        is_compiled=True,
        preview_givers=read_preview_givers(),
    )


class _Renderer:
    """Renders messages, once for all placements whose buttons lead to the same places.

    `approved` holds the renditions whose approval is on record, `launched` the campaigns whose launch is.
    """

    def __init__(self, previous: Iterable[PlacementEntry]) -> None:
        self.approved: set[int] = set()
        self.launched: set[int] = set()
        self._shared = {rendition: rendition for entry in previous for rendition in entry.all_renditions()}
        self._rendered: dict[tuple[int, str, str], RenditionEntry] = {}

    def render_all(self, renditions: Iterable[Rendition], placement: Placement) -> Mapping[str, RenditionEntry]:
        """Entries by locale; equal ones are one object."""
        return MappingProxyType({rendition.locale: self._render(rendition, placement) for rendition in renditions})

    def _render(self, rendition: Rendition, placement: Placement) -> RenditionEntry:
        key = (rendition.pk, placement.leave_url, placement.continue_url)
        if key not in self._rendered:
            entry = _render(render_rendition(rendition), hosted_pages.placeholder_placement(placement))
            self._rendered[key] = self._shared.setdefault(entry, entry)
        return self._rendered[key]


def _render(text: RenderedMessage, placement: Placement) -> RenditionEntry:
    payload = hosted_pages.message_payload(text, placement)
    message = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return RenditionEntry(
        language=interface_language(text.locale),
        message_json=hosted_pages.split_at_key(message),
        page=tuple(map(hosted_pages.split_at_key, hosted_pages.render_message_page(payload, placement))),
        uncounted_page=hosted_pages.split_at_key(hosted_pages.render_uncounted_page(payload, placement)),
        preview_page=hosted_pages.split_at_key(hosted_pages.render_preview_page(payload, placement)),
    )


def _take_away_what_nobody_chose(placement: Placement) -> None:
    """Leave nothing of a place that somebody changed in the database itself: no words, no address, no site."""
    placement.fallback, placement.leave_url, placement.continue_url, placement.allowed_origins = None, "", "", []


def _placement_entry(
    placement: Placement,
    campaigns: Sequence[Campaign],
    follow_up_pages: hosted_pages.FollowUpPages,
    renderer: _Renderer,
    version: tuple[Any, ...],
) -> PlacementEntry:
    # A scheduled campaign too: it starts by the server's clock, even if the worker is late.
    launched = [campaign for campaign in campaigns if campaign.pk in renderer.launched and _is_launched(campaign)]
    running = sorted((campaign for campaign in launched if campaign.state in Campaign.LIVE), key=_precedence)
    sharing = sorted((c for c in running if c.shares_places), key=lambda campaign: (campaign.first_slot, campaign.pk))
    alone = [campaign for campaign in running if not campaign.shares_places]
    arms = {
        arm.id: ArmEntry(
            arm.id,
            arm.key,
            tuple(
                TextEntry(text.position, renderer.render_all(_servable(text, campaign, renderer.approved), placement))
                for text in arm.texts.all()
                if text.stopped_at is None and not _is_left_out_of_previews(text, campaign)
            ),
        )
        for campaign in campaigns
        if campaign.state != Campaign.State.CLOSED
        for arm in campaign.arms.all()
    }
    others = [campaign for campaign in campaigns if campaign not in sharing]
    shown, reason = _shown_campaigns(alone, others, arms)
    entry = PlacementEntry(
        id=placement.id,
        key=placement.key,
        origins=frozenset(placement.allowed_origins),
        leave_url=placement.leave_url,
        continue_url=placement.continue_url,
        campaign=None,
        reason=reason,
        fallback=renderer.render_all(_fallback_renditions(placement, renderer.approved), placement) or None,
        previews=MappingProxyType({number: arm for number, arm in arms.items() if arm.locales()}),
        pages=follow_up_pages.for_placement(placement),
        content_security_policy=hosted_pages.content_security_policy(placement),
        declared_share=placement.network_share / 100,
        counts_signed_only=placement.counts_signed_only,
        version=version,
    )
    if not sharing:
        return serve_in_turn(entry, shown)
    parts = []
    for one in sharing:
        own, reason = _shown_campaigns(sorted([one, *alone], key=_precedence), [one], arms)
        part = serve_in_turn(replace(entry, reason=reason, sketch=_sketch_number(placement, one)), own)
        parts.append(PlacementPart(one.first_slot, one.last_slot, part))
    return replace(serve_in_turn(entry, shown), parts=tuple(parts))


def _shown_campaigns(
    live: Sequence[Campaign], campaigns: Iterable[Campaign], arms: Mapping[int, ArmEntry]
) -> tuple[list[CampaignEntry], str]:
    """The live campaigns that can be shown, and for the time when none is, why."""
    entries = [entry for campaign in live if (entry := _campaign_entry(campaign, arms)) is not None]
    if live and not entries:
        return [], _WITHDRAWN
    return entries, _reason(campaigns)


def _reason(campaigns: Iterable[Campaign]) -> str:
    """Why nothing is shown where none of these campaigns is."""
    reasons = {_REASONS[campaign.state] for campaign in campaigns if campaign.state in _REASONS}
    return next((reason for reason in _REASON_ORDER if reason in reasons), _NO_CAMPAIGN)


def _sketch_number(placement: Placement, campaign: Campaign) -> int:
    """Where networks are counted in a part: apart from its neighbours, as anybody can work out keys of one slot.

    A number that no placement has, and whose totals seldom lie where those of a placement do.
    """
    return placement.pk + 40_503 * campaign.pk


def _is_launched(campaign: Campaign) -> bool:
    """Whether it has a frozen plan and a launch; without them somebody wrote its state into the database itself."""
    return campaign.launched_at is not None and hasattr(campaign, "plan") and campaign.plan.frozen_at is not None


def _precedence(campaign: Campaign) -> int:
    """A trial goes before what is in use at its place, from its start to its end by the clock."""
    return 1 if campaign.is_use else 0


def _servable(text: ArmText, campaign: Campaign, approved: Collection[int]) -> list[Rendition]:
    """Approved renditions in the launch's locales; before it all, for previews; of a stopped message none."""
    renditions = list(text.revision.renditions.all())
    if campaign.state not in Campaign.LIVE:
        return renditions
    if text.revision.message.stopped_at is not None:
        return []
    return [r for r in renditions if r.pk in approved and (r.locale in campaign.locales or not campaign.locales)]


def _is_left_out_of_previews(text: ArmText, campaign: Campaign) -> bool:
    """Whether its message is stopped: a campaign that is not served is previewed without that text."""
    return campaign.state not in Campaign.LIVE and text.revision.message.stopped_at is not None


def _renditions_at(placement: Placement) -> Iterator[Rendition]:
    """What has to be approved to be shown here."""
    for campaign in placement.campaigns.all():
        if campaign.state in Campaign.LIVE:
            for arm in campaign.arms.all():
                for text in arm.texts.all():
                    yield from text.revision.renditions.all()
    if placement.fallback is not None:
        yield from placement.fallback.renditions.all()


def _fallback_renditions(placement: Placement, approved: Collection[int]) -> list[Rendition]:
    if placement.fallback is None or placement.fallback.message.stopped_at is not None:
        return []
    return [rendition for rendition in placement.fallback.renditions.all() if rendition.pk in approved]


def _campaign_entry(campaign: Campaign, entries: Mapping[int, ArmEntry]) -> CampaignEntry | None:
    """The campaign as served; None if approvals were withdrawn so that no locale is left that every arm has."""
    ordered = sorted(campaign.arms.all(), key=lambda arm: (arm.position, arm.id))
    control = next((entries[arm.id] for arm in ordered if arm.is_control), None)
    # A paused arm keeps its place, so that no other unit changes its arm; its own message is shown to nobody.
    arms = [
        replace(entries[arm.id], texts=control.texts if control else (), paused=True)
        if arm.paused_at is not None
        else entries[arm.id]
        for arm in ordered
    ]
    # Arms are compared, so a locale is served only if every arm has it.
    common = set.intersection(*(arm.locales() for arm in arms))
    if not common:
        return None
    return CampaignEntry(
        id=campaign.id,
        salt=campaign.salt,
        arms=tuple(arms),
        weights=tuple(arm.weight for arm in ordered),
        locales=tuple(sorted(common, key=lambda locale: (locale != "en", locale))),
        starts=_seconds(campaign.starts_at, float("-inf")),
        ends=_seconds(campaign.ends_at, float("inf")),
        unit=campaign.unit,
        network_share=network_share_of(campaign, [arm.weight for arm in ordered]),
        secret=subject_secret(settings.KEY_DIRECTORY, campaign.id) if campaign.unit == Campaign.Unit.SUBJECT else b"",
        periods=campaign.plan.periods_from(campaign.starts_at) if campaign.unit == Campaign.Unit.PERIOD else None,
    )


def network_share_of(campaign: Campaign, weights: Sequence[float]) -> float:
    """The share that one network may have of what counts for a campaign on a day."""
    people = planned_people(campaign.plan.planned_per_arm, weights)
    return share_of_plan(people, weights, most=settings.NETWORK_SHARE)


def _seconds(moment: datetime | None, default: float) -> float:
    return default if moment is None else moment.timestamp()


def _freeze_for_gc() -> None:
    """Exclude what exists now from garbage collection: the new snapshot lives long, and scanning it costs time."""
    gc.collect()
    gc.freeze()


class SnapshotRefresher:
    """Holds the current snapshot, renews it in the background, and loads it from `file` without a database."""

    def __init__(self, file: SnapshotFile | None = None) -> None:
        self._lock = threading.Lock()
        self._file = file
        self._version: CoarseVersion = ()
        self.current = EMPTY_SNAPSHOT

    def refresh(self) -> bool:
        """Compile a new snapshot if anything served has changed; whether it has."""
        with self._lock:
            try:
                if continuity.is_older_database():
                    return self._show_nothing()
                previous, self._version = self._version, read_coarse_version()
                if self.current.is_compiled and self._version == previous:
                    return False
                if self.current.is_compiled and self._is_current():
                    return False
                self.current = compile_snapshot(self.current)
                _freeze_for_gc()
            except (DatabaseError, OSError) as error:  # OSError: a secret could not be read or created
                self._version = ()
                log.warning("The snapshot was not renewed: %s", type(error).__name__)
                return self.current is EMPTY_SNAPSHOT and self._load_from_file()
            if self._file is not None:
                self._file.write(self.current)
            return True

    def _show_nothing(self) -> bool:
        """Show no message: the database does not know what was stopped or paused after the backup that it is."""
        if self._version != _OLDER_DATABASE:
            log.error("Nothing is shown. %s", continuity.OLDER_DATABASE)
        changed, self.current, self._version = self.current.is_compiled, EMPTY_SNAPSHOT, _OLDER_DATABASE
        return changed

    def _is_current(self) -> bool:
        versions = {number: entry.version for number, entry in self.current.placement_ids.items()}
        return self.current.preview_givers == read_preview_givers() and read_placement_versions() == versions

    def _load_from_file(self) -> bool:
        stored = None if self._file is None else self._file.read()
        if stored is None:
            return False
        log.warning("Messages are served from the stored snapshot until the database is back.")
        self.current = stored
        return True

    def start_refreshing(self, seconds: float) -> None:
        """Refresh from a background thread for the life of the process."""

        def loop() -> None:
            while not threading.Event().wait(seconds):
                close_old_connections()
                self.refresh()

        threading.Thread(target=loop, name="snapshot", daemon=True).start()
