"""A change that visitors would meet, kept with its row until a second person has confirmed it.

What is stored goes on being served meanwhile. One change waits for a row at a time, so that each has one author.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import ForeignKey, Model
from django.utils.translation import gettext as _

from messages.models import ProposedChange

NOTHING_PROPOSED: dict[str, Any] = {"proposed": {}, "proposed_by": None, "proposed_at": None}


class ProposalRefused(Exception):
    """The step is not possible; the message says why, for staff."""


class SavedFields(NamedTuple):
    """The fields that were saved at once, and those whose change waits for a second person."""

    at_once: list[str]
    proposed: list[str]


def propose(row: ProposedChange, values: Mapping[str, Any], *, by: User, now: datetime) -> None:
    """Keep these values with a locked row until somebody else confirms them."""
    if row.proposed:
        raise ProposalRefused(
            _("A change to this is already waiting for a colleague. It has to be confirmed or withdrawn first.")
        )
    plain = {name: value.pk if isinstance(value, Model) else value for name, value in values.items()}
    save_fields(row, {"proposed": plain, "proposed_by": by, "proposed_at": now.replace(microsecond=0)})


def proposal_digest(row: ProposedChange) -> str:
    """A digest of what is proposed and of what is stored in its place, as they read now; empty if nothing is."""
    if not row.proposed:
        return ""
    values = [
        [name, value, _name_of(row, name, value), stored_value(row, name)]
        for name, value in sorted(row.proposed.items())
    ]
    return hashlib.sha256(json.dumps([row.proposed_by_id, values]).encode()).hexdigest()[:16]


def content_digest(row: ProposedChange) -> str:
    """A digest of what is proposed, whatever is stored in its place."""
    return hashlib.sha256(json.dumps(row.proposed, sort_keys=True).encode()).hexdigest()[:32]


def _name_of(row: ProposedChange, name: str, value: Any) -> str:
    """How the row that a field points to is called, which may change while a change waits; empty for other fields."""
    field = row._meta.get_field(name)
    if not isinstance(field, ForeignKey) or value is None:
        return ""
    return str(field.related_model._default_manager.filter(pk=value).first())


def stored_value(row: ProposedChange, name: str) -> Any:
    """What is stored in a field, as a plain value."""
    field = row._meta.get_field(name)
    return getattr(row, getattr(field, "attname", field.name))


def check_confirmation(row: ProposedChange, *, seen: str, by: User) -> None:
    """Refuse unless this person may confirm the change of a locked row, and saw exactly this one."""
    if not row.proposed:
        raise ProposalRefused(_("No change is waiting here any more."))
    if row.proposed_by_id == by.pk:
        raise ProposalRefused(_("You cannot confirm your own change. Ask a colleague."))
    if seen != proposal_digest(row):
        raise ProposalRefused(_("Someone has replaced this change. Check it again."))


def save_fields(row: Model, values: Mapping[str, Any]) -> None:
    """Save these fields of a locked row, and no others."""
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
