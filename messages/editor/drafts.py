"""Drafts: what somebody has typed is stored until they save or discard it."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import QuerySet

from messages.editor.save import EditBaseline
from messages.models import Draft, Message


def find_for_message(person: AbstractUser, message: Message, locale: str) -> Draft | None:
    """A person's draft of a message in one language."""
    return Draft.objects.filter(person_id=person.pk, message=message, locale=locale).select_related("base").first()


def find_new_message_draft(person: AbstractUser, number: int | None) -> Draft | None:
    """A person's draft of a new message, by its primary key."""
    return Draft.objects.filter(person_id=person.pk, message=None, pk=number).first() if number else None


def unsaved_drafts(person: AbstractUser) -> QuerySet[Draft]:
    """All drafts of a person, newest first."""
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
    """Store the form as it was typed."""
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
    """Store the form of a new message, in a new draft unless `number` is one of the person's own."""
    draft = find_new_message_draft(person, number) or Draft(person_id=person.pk)
    draft.locale, draft.fields, draft.saved_at = locale, dict(fields), now.replace(microsecond=0)
    draft.save()
    return draft
