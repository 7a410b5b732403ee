"""A process that submits events from several threads and writes down each acknowledgement, in the watched directory.

So the acknowledgements stand in the operation log, among what was done to the database.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from pathlib import Path

import django

ACKNOWLEDGED = "acknowledged"
ENTRY_BYTES = 18  # the nonce and two bytes of outcomes


def main(threads: int, events: int) -> None:
    """Each thread submits so many events, in groups of one to eight; the process ends without closing anything."""
    django.setup()
    from django.conf import settings

    from analytics.ingest.writer import EventWriter
    from campaign.assignment.receipts import Receipt, closing_hour
    from campaign.outcomes import RECORDED_OUTCOMES
    from campaign.serving.routing import OutcomeEvent
    from tests.power.ledger import bits_of

    reported = [key for key, outcome in RECORDED_OUTCOMES.items() if outcome.mask]
    writer = EventWriter()
    notes = os.open(Path(settings.DATA_DIRECTORY) / ACKNOWLEDGED, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def work(seed: int) -> None:
        chance, left = random.Random(seed), events
        nonces: list[bytes] = []
        while left:
            hour = int(time.time()) // 3600
            size = min(left, chance.randint(1, 8))
            left -= size
            nonces += [os.urandom(16) for _ in range(size)]
            group = [  # half of them for a new view, half for one of this thread's earlier ones
                OutcomeEvent(Receipt(1, 1, 1, hour, closing_hour(hour, 2), "en", nonce), outcome, None)
                for nonce, outcome in zip(
                    chance.choices([*nonces[-size:], chance.choice(nonces)], k=size),
                    chance.choices(reported, k=size),
                    strict=True,
                )
            ]
            answers = writer.submit(group, clock=time.time)
            good = [event for event, answer in zip(group, answers, strict=True) if answer is None]
            entries = (event.receipt.nonce + bits_of(event.outcome).to_bytes(2, "big") for event in good)
            os.write(notes, b"".join(entries))

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
