"""The last snapshot on this machine's disk: a server that starts while the database is away serves messages from it.

The first line is a header, the second holds the pages and renditions that placements share, and each further line one
placement, all as JSON. Secrets of subjects are read from their own files; a campaign without its secret has ended.
"""

import hashlib
import json
import logging
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from campaign.assignment.periods import Periods
from campaign.keys.store import campaigns_with_subject_secret, subject_secret
from campaign.models import Campaign
from campaign.serving.hosted_pages import HostedPages, PageParts
from campaign.serving.snapshot_entries import (
    ArmEntry,
    CampaignEntry,
    PlacementEntry,
    PlacementPart,
    RenditionEntry,
    Snapshot,
    TextEntry,
    serve_in_turn,
)

log = logging.getLogger(__name__)

_FORMAT = 15
_DRAFT_SECONDS = 60  # no process writes longer than that


class SnapshotFile:
    """One file, shared by the web processes of this machine and replaced atomically."""

    def __init__(self, path: Path, *, key_directory: Path) -> None:
        self._path, self._keys = path, key_directory

    def write(self, snapshot: Snapshot) -> None:
        """Store this snapshot, unless the file holds it already. A disk error is logged and otherwise ignored."""
        header = {"format": _FORMAT, "mark": hashlib.sha256(_version_bytes(snapshot)).hexdigest()}
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        try:
            if self._read_header() == header:
                return
            self._delete_stale_drafts()
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(f"{json.dumps(header)}\n")
                shared = _SharedParts(snapshot)
                stream.write(f"{json.dumps(shared.as_json(), ensure_ascii=False)}\n")
                for placement in snapshot.placements.values():
                    stream.write(f"{json.dumps(_placement_as_json(placement, shared), ensure_ascii=False)}\n")
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(self._path)
        except OSError as error:
            log.warning("The snapshot could not be stored for a restart: %s", type(error).__name__)
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def read(self) -> Snapshot | None:
        """The stored snapshot, or None if there is none that can be read."""
        try:
            header = self._read_header()
            if header is None or header["format"] != _FORMAT:
                return None
            with self._path.open(encoding="utf-8") as stream:
                next(stream)
                shared = json.loads(next(stream))
                pages, renditions = [*map(_pages, shared["pages"])], [*map(_rendition, shared["renditions"])]
                entries = [self._add_secret(_placement(json.loads(line), pages, renditions)) for line in stream]
        except (OSError, ValueError, TypeError, LookupError, StopIteration) as error:
            log.warning("The stored snapshot cannot be read: %s", type(error).__name__)
            return None
        return Snapshot(
            placements=MappingProxyType({entry.key: entry for entry in entries}),
            placement_ids=MappingProxyType({entry.id: entry for entry in entries}),
            is_compiled=True,  # its entries have no version, so the first successful refresh replaces them
        )

    def _delete_stale_drafts(self) -> None:
        """Delete the drafts of processes that died while writing."""
        for draft in self._path.parent.glob(f".{self._path.name}.*"):
            with suppress(FileNotFoundError):
                if time.time() - draft.stat().st_mtime > _DRAFT_SECONDS:
                    draft.unlink()

    def _read_header(self) -> Any:
        try:
            with self._path.open(encoding="utf-8") as stream:
                return json.loads(stream.readline())
        except (FileNotFoundError, ValueError):
            return None

    def _add_secret(self, placement: PlacementEntry) -> PlacementEntry:
        """The placement with the secret under which subjects are assigned, if a campaign there needs one."""
        if placement.parts:
            parts = (replace(part, entry=self._add_secret(part.entry)) for part in placement.parts)
            placement = replace(placement, parts=tuple(parts))
        if placement.otherwise is not None:
            placement = replace(placement, otherwise=self._add_secret(placement.otherwise))
        campaign = placement.campaign
        if campaign is None or campaign.unit != Campaign.Unit.SUBJECT:
            return placement
        if campaign.id not in campaigns_with_subject_secret(self._keys):
            return replace(placement, campaign=None, reason="campaign_ended")
        return replace(placement, campaign=replace(campaign, secret=subject_secret(self._keys, campaign.id)))


def _version_bytes(snapshot: Snapshot) -> bytes:
    return repr(sorted((number, entry.version) for number, entry in snapshot.placement_ids.items())).encode()


