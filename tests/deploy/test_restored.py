"""The drill of docs/backups.md: what was ended after a backup was made stays ended when it is restored."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from tests.environment import POSTGRESQL
from tests.installation import manage, new_installation

WORLD = """
import json
from django.conf import settings
from django.test import Client
from django.utils import timezone
from messages.accounts import api_tokens
from tests import world
stopped = world.launched().arms.get(key="user").first_revision.message.key
rafael, client = world.person("rafael"), Client()
world.person("olga", "administrator")
world.sign_in(client, rafael)
token = api_tokens.create(rafael, "report", today=timezone.localdate())
print(json.dumps({"session": client.cookies[settings.SESSION_COOKIE_NAME].value, "token": token, "stopped": stopped}))
"""
ENDED = """
from campaign.kill_switch.stop import stop_message
from campaign.lifecycle.arm_pauses import pause_arm
from campaign.models import Arm
from messages.accounts import members
from tests import world
mara = world.person("mara")
members.deactivate(world.person("rafael"), by=world.person("olga"))
stop_message(Arm.objects.get(key="user").first_revision.message, by=mara, reason="It names somebody.", now=world.NOON)
pause_arm(Arm.objects.get(key="both"), by=mara, reason="It hurts.", now=world.NOON)
"""
LOOK = """
import json, sys
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from campaign.models import Arm
from campaign.serving.snapshot import SnapshotRefresher
from tests import world
held = json.loads(%r)
client = Client(SERVER_NAME="localhost")
client.cookies[settings.SESSION_COOKIE_NAME] = held["session"]
program = Client(SERVER_NAME="localhost", headers={"Authorization": "Token " + held["token"]})
keeper = SnapshotRefresher()
keeper.refresh()
place = keeper.current.placements.get("quiet-page")
campaign = place and place.campaign
print(json.dumps({
    "page": client.get("/").status_code,
    "token": program.get("/api/v1/campaigns/").status_code,
    "account": User.objects.get(username="rafael").is_active,
    "shown": sorted(arm.key for arm in campaign.arms if not arm.paused) if campaign else [],
    "stopped": sorted(Arm.objects.exclude(paused_at=None).values_list("key", flat=True)),
}))
"""


def run(script: str, environment: Mapping[str, str]) -> str:
    return manage("shell", "--no-imports", "-c", script, environment=environment)


def back_up(environment: Mapping[str, str], folder: Path) -> Callable[[], object]:
    """Make a backup of the database that is kept; return what restores it."""
    if POSTGRESQL:
        url, dump = environment["DATABASE_URL"], str(folder / "backup.dump")
        subprocess.run(["pg_dump", "--format=custom", f"--file={dump}", url], check=True)
        restore = ["pg_restore", "--clean", "--if-exists", "--single-transaction", f"--dbname={url}", dump]
        return partial(subprocess.run, restore, check=True)
    database, copy = Path(environment["DATA_DIRECTORY"], "default.sqlite3"), folder / "backup.sqlite3"
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)

    def restore_file() -> None:
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        database.write_bytes(copy.read_bytes())

    return restore_file


def test_a_restored_backup_brings_back_no_access_and_undoes_no_stop(tmp_path: Path) -> None:
    with new_installation(tmp_path / "site") as environment:
        held = run(WORLD, environment).strip()

        def look() -> dict[str, Any]:
            found: dict[str, Any] = json.loads(run(LOOK % held, environment))
            return found

        lively = {
            "page": 200,
            "token": 200,
            "account": True,
            "shown": ["both", "neutral", "user", "victim"],
            "stopped": [],
        }
        assert look() == lively
        restore = back_up(environment, tmp_path)
        run(ENDED, environment)
        assert look() == {
            "page": 302,
            "token": 401,
            "account": False,
            "shown": ["neutral", "victim"],
            "stopped": ["both", "user"],
        }
        restore()
        assert look() == {**lively, "page": 503, "token": 503, "shown": []}  # nobody comes in, nothing is shown
        said = manage(
            *(
                "restored",
                "--yes",
                "--keep",
                "mara",
                "olga",
                "--stopped",
                json.loads(held)["stopped"],
                "--paused",
                "pilot/both",
            ),
            environment=environment,
        )
        assert "Accounts closed, until an administrator reopens them: rafael." in said
        assert look() == {"page": 302, "token": 401, "account": False, "shown": [], "stopped": ["both", "user"]}
        assert "Fine" in manage("audit", "verify", environment=environment)
