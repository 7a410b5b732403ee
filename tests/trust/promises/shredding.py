"""Crypto-shredding: after a campaign by subject has closed, nobody can link its views to subjects.

The attacker has all subject keys, every file of the installation after the close, with views still open, and an older
backup. Everything in these files that could be a secret is tried as one.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from campaign.assignment import subject_ids
from tests.trust.bench import Bench
from tests.trust.needles import Search, encodings_of
from tests.trust.result import Result
from tests.trust.site import FIRST, SECOND, TrustSite, receipt_keys_of
from tests.trust.visitors import Visit, VisitorGroup
from tests.written_files import files_in

_SECRET = 32
_HEX = re.compile(rb"(?=([0-9a-fA-F]{64}))")
_BASE64 = re.compile(rb"(?=([A-Za-z0-9+/_-]{43}))")
_CLOSE = """
from django.contrib.auth.models import User
from django.utils import timezone
from campaign.models import Campaign
Campaign.objects.filter(slug__in={slugs!r}).update(ends_at=timezone.now())
"""


def check(bench: Bench) -> Result:
    """Attack while the campaigns run, with their secrets, which must succeed, and after they have closed."""
    number = bench.scaled(400, 60)
    with bench.site() as made:
        made.start()
        group = VisitorGroup.of(number, port=made.port, keys=receipt_keys_of(made))
        group.run_each(_visit_both_campaigns)
        secrets = [
            (made.data / "keys" / f"campaign-{_number(made, slug)}.key").read_bytes() for slug in (FIRST, SECOND)
        ]
        backup = made.back_up()
        subjects = [who.unit for who in group.people]
        open_before = _open_nonces(made)
        before = _count_linked(secrets, subjects, open_before)
        made.shell(_CLOSE.format(slugs=[FIRST, SECOND]))
        made.stop()
        made.run_worker_once(hours=0)
        nonces = _open_nonces(made)
        search = Search({form: f"a secret{name}" for secret in secrets for form, name in encodings_of(secret, "")})
        hits = search.search_files(made.written_paths())
        files = list(files_in([*made.written_paths(), backup]))
        tried, found = _attack(files, subjects, nonces)
        linked = _count_linked(found, subjects, nonces)
    broken = [str(hit) for hit in hits]
    broken += [f"{linked} views were linked to subjects by a secret in the files"] if linked else []
    broken += (
        [f"with the secrets only {before} of {2 * number} were linked: the attack is none"]
        if before < 2 * number
        else []
    )
    broken += [] if len(nonces) >= 2 * number else [f"only {len(nonces)} views were still open to attack"]
    return Result(
        n=(
            f"{number} subjects in two campaigns, {len(nonces)} open views, {len(files):,} files and a backup, "
            f"{tried:,} possible secrets tried; with the secrets {before} linked"
        ),
        figure=f"linked {linked}, secrets found {len(hits)}",
        broken=tuple(broken),
    )


def _visit_both_campaigns(visit: Visit) -> None:
    for slug in (FIRST, SECOND):
        visit.report_outcome(visit.request_message(slug, unit=visit.visitor.unit), "exposed")


def _number(made: TrustSite, slug: str) -> int:
    return int(str(made.query("default", f"SELECT id FROM campaign_campaign WHERE slug = '{slug}'")[0][0]))


def _open_nonces(made: TrustSite) -> dict[bytes, int]:
    """The nonces of open views, with their hours."""
    rows = made.query("audience", "SELECT nonce, hour FROM analytics_openview")
    return {bytes(nonce): int(str(hour)) for nonce, hour in rows}  # type: ignore[call-overload]  # bytes, as any


def _count_linked(secrets: Sequence[bytes], subjects: Sequence[str], nonces: dict[bytes, int]) -> int:
    """The number of views that these secrets link to a subject."""
    hours = set(nonces.values())
    return len(
        {
            made
            for secret in secrets
            for key in subjects
            for hour in hours
            if (made := subject_ids.nonce(key, secret, hour=hour)) in nonces
        }
    )


def _attack(files: Sequence[Path], subjects: Sequence[str], nonces: dict[bytes, int]) -> tuple[int, list[bytes]]:
    """The number of secrets tried, and those that give the nonce of a subject."""
    hour = next(iter(nonces.values()), 0) // 24 * 24
    tried, found = set[bytes](), []
    for path in files:
        for secret in _possible_secrets(path.read_bytes()):
            if secret in tried:
                continue
            tried.add(secret)
            if any(subject_ids.nonce(key, secret, hour=hour) in nonces for key in subjects[:2]):
                found.append(secret)
    return len(tried), found


def _possible_secrets(content: bytes) -> Iterator[bytes]:
    """All sequences of 32 bytes that look random, plain, in hexadecimal or in base64."""
    for match in _HEX.finditer(content):
        yield bytes.fromhex(match[1].decode())
    for match in _BASE64.finditer(content):
        yield urlsafe_b64decode(match[1].translate(bytes.maketrans(b"+/", b"-_")) + b"=")
    data = np.frombuffer(content, dtype=np.uint8)
    if len(data) < _SECRET:
        return
    # About half of 32 random bytes have their highest bit set (5 to 27 in all but 1 of 25,000 keys); in text none has.
    high = np.concatenate([[0], np.cumsum(data >> 7, dtype=np.int64)])
    count = high[_SECRET:] - high[:-_SECRET]
    zeros = np.concatenate([[0], np.cumsum(data == 0, dtype=np.int64)])
    for offset in np.flatnonzero((count >= 5) & (count <= 27) & (zeros[_SECRET:] - zeros[:-_SECRET] <= 3)):
        yield content[offset : offset + _SECRET]
