"""Tell people that the worker has stopped. What has ended cannot say so itself, so every web process looks.

Without the worker no view is counted or forgotten, and nothing guards against harm. The log says so once, each staff
page as long as it lasts, and a mail to the administrators once a day. None of it depends on visitors.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import DatabaseError, connections, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext

from analytics import clock_check
from analytics.db_timeout import DatabaseTimeout
from analytics.models import WorkerAlarm, WorkerStep
from messages.roles import ADMINISTRATOR

log = logging.getLogger(__name__)

SILENT_AFTER = timedelta(minutes=10)  # a single step may take minutes
CHECK_SECONDS = 60.0
TELL_AGAIN_AFTER = timedelta(days=1)
_TIMEOUT = DatabaseTimeout(seconds=5.0)


class WorkerWatch:
    """Looks at the times at which the worker's steps began, and remembers for the pages whether it is silent."""

    def __init__(self, *, clock: Callable[[], datetime] = timezone.now) -> None:
        self._clock = clock
        self._began_at = clock()
        self.is_silent = False

    def check(self) -> None:
        """Look once. While the database is away nothing is known, and what was known stays."""
        try:
            with _TIMEOUT.enforce(connections["default"]):
                self._check(self._clock())
        except DatabaseError as error:
            log.warning("Whether the worker works could not be read: %s", type(error).__name__)
        finally:
            if not connections["default"].in_atomic_block:
                connections["default"].close()

    def _check(self, now: datetime) -> None:
        # Whichever way the clock was set: a step that runs now began just now.
        began = list(WorkerStep.objects.values_list("began_at", flat=True)) or [self._began_at]
        was_silent, self.is_silent = self.is_silent, min(abs(now - one) for one in began) > SILENT_AFTER
        if not self.is_silent:
            if WorkerAlarm.objects.exists():
                WorkerAlarm.objects.all().delete()
            return
        if not was_silent:
            problem = clock_check.current_problem(now)
            log.error("The worker has stopped: nothing is counted, and no view is deleted. %s", problem or "Start it.")
        if _is_turn_to_tell(now):
            tell_administrators(problem=clock_check.current_problem(now))

    def warning(self) -> str:
        """What every page for staff says meanwhile; empty while the worker works."""
        if not self.is_silent:
            return ""
        return gettext(
            "The background worker has not run for more than ten minutes. Until it runs again, nothing "
            "is counted and views are not deleted. Please tell whoever looks after the server."
        )

    def start(self) -> None:
        """Look from a background thread for the life of the process."""

        def loop() -> None:
            stop = threading.Event()
            self.check()
            while not stop.wait(CHECK_SECONDS):
                self.check()

        threading.Thread(target=loop, name="worker-alarm", daemon=True).start()


@transaction.atomic
def _is_turn_to_tell(now: datetime) -> bool:
    """Whether nobody was told for a day; if so, the caller tells. Several processes ask, and one of them is let."""
    alarm = WorkerAlarm.objects.select_for_update().first()
    if alarm is not None and abs(now - alarm.told_at) < TELL_AGAIN_AFTER:
        return False
    WorkerAlarm.objects.update_or_create(pk=1, defaults={"told_at": now})
    return True


def tell_administrators(*, problem: str) -> None:
    """Mail each administrator. If the mail server takes none, somebody tries again at the next look."""
    if not settings.EMAIL_HOST:
        return
    administrators = User.objects.filter(Q(is_superuser=True) | Q(groups__name=ADMINISTRATOR), is_active=True)
    addresses = administrators.exclude(email="").values_list("email", flat=True).distinct()
    with translation.override(settings.LANGUAGE_CODE):
        subject = gettext("Second Thought: background work has stopped")
        text = gettext(
            "The background worker of %(site)s has not run for more than ten minutes.\n\n"
            "Messages are still shown and events are kept. Until the worker runs again, nothing is "
            "counted, views are not deleted, and a message that does harm is not paused.\n\n"
            "On the server, check it with: systemctl status second-thought-worker\n"
            "%(problem)s\n"
            "You receive this once a day until the worker runs again, because you are an administrator "
            "of that site."
        ) % {"site": settings.SITE_ADDRESS, "problem": problem}
    try:
        for address in addresses:
            EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [address]).send()
    except OSError as error:
        log.warning("The mail server did not accept an alarm: %s", type(error).__name__)
        WorkerAlarm.objects.all().delete()


_WATCH = WorkerWatch()


def worker_watch() -> WorkerWatch:
    """This process's watch."""
    return _WATCH
