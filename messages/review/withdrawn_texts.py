"""What a withdrawal means for campaigns, which review may not import: campaign registers it when Django starts."""

from datetime import datetime
from typing import Protocol

from django.contrib.auth.models import User

from messages.models import Rendition


class StopTexts(Protocol):
    """Stop the texts of open campaigns that have no words left once these are withdrawn."""

    def __call__(self, rendition: Rendition, *, by: User, now: datetime, reason: str) -> None: ...


_stop_texts: StopTexts


def register(stop_texts: StopTexts) -> None:
    """Set this function; safe to call again."""
    global _stop_texts
    _stop_texts = stop_texts


def stop_texts(rendition: Rendition, *, by: User, now: datetime, reason: str) -> None:
    """Stop the texts of open campaigns that have no words left once these are withdrawn."""
    _stop_texts(rendition, by=by, now=now, reason=reason)
