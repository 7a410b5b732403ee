"""Put each sketch that counts networks on record, under its random number: a day has as many rows as sketches.

Whichever process of a server comes first writes the row, within seconds of the first message that counted, and once
more when it ends. So a restart, a further server and a process that counts by itself are all in the number by which
`analytics.network_views` bounds what one network can have been counted for.
"""

from datetime import date, timedelta

from django.db import DatabaseError

from campaign.models import NetworkSketch
from campaign.serving.network_share import NetworkShares

_EPOCH = date(1970, 1, 1)


class SketchRecord:
    """Knows which sketches this process has put on record."""

    def __init__(self, shares: NetworkShares) -> None:
        self._shares = shares
        self._recorded: set[tuple[int, bytes]] = set()

    def flush(self) -> int:
        """Record the new sketches; how many there were. After a database error the next flush tries again."""
        new = self._shares.sketches() - self._recorded
        rows = [NetworkSketch(day=_EPOCH + timedelta(days=day), number=number) for day, number in new]
        try:
            NetworkSketch.objects.bulk_create(rows, ignore_conflicts=True)
        except DatabaseError:
            return 0
        self._recorded |= new
        return len(new)
