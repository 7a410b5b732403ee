"""Log lines name an error and its place, and hold nothing of a request."""

from __future__ import annotations

import io
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
import time_machine
from django.conf import settings
from django.utils.log import configure_logging

from campaign import log_format


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a handler with our format writes, of all loggers."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log_format.RequestFreeFormatter())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def configured() -> Iterator[io.StringIO]:
    """What the product's own logging writes to standard error."""
    stream, root = io.StringIO(), logging.getLogger()
    before = root.handlers[:]
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
    (handler,) = (each for each in root.handlers if type(each) is logging.StreamHandler)
    error = handler.setStream(stream)
    yield stream
    handler.setStream(error)
    root.handlers[:] = before


@pytest.fixture
def hooks(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    log_format.log_unhandled_errors()
    yield
    logging.captureWarnings(capture=False)


def fail(message: str) -> None:
    try:
        raise KeyError(f"first {message}")
    except KeyError as error:
        raise ValueError(f"then {message}") from error


def test_of_an_exception_the_type_and_the_place_are_written(written: io.StringIO) -> None:
    try:
        fail("needle")
    except ValueError:
        logging.getLogger("campaign.some").exception("The staff API failed")
    lines = written.getvalue()
    assert lines.startswith("ERROR campaign.some The staff API failed\n")
    assert "needle" not in lines.replace('fail("needle")', "")
    assert lines.index("  KeyError") < lines.index("  ValueError")
    assert "test_log_format.py" in lines


def test_of_another_package_the_name_and_the_place_are_written(written: io.StringIO) -> None:
    logging.getLogger("library.request").error("%s: %s", "Internal Server Error", "/join/needle/")
    logging.getLogger("asyncio").error("an f-string with needle")
    lines = written.getvalue().splitlines()
    assert [line.rpartition(",")[0] for line in lines] == [
        "ERROR library.request at test_log_format",
        "ERROR asyncio at test_log_format",
    ]


def test_what_visitors_cause_is_written_once_an_hour(configured: io.StringIO) -> None:
    """Each line has the moment beside it at which somebody came."""
    writer = logging.getLogger("analytics.ingest.writer")
    with time_machine.travel("2026-03-02 12:59:00Z") as clock:
        for error in ("OperationalError", "OperationalError", "OSError", "OperationalError"):
            writer.error("Events could not be stored: %s", error)
        clock.shift(90)
        writer.error("Events could not be stored: %s", "OperationalError")
    assert configured.getvalue().splitlines() == [
        f"ERROR analytics.ingest.writer Events could not be stored: {error}"
        for error in ("OperationalError", "OSError", "OperationalError")
    ]


def test_what_staff_and_the_worker_cause_is_written_each_time(configured: io.StringIO) -> None:
    for _ in range(3):
        logging.getLogger("analytics.worker").error("A step failed: %s", "OSError")
    assert len(configured.getvalue().splitlines()) == 3


def test_a_thread_that_ends_with_an_error_is_logged_without_its_message(written: io.StringIO, hooks: None) -> None:
    thread = threading.Thread(target=fail, args=["needle"])
    thread.start()
    thread.join()
    assert "A thread ended with an error." in written.getvalue()
    assert "needle" not in written.getvalue()


def test_an_error_that_nobody_can_catch_is_logged_without_its_message(written: io.StringIO, hooks: None) -> None:
    class Stumbling:
        def __del__(self) -> None:
            fail("nee" + "dle")

    Stumbling()
    assert "ValueError" in written.getvalue()
    assert "needle" not in written.getvalue()


def test_a_warning_is_logged_without_its_words(written: io.StringIO, hooks: None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        log_format.log_unhandled_errors()  # catch_warnings has put back the printing of warnings
        warnings.warn("a date such as needle", RuntimeWarning, stacklevel=1)
    assert "py.warnings" in written.getvalue()
    assert "needle" not in written.getvalue()
