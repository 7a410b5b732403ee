"""The production application, for which a confirmation stays fresh for a day: looking at every page may take longer
than the ten minutes of `step_up`."""

from typing import Any

from campaign import rsgi
from messages.accounts import step_up

step_up.FRESH_SECONDS = 86_400


def __getattr__(name: str) -> Any:
    return getattr(rsgi, name)
