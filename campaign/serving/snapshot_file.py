"""The last snapshot on this machine's disk: a server that starts while the database is away shows messages from it.

One line of JSON for each placement, below a line that says what is in it and one with the pages and the words that
placements share.
Secrets of subjects are not in it: they are read from their own files, and a campaign whose secret is destroyed is over.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from campaign.keys.store import campaigns_with_subject_secret, subject_secret
from campaign.models import Campaign
from campaign.serving.hosted_pages import HostedPages, PageParts
from campaign.serving.snapshot_entries import ArmEntry, CampaignEntry, PlacementEntry, RenditionEntry, Snapshot

log = logging.getLogger(__name__)

_FORMAT = 5
_DRAFT_SECONDS = 60  # no process writes longer than that


class SnapshotFile:
    """One file, shared by the web processes of this machine; always whole."""

    def __init__(self, path: Path, *, key_directory: Path) -> None:
        self._path, self._keys = path, key_directory

    def write(self, snapshot: Snapshot) -> None:
        """Keep this snapshot, unless the file holds it already. A disk that does not take it stops nothing."""
        head = {"format": _FORMAT, "mark": hashlib.sha256(_marks(snapshot)).hexdigest()}
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        try:
            if self._head() == head:
                return
            self._clear_away()
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(f"{json.dumps(head)}\n")
                shared = _Shared(snapshot)
                stream.write(f"{json.dumps(shared.as_json(), ensure_ascii=False)}\n")
                for placement in snapshot.placements.values():
                    stream.write(f"{json.dumps(_placement_as_json(placement, shared), ensure_ascii=False)}\n")
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(self._path)
        except OSError as error:
            log.warning("The snapshot could not be kept for a restart: %s", type(error).__name__)
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def read(self) -> Snapshot | None:
        """What was kept, or None if there is nothing that can be read."""
        try:
            head = self._head()
            if head is None or head["format"] != _FORMAT:
                return None
            with self._path.open(encoding="utf-8") as stream:
                next(stream)
                shared = json.loads(next(stream))
                pages, words = [*map(_pages, shared["shared"])], [*map(_shown, shared["words"])]
                entries = [self._alive(_placement(json.loads(line), pages, words)) for line in stream]
        except (OSError, ValueError, TypeError, LookupError, StopIteration) as error:
            log.warning("The snapshot that was kept cannot be read: %s", type(error).__name__)
            return None
        return Snapshot(
            placements=MappingProxyType({entry.key: entry for entry in entries}),
            placement_ids=MappingProxyType({entry.id: entry for entry in entries}),
            is_compiled=True,  # its entries bear no mark, so the first answer of the database makes them anew
        )

    def _clear_away(self) -> None:
        """Drafts of processes that died over them."""
        for draft in self._path.parent.glob(f".{self._path.name}.*"):
            with suppress(FileNotFoundError):
                if time.time() - draft.stat().st_mtime > _DRAFT_SECONDS:
                    draft.unlink()

    def _head(self) -> Any:
        try:
            with self._path.open(encoding="utf-8") as stream:
                return json.loads(stream.readline())
        except (FileNotFoundError, ValueError):
            return None

    def _alive(self, placement: PlacementEntry) -> PlacementEntry:
        """With the secret under which subjects are assigned, if the campaign needs one."""
        campaign = placement.campaign
        if campaign is None or campaign.unit != Campaign.Unit.SUBJECT:
            return placement
        if campaign.id not in campaigns_with_subject_secret(self._keys):
            return replace(placement, campaign=None, reason="campaign_ended")
        return replace(placement, campaign=replace(campaign, secret=subject_secret(self._keys, campaign.id)))


def _marks(snapshot: Snapshot) -> bytes:
    return repr(sorted((number, entry.version) for number, entry in snapshot.placement_ids.items())).encode()


class _Shared:
    """What placements share, and the number that each has in the file."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._pages: dict[int, tuple[int, HostedPages]] = {}
        self._words: dict[RenditionEntry, int] = {}
        for placement in snapshot.placements.values():
            self._pages.setdefault(id(placement.pages), (len(self._pages), placement.pages))
            for shown in placement.all_renditions():
                self._words.setdefault(shown, len(self._words))

    def pages(self, pages: HostedPages) -> int:
        return self._pages[id(pages)][0]

    def words(self, shown: Mapping[str, RenditionEntry]) -> dict[str, int]:
        """By locale."""
        return {locale: self._words[one] for locale, one in shown.items()}

    def as_json(self) -> dict[str, Any]:
        pages = [{name: _as_text(parts) for name, parts in pages.items()} for _, pages in self._pages.values()]
        return {"shared": pages, "words": [*map(_shown_as_json, self._words)]}


