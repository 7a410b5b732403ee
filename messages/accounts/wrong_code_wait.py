"""One rule for wrong codes, of second factors and of shared links: five are free, then the wait doubles.

Only time takes one off the count, no right code does: otherwise each visit of the owner would give a guesser five more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from messages.accounts.throttle import CODE_POLICY, remaining_failures

_MINUTE = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(seconds=CODE_POLICY.longest_seconds) + _MINUTE
# Doubling numbers: who goes on guessing fills neither the record nor the owner's mailbox.
_REPORTED = frozenset(CODE_POLICY.free_failures * 2**n for n in range(16))


@dataclass(frozen=True, slots=True)
class WrongCodes:
    """How many wrong codes came, and when the next one is looked at, to the minute."""

    failures: int = 0
    next_guess_at: datetime | None = None

    def seconds_to_wait(self, now: datetime) -> float:
        """Seconds until the next code is looked at; 0 if it may come now."""
        wait = self.next_guess_at - now if self.next_guess_at else timedelta()
        if wait > _LONGEST_WAIT:  # the clock was set back
            return 0.0
        return max(0.0, wait.total_seconds())

    def remaining(self, now: datetime) -> int:
        """How many are not forgotten yet."""
        if self.next_guess_at is None:
            return 0
        return remaining_failures(self.failures, idle_seconds=(now - self.next_guess_at).total_seconds())

    def or_more(self, other: "WrongCodes", now: datetime) -> "WrongCodes":
        """Whichever of two counts of the same codes is stricter, each as far as it is not forgotten."""
        return max(self, other, key=lambda each: (each.seconds_to_wait(now), each.remaining(now)))

    def after_another(self, now: datetime) -> "WrongCodes":
        """The count after one more; the end of the wait is rounded up to the minute."""
        failures = self.remaining(now) + 1
        seconds = CODE_POLICY.wait(failures)
        end = (now + timedelta(seconds=seconds)).replace(second=0, microsecond=0)
        return WrongCodes(failures, end + _MINUTE if seconds else end)

    @property
    def is_reported(self) -> bool:
        """Whether this number is worth an entry on the record."""
        return self.failures in _REPORTED

    @property
    def are_free_ones_used(self) -> bool:
        """Whether each further guess waits."""
        return self.failures >= CODE_POLICY.free_failures
