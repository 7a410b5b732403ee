"""Sessions of which the database holds no key: who reads it cannot be in the session, who writes it cannot move one.

A row is named by a digest of the key that the browser has, and what it holds is signed for that name alone: it is empty
if it is copied to another row.
"""

import hashlib
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.utils import timezone

_NAME_LENGTH = 40  # of the column: 160 bits


class SessionStore(db.SessionStore):
    """Django's sessions in the database, under digests of their keys."""

    @property
    def key_salt(self) -> str:
        return f"session {self.row_name}"

    @property
    def row_name(self) -> str:
        """What the database knows of the key."""
        return stored_key(self.session_key or "")

    def exists(self, session_key: str) -> bool:
        return super().exists(stored_key(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.session_key = self.row_name
        return row

    def delete(self, session_key: str | None = None) -> None:
        super().delete(stored_key(session_key or self.session_key or ""))

    def _get_session_from_db(self) -> Session | None:
        rows = Session.objects.filter(session_key=self.row_name, expire_date__gt=timezone.now())
        row = rows.first()
        if row is None:
            self._session_key = None
        return row


class NamedSession(SessionStore):
    """A session by the name of its row: who lists and ends sessions has no key."""

    row_name = property(lambda self: self.session_key)


def stored_key(session_key: str) -> str:
    """The name of the row of a session; empty without one."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:_NAME_LENGTH] if session_key else ""


def read_row(row: Session) -> dict[str, Any]:
    """What a row holds; nothing, if this program did not store it under this name."""
    return dict(NamedSession(row.session_key).decode(row.session_data))