def _as_text(parts: PageParts) -> list[str]:
    return [part.decode() for part in parts]


def _parts(told: Sequence[str]) -> PageParts:
    return tuple(part.encode() for part in told)


def _pages(told: Mapping[str, list[str]]) -> HostedPages:
    return MappingProxyType({name: _parts(parts) for name, parts in told.items()})


def _placement_as_json(placement: PlacementEntry, shared: _Shared) -> dict[str, Any]:
    campaign = placement.campaign
    served = campaign.arms if campaign else ()
    arms = dict(placement.previews) | {arm.id: arm for arm in served if not arm.paused}
    return {
        "id": placement.id,
        "key": placement.key,
        "origins": sorted(placement.origins),
        "leave_url": placement.leave_url,
        "continue_url": placement.continue_url,
        "campaign": campaign and _campaign_as_json(campaign),
        "reason": placement.reason,
        "fallback": None if placement.fallback is None else shared.words(placement.fallback),
        "arms": [_arm_as_json(arm, shared) for arm in arms.values()],
        "paused": [_arm_as_json(arm, shared) for arm in served if arm.paused],
        "previews": list(placement.previews),
        "pages": shared.pages(placement.pages),
        "policy": placement.content_security_policy,
    }


def _arm_as_json(arm: ArmEntry, shared: _Shared) -> dict[str, Any]:
    return {"id": arm.id, "key": arm.key, "shown": shared.words(arm.renditions)}


def _campaign_as_json(campaign: CampaignEntry) -> dict[str, Any]:
    return {
        "id": campaign.id,
        "salt": campaign.salt,
        "arms": [arm.id for arm in campaign.arms],
        "totals": campaign.cumulative_weights,
        "locales": campaign.locales,
        "starts": campaign.starts,
        "ends": campaign.ends,
        "unit": campaign.unit,
    }


def _shown_as_json(shown: RenditionEntry) -> dict[str, Any]:
    page = [_as_text(parts) for parts in shown.page]
    return {"answer": _as_text(shown.decide_json), "page": page, "preview_page": _as_text(shown.preview_page)}


def _placement(
    told: Mapping[str, Any], pages: Sequence[HostedPages], words: Sequence[RenditionEntry]
) -> PlacementEntry:
    arms = {arm["id"]: _arm(arm, words) for arm in told["arms"]}
    paused = {arm["id"]: replace(_arm(arm, words), paused=True) for arm in told["paused"]}
    return PlacementEntry(
        id=told["id"],
        key=told["key"],
        origins=frozenset(told["origins"]),
        leave_url=told["leave_url"],
        continue_url=told["continue_url"],
        campaign=told["campaign"] and _campaign(told["campaign"], arms | paused),
        reason=told["reason"],
        fallback=None if told["fallback"] is None else _in_locales(told["fallback"], words),
        previews=MappingProxyType({number: arms[number] for number in told["previews"]}),
        pages=pages[told["pages"]],
        content_security_policy=told["policy"],
    )


def _campaign(told: Mapping[str, Any], arms: Mapping[int, ArmEntry]) -> CampaignEntry:
    return CampaignEntry(
        id=told["id"],
        salt=told["salt"],
        arms=tuple(arms[number] for number in told["arms"]),
        cumulative_weights=tuple(told["totals"]),
        locales=tuple(told["locales"]),
        starts=told["starts"],
        ends=told["ends"],
        unit=told["unit"],
    )


def _arm(told: Mapping[str, Any], words: Sequence[RenditionEntry]) -> ArmEntry:
    return ArmEntry(told["id"], told["key"], _in_locales(told["shown"], words))


def _in_locales(told: Mapping[str, int], words: Sequence[RenditionEntry]) -> Mapping[str, RenditionEntry]:
    return MappingProxyType({locale: words[number] for locale, number in told.items()})


def _shown(told: Mapping[str, Any]) -> RenditionEntry:
    page = tuple(map(_parts, told["page"]))
    return RenditionEntry(decide_json=_parts(told["answer"]), page=page, preview_page=_parts(told["preview_page"]))