class _SharedParts:
    """The pages and renditions that placements share, and their positions in the file."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._pages: dict[int, tuple[int, HostedPages]] = {}
        self._renditions: dict[RenditionEntry, int] = {}
        for placement in snapshot.placements.values():
            self._pages.setdefault(id(placement.pages), (len(self._pages), placement.pages))
            for rendition in placement.all_renditions():
                self._renditions.setdefault(rendition, len(self._renditions))

    def page_index(self, pages: HostedPages) -> int:
        return self._pages[id(pages)][0]

    def rendition_indexes(self, renditions: Mapping[str, RenditionEntry]) -> dict[str, int]:
        """Positions by locale."""
        return {locale: self._renditions[rendition] for locale, rendition in renditions.items()}

    def as_json(self) -> dict[str, Any]:
        pages = [{name: _as_text(parts) for name, parts in pages.items()} for _, pages in self._pages.values()]
        return {"pages": pages, "renditions": [*map(_rendition_as_json, self._renditions)]}


def _as_text(parts: PageParts) -> list[str]:
    return [part.decode() for part in parts]


def _parts(value: Sequence[str]) -> PageParts:
    return tuple(part.encode() for part in value)


def _pages(value: Mapping[str, list[str]]) -> HostedPages:
    return MappingProxyType({name: _parts(parts) for name, parts in value.items()})


def _placement_as_json(placement: PlacementEntry, shared: _SharedParts) -> dict[str, Any]:
    served = [arm for entry in placement.entries() if entry.campaign for arm in entry.campaign.arms]
    arms = dict(placement.previews) | {arm.id: arm for arm in served if not arm.paused}
    return {
        "id": placement.id,
        "key": placement.key,
        "origins": sorted(placement.origins),
        "leave_url": placement.leave_url,
        "continue_url": placement.continue_url,
        **_runs_as_json(placement),
        "parts": [
            {"first": part.first_slot, "last": part.last_slot, "sketch": part.entry.sketch, **_runs_as_json(part.entry)}
            for part in placement.parts
        ],
        "fallback": None if placement.fallback is None else shared.rendition_indexes(placement.fallback),
        "arms": [_arm_as_json(arm, shared) for arm in arms.values()],
        "paused": [_arm_as_json(arm, shared) for arm in served if arm.paused],
        "previews": list(placement.previews),
        "pages": shared.page_index(placement.pages),
        "policy": placement.content_security_policy,
        "declared_share": placement.declared_share,
        "counts_signed_only": placement.counts_signed_only,
    }


def _runs_as_json(placement: PlacementEntry) -> dict[str, Any]:
    in_turn = [_campaign_as_json(each.campaign) for each in _entries_in_turn(placement) if each.campaign]
    return {"campaigns": in_turn, "reason": placement.reason}


def _entries_in_turn(placement: PlacementEntry) -> Iterator[PlacementEntry]:
    entry: PlacementEntry | None = placement
    while entry is not None:
        yield entry
        entry = entry.otherwise


def _arm_as_json(arm: ArmEntry, shared: _SharedParts) -> dict[str, Any]:
    texts = [{"position": text.position, "renditions": shared.rendition_indexes(text.renditions)} for text in arm.texts]
    return {"id": arm.id, "key": arm.key, "texts": texts}


def _campaign_as_json(campaign: CampaignEntry) -> dict[str, Any]:
    return {
        "id": campaign.id,
        "salt": campaign.salt,
        "arms": [arm.id for arm in campaign.arms],
        "weights": campaign.weights,
        "locales": campaign.locales,
        "starts": campaign.starts,
        "ends": campaign.ends,
        "unit": campaign.unit,
        "network_share": campaign.network_share,
        "periods": astuple(campaign.periods) if campaign.periods else (),
    }


def _rendition_as_json(rendition: RenditionEntry) -> dict[str, Any]:
    page = [_as_text(parts) for parts in rendition.page]
    return {
        "language": rendition.language,
        "message": _as_text(rendition.message_json),
        "page": page,
        "uncounted_page": _as_text(rendition.uncounted_page),
        "preview_page": _as_text(rendition.preview_page),
    }


def _placement(
    value: Mapping[str, Any], pages: Sequence[HostedPages], renditions: Sequence[RenditionEntry]
) -> PlacementEntry:
    arms = {arm["id"]: _arm(arm, renditions) for arm in value["arms"]}
    paused = {arm["id"]: replace(_arm(arm, renditions), paused=True) for arm in value["paused"]}
    entry = PlacementEntry(
        id=value["id"],
        key=value["key"],
        origins=frozenset(value["origins"]),
        leave_url=value["leave_url"],
        continue_url=value["continue_url"],
        campaign=None,
        reason=value["reason"],
        fallback=None if value["fallback"] is None else _by_locale(value["fallback"], renditions),
        previews=MappingProxyType({number: arms[number] for number in value["previews"]}),
        pages=pages[value["pages"]],
        content_security_policy=value["policy"],
        declared_share=value["declared_share"],
        counts_signed_only=value["counts_signed_only"],
    )
    parts = []
    for part in value["parts"]:
        shared = replace(entry, reason=part["reason"], sketch=part["sketch"])
        served = serve_in_turn(shared, [_campaign(each, arms | paused) for each in part["campaigns"]])
        parts.append(PlacementPart(part["first"], part["last"], served))
    served = serve_in_turn(entry, [_campaign(each, arms | paused) for each in value["campaigns"]])
    return replace(served, parts=tuple(parts))


def _campaign(value: Mapping[str, Any], arms: Mapping[int, ArmEntry]) -> CampaignEntry:
    return CampaignEntry(
        id=value["id"],
        salt=value["salt"],
        arms=tuple(arms[number] for number in value["arms"]),
        weights=tuple(value["weights"]),
        locales=tuple(value["locales"]),
        starts=value["starts"],
        ends=value["ends"],
        unit=value["unit"],
        network_share=value["network_share"],
        periods=Periods(*value["periods"]) if value["periods"] else None,
    )


def _arm(value: Mapping[str, Any], renditions: Sequence[RenditionEntry]) -> ArmEntry:
    texts = (TextEntry(text["position"], _by_locale(text["renditions"], renditions)) for text in value["texts"])
    return ArmEntry(value["id"], value["key"], tuple(texts))


def _by_locale(value: Mapping[str, int], renditions: Sequence[RenditionEntry]) -> Mapping[str, RenditionEntry]:
    return MappingProxyType({locale: renditions[number] for locale, number in value.items()})


def _rendition(value: Mapping[str, Any]) -> RenditionEntry:
    return RenditionEntry(
        language=value["language"],
        message_json=_parts(value["message"]),
        page=tuple(map(_parts, value["page"])),
        uncounted_page=_parts(value["uncounted_page"]),
        preview_page=_parts(value["preview_page"]),
    )
