"""Save nothing from a stale copy: a form carries the digest of what its reader saw, and the verb compares it.

The verb compares under the lock of the row, so that whatever a colleague saved meanwhile is seen, and not put back.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class StaleCopy(Exception):
    """The row is not as the reader saw it: a colleague changed it meanwhile."""


def digest_of(row: Model, names: Sequence[str]) -> str:
    """A digest of the named fields; empty for a row that is not stored yet."""
    if row._state.adding:
        return ""
    fields = [row._meta.get_field(name) for name in names]
    values = [getattr(row, getattr(field, "attname", field.name)) for field in fields]
    return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()[:16]


def ids_of(people: Iterable[Model]) -> str:
    """The primary keys of these rows, as a form carries them."""
    return ",".join(str(pk) for pk in sorted(row.pk for row in people))


def replace_people(people: Any, users: Iterable[User], *, seen: str) -> str | None:
    """Make `users` the only ones of a relation; return their names, or None if they were these already.

    `seen` names those whom the person saw; StaleCopy is raised if they are others by now. The caller holds the lock of
    the row that they belong to.
    """
    before = ids_of(people.all())
    if before != seen:
        raise StaleCopy
    wanted = {user.pk: user for user in users}
    if ids_of(wanted.values()) == before:
        return None
    people.set(wanted.values())
    return ", ".join(sorted(user.get_username() for user in wanted.values())) or "nobody"


class SeenDigestForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """A form of the fields `digest_fields`, with the digest that they had when the page was loaded."""

    digest_fields: ClassVar[Sequence[str]] = ()
    stale_sentence: ClassVar[str | Promise] = _(
        "A colleague changed this while you were writing. Your text is kept below. Compare the two, "
        "then save again to keep yours."
    )
    was = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.has_conflict = False
        self.seen_digest = self.data.get("was", "") if self.is_bound else digest_of(self.instance, self.digest_fields)

    def values(self) -> dict[str, Any]:
        """What was typed, by the names of the fields."""
        return {name: self.cleaned_data[name] for name in self.digest_fields}

    def refuse_stale_copy(self, stored: Model) -> None:
        """Say that a colleague saved meanwhile; the page then carries the new digest, so that the next save passes."""
        self.has_conflict = True
        self.seen_digest = digest_of(stored, self.digest_fields)
        self.add_error(None, str(self.stale_sentence))
