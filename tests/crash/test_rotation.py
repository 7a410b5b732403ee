"""Keys rotate under load without one honest refusal, and what a subject's campaign leaves behind opens nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from benchmarks.installation import PLACEMENT
from campaign.keys import store
from tests.crash import DEAF
from tests.crash.clock import FastClock
from tests.crash.rotation import (
    ACCEPTED,
    EXPIRED,
    EventAnswers,
    keys,
    rotate,
    subject_load,
    wait_until,
    wait_until_destroyed,
)
from tests.crash.site import CrashSite, prepare_installation, running
from tests.demo_installation import copy_demo_installation
from tests.environment import POSTGRESQL
from tests.installation import manage
from tests.seized_files import files_containing

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"),
    pytest.mark.proof,
    pytest.mark.django_db,  # the keys command runs in this process, by the site's clock; so its entries go here
]
SPEED = 8_000.0  # an hour is 0.45 seconds, a day 10.8
MANY = 50  # events
BEFORE = 1.7  # seconds from a new key to its first signature: longer than a server's beat
BY_SUBJECT = f"""
from django.utils import timezone
from campaign.lifecycle import transitions
from campaign.models import Campaign, Placement
from tests import world
mara = world.person("mara", "manager")
for campaign in Campaign.objects.exclude(state="closed"):
    transitions.close(campaign, by=mara, now=timezone.now())
made = world.draft("by-subject", unit="subject", at=Placement.objects.get(key={PLACEMENT!r}))
transitions.submit(made, by=mara)
world.approve(made)
transitions.launch(made, by=mara, now=timezone.now())
"""
CLOSE = """
from django.utils import timezone
from campaign.models import Campaign
Campaign.objects.update(ends_at=timezone.now())
"""


@contextmanager
def site_by_subject(folder: Path, fault: str = "") -> Iterator[CrashSite]:
    """Two servers and a worker; the campaign counts the partner's subjects."""

    def started(environment: dict[str, str]) -> AbstractContextManager[CrashSite]:
        clock = FastClock.starting_now(speed=SPEED)
        return running(CrashSite(environment, clock, servers=2, web_workers=1, fault=fault))

    if POSTGRESQL:
        with prepare_installation(folder) as environment:
            manage("shell", "--no-imports", "-c", BY_SUBJECT, environment=environment)
            with started(environment) as site:
                yield site
    else:
        environment = copy_demo_installation(folder)
        manage("shell", "--no-imports", "-c", BY_SUBJECT, environment=environment)
        with started(environment) as site:
            yield site


def many_were_accepted(told: EventAnswers, *, by_key: int) -> None:
    wait_until(lambda: told.signed[by_key] > MANY, told)


def test_rotation_refuses_no_honest_receipt_and_closing_leaves_no_secret(tmp_path: Path) -> None:
    with site_by_subject(tmp_path) as site:
        with subject_load(site) as told:
            replaced = []
            for number in (1, 2):
                many_were_accepted(told, by_key=number)
                replaced.append(rotate(site, seconds=BEFORE))
            many_were_accepted(told, by_key=3)
            rotate(site, seconds=0)  # in a hurry: who does not know the key yet looks before it refuses
            many_were_accepted(told, by_key=4)
            for key in replaced:
                wait_until_destroyed(site, key)
        assert (told.refused, set(told.answers) - {ACCEPTED, EXPIRED}) == (0, set()), told
        assert told.by_old_keys > MANY, told

        # It can turn red: a key destroyed as soon as it stops signing, while receipts are open.
        with subject_load(site) as told:
            old = rotate(site, seconds=BEFORE)
            keys(site, "destroy", f"receipt-{old.number:03}", "--now")
            wait_until(lambda: told.refused > 10, told)

        secrets = store.campaigns_with_subject_secret(site.directory / "keys")
        assert len(secrets) == 1
        path = site.directory / "keys" / f"campaign-{secrets[0]}.key"
        secret = path.read_bytes()
        assert files_containing(secret, site.directory) == [path]
        manage("shell", "--no-imports", "-c", CLOSE, environment=site.environment)
        wait_until(lambda: not path.exists(), told)
        assert files_containing(secret, site.directory) == []
    assert files_containing(secret, tmp_path) == []


def test_a_key_that_signs_before_all_know_it_is_found(tmp_path: Path) -> None:
    with site_by_subject(tmp_path, fault=DEAF) as site, subject_load(site) as told:
        rotate(site, seconds=0)
        wait_until(lambda: told.refused > 0, told)
