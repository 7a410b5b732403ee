"""Format log lines that hold nothing of a request, whatever failed: they name the error and the place of it.

An exception's message can hold what a visitor sent, a link that lets somebody in, or a whole row. So a line has the
words of our own code, which puts no such thing in them; from other packages it has the name of the logger and the place
alone. Of an exception it has the type and the lines of code.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Sequence

_OWN_PACKAGES = ("analytics", "campaign", "messages")
_SECONDS_PER_HOUR = 3600

log = logging.getLogger(__name__)


class RequestFreeFormatter(logging.Formatter):
    """One line, and below it the type and the lines of code of each exception."""

    def format(self, record: logging.LogRecord) -> str:
        is_own = record.name.partition(".")[0] in _OWN_PACKAGES
        text = record.getMessage() if is_own else f"at {record.module}, line {record.lineno}"
        error = record.exc_info[1] if record.exc_info else None
        return "\n".join([f"{record.levelname} {record.name} {text}", *_describe_errors(error)])


class OncePerHour(logging.Filter):
    """Of what these loggers write, the first line of each kind in an hour; of everything else, each line.

    For what requests of visitors cause: whoever keeps a log notes the moment of each line, and a disk that is full
    would write down when each visitor came.
    """

    def __init__(self, loggers: Sequence[str]) -> None:
        super().__init__()
        self._loggers = tuple(loggers)
        self._hours: dict[tuple[str, int, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(self._loggers):
            return True
        kind, hour = (record.name, record.lineno, record.getMessage()), int(record.created) // _SECONDS_PER_HOUR
        is_first = self._hours.get(kind) != hour
        self._hours[kind] = hour
        return is_first


def _describe_errors(error: BaseException | None) -> list[str]:
    """The exceptions that led to this one, and itself, without their messages."""
    described: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        described.append("".join(traceback.format_tb(error.__traceback__)) + f"  {type(error).__qualname__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return described[::-1]


def log_unhandled_errors() -> None:
    """Send to the log, and so through its format, what Python prints by itself: errors of threads, and warnings."""
    threading.excepthook = _log_thread_error
    sys.unraisablehook = _log_unraisable_error
    logging.captureWarnings(capture=True)


def _log_thread_error(told: threading.ExceptHookArgs) -> None:
    log.error("A thread ended with an error.", exc_info=told.exc_value)


def _log_unraisable_error(told: "sys.UnraisableHookArgs") -> None:
    log.error("An error could not be passed on.", exc_info=told.exc_value)
