"""Notice a clock that jumped ahead, before the worker shuts an hour, takes a look or destroys a key by it.

Once a minute the worker records its clock, and beside it the seconds since the machine was started, which setting the
clock does not change. Both have to advance alike. After a restart of the machine nothing tells how long it was off:
a gap of some hours is believed, a longer one needs somebody who says that the clock is right.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.utils import timezone

from analytics.models import ClockRecord, WorkerStep

MAX_JUMP = timedelta(minutes=5)  # more than a time server corrects at once, and too little to shut another hour
MAX_TIME_OFF = timedelta(hours=6)  # a night's maintenance
CONFIRM_COMMAND = "manage.py worker --clock-is-right"
_RECORD_SECONDS = 60.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The clock and the seconds since the machine's start. `boot` names that start, where the system tells it."""

    at: datetime
    boot: str
    uptime: float


def machine_uptime() -> float:
    """Seconds since this machine was started; on Linux, sleep counts."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def take_reading(at: datetime, uptime: float) -> ClockReading:
    """A reading of both clocks since this start of the machine."""
    try:
        boot = _BOOT_ID.read_text("ascii").strip()
    except OSError:  # another system, or a unit that hides it
        boot = ""
    return ClockReading(at, boot, uptime)


def last_reading() -> ClockReading | None:
    """The reading on record; before the first, what the steps say of the last pass. None if there was no pass."""
    record = ClockRecord.objects.first()
    if record is not None:
        return ClockReading(record.at, record.boot, record.uptime)
    began_at = WorkerStep.objects.order_by("-began_at").values_list("began_at", flat=True).first()
    return None if began_at is None else ClockReading(began_at, "unknown", 0.0)


def current_problem(now: datetime) -> str:
    """What is wrong with a clock that says `now`; empty if it may be right."""
    return describe_jump(take_reading(now, machine_uptime()), last_reading())


def confirm_clock() -> None:
    """Take the clock as right: the worker goes on from here."""
    record_reading(take_reading(timezone.now(), machine_uptime()))


def record_reading(reading: ClockReading) -> None:
    """Put a reading on record, for the next to be compared with."""
    fields = {"at": reading.at, "boot": reading.boot, "uptime": reading.uptime}
    ClockRecord.objects.update_or_create(pk=1, defaults=fields)


def is_record_due(reading: ClockReading, last: ClockReading | None) -> bool:
    """Whether to record this reading. A clock that went back is not recorded: it may be corrected again."""
    if last is None or not _is_same_start(reading, last):
        return True
    return reading.uptime - last.uptime >= _RECORD_SECONDS and reading.at >= last.at


def describe_jump(reading: ClockReading, last: ClockReading | None) -> str:
    """What is wrong with the clock and what to do, as sentences; empty if it may be right."""
    if last is None:
        return ""
    if _is_same_start(reading, last):
        expected = last.at + timedelta(seconds=reading.uptime - last.uptime)
        if reading.at - expected <= MAX_JUMP:
            return ""
        why = f"by the last pass on record it should be {_format(expected)}"
    else:
        if reading.at - last.at <= MAX_TIME_OFF:
            return ""
        why = f"the last pass on record was at {_format(last.at)}, before this machine was started"
    return (
        f"The clock says {_format(reading.at)}, but {why}. Nothing is counted, evaluated or deleted until the clock "
        f"is correct. If it is correct, confirm it with: {CONFIRM_COMMAND}"
    )


def _is_same_start(reading: ClockReading, last: ClockReading) -> bool:
    return reading.boot == last.boot and reading.uptime >= last.uptime


def _format(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
