"""Settings with a planted fault: SQLite answers a commit before the disk does. `UNSYNCED` says how: OFF or NORMAL."""

import os

from campaign.settings import *  # noqa: F403  (all of them, and one thing changed)
from campaign.settings import DATABASES

for _database in DATABASES.values():
    _options = _database["OPTIONS"]
    assert isinstance(_options, dict)
    _options["init_command"] += f" PRAGMA synchronous={os.environ['UNSYNCED']};"
