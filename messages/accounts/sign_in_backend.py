"""Sign in by name and password, and put on record that a password was hashed anew, as Django does when hashes age."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from messages.accounts.recorded_accounts import are_accounts_on_record, changed_parts, record_step
from messages.audit.log import Action


class RecordingBackend(ModelBackend):
    """Django's backend, which alone may change a password without its owner asking for it."""

    @transaction.atomic
    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        before = User.objects.filter(username=username).first() if are_accounts_on_record() else None
        user = super().authenticate(request, username, password, **kwargs)
        if user is None or before is None or user.password == before.password:
            return user
        if not changed_parts([before]):
            record_step(Action.PASSWORD_REHASH, user, by=user)
        return user
