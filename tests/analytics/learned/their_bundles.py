"""Bundles as another organisation makes them, with a key and a database of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.db import transaction

from analytics.export import bundle, signature
from campaign.models import Campaign
from tests.analytics.bundle_check.test_check import signed_anew, unpacked
from tests.analytics.learned.closed_campaigns import BETTER, closed

Files = dict[str, bytes]


def their_bundle(
    directory: Path, slug: str = "theirs", counts: Mapping[str, tuple[int, int]] = BETTER, **options: Any
) -> bytes:
    """The bundle of a closed campaign, of which nothing is left here but the file."""
    with transaction.atomic():
        closed(slug, counts, **options)
        content = bundle.make_bundle(Campaign.objects.get(slug=slug), key_directory=directory)
        transaction.set_rollback(True)
    return content


def their_fingerprint(directory: Path) -> str:
    return signature.sign(b"", directory=directory).fingerprint


def changed(content: bytes, name: str, change: Callable[[Any], Any], directory: Path) -> bytes:
    """A bundle of which one JSON file was changed, signed again with a key."""
    files = unpacked(content)
    values = json.loads(files[name])
    replaced = change(values)
    files[name] = json.dumps(values if replaced is None else replaced).encode()
    return signed_anew(files, directory)
