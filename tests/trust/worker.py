"""Run `manage.py worker --once` with a clock some hours ahead: python -m tests.trust.worker HOURS."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta

import django


def main(hours: int) -> int:
    """Run every step once; return 1 if one failed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "campaign.settings")
    django.setup()
    from analytics.worker.loop import Worker
    from analytics.worker.steps import STEPS
    from tests.trust import planted

    planted.plant_in_worker(os.environ.get("TRUST_FAULT", ""))
    worker = Worker(STEPS, clock=lambda: datetime.now(UTC) + timedelta(hours=hours), write_line=lambda line: None)
    failed = [step.name for step in STEPS if not worker.run(step)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
