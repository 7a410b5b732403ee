"""Drafts: what somebody typed is kept on the server until they save it or throw it away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import QuerySet

from messages.editor.save import EditBaseline
from messages.models import Draft, Message


def find_for_message(person: AbstractUser, message: Message, locale: str) -> Draft | None:
    """What this person has typed for these words and not saved."""
    return Draft.objects.filter(person_id=person.pk, message=message, locale=locale).select_related("base").first()


def find_new_message_draft(person: AbstractUser, number: int | None) -> Draft | None:
    """One of this person's messages that are not saved yet."""
    return Draft.objects.filter(person_id=person.pk, message=None, pk=number).first() if number else None


def unsaved_drafts(person: AbstractUser) -> QuerySet[Draft]:
    """All that this person has not saved yet, newest first."""
    return Draft.objects.filter(person_id=person.pk).select_related("message__theme")


@transaction.atomic
def save_draft(
    person: AbstractUser,
    message: Message,
    locale: str,
    fields: Mapping[str, str],
    *,
    baseline: EditBaseline,
    now: datetime,
) -> Draft:
    """Keep the form as it was typed."""
    values = {
        "base": message.revisions.get(number=baseline.base),
        "base_digest": baseline.digest,
        "fields": dict(fields),
        "saved_at": now.replace(microsecond=0),
    }
    return Draft.objects.update_or_create(person_id=person.pk, message=message, locale=locale, defaults=values)[0]


@transaction.atomic
def save_new_message_draft(
    person: AbstractUser, number: int | None, locale: str, fields: Mapping[str, str], *, now: datetime
) -> Draft:
    """Keep the form of a message that is not there yet; without a number of one's own draft it is a new one."""
    draft = find_new_message_draft(person, number) or Draft(person_id=person.pk)
    draft.locale, draft.fields, draft.saved_at = locale, dict(fields), now.replace(microsecond=0)
    draft.save()
    return draft
