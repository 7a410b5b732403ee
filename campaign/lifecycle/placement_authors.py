"""Who gave what visitors meet at a placement its values, whether or not a campaign was planned there by then.

They are authors of every draft that has the placement. A value has the authors that it had when it was there last, and
whoever gave it to the field; so nobody is freed by a colleague who changes a field and changes it back. Who returns to
what stood before their own last changes of a field has made none.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from campaign.models import Placement, PlacementChange

Change = tuple[int | None, str]  # who, and the digest of the value


def field_digests(placement: Placement) -> dict[str, str]:
    """The digest of each value that an approval is of; for the partner, with its name."""
    values: dict[str, Any] = {name: getattr(placement, name) for name in ("network_share", "counts_signed_only", "key")}
    values |= {name: getattr(placement, name) for name in Placement.FIELDS_FOR_VISITORS if name != "fallback"}
    values |= {"fallback": placement.fallback_id, "partner": [placement.partner_id, placement.partner.name]}
    return {name: sha256(json.dumps(value).encode()).hexdigest() for name, value in values.items()}


def record_change(placement: Placement, before: Mapping[str, str], *, by: User) -> None:
    """Record who changed a locked placement, of which `before` were the digests: none, if it is new."""
    known = set(PlacementChange.objects.filter(placement=placement).values_list("field", flat=True))
    stored = Placement.objects.select_related("partner").get(pk=placement.pk)
    rows: list[PlacementChange] = []
    for field, value in field_digests(stored).items():
        if before.get(field) == value:
            continue
        given: list[tuple[User | None, str]] = [(by, value)]
        if field in before and field not in known:
            given.insert(0, (None, before[field]))
        rows += [
            PlacementChange(placement=placement, field=field, value=digest, by=person, at=timezone.now())
            for person, digest in given
        ]
    PlacementChange.objects.bulk_create(rows)


def placement_authors(placements: Iterable[int]) -> set[int]:
    """Return the primary keys of who gave these placements the values that they have."""
    changes: defaultdict[tuple[int, str], list[Change]] = defaultdict(list)
    for row in PlacementChange.objects.filter(placement__in=list(placements)).order_by("pk"):
        changes[row.placement_id, row.field].append((row.by_id, row.value))
    people: set[int] = set()
    changed = {placement for placement, _field in changes}
    for placement in Placement.objects.filter(pk__in=changed).select_related("partner"):
        for field, value in field_digests(placement).items():
            people |= authors_of_values(changes[placement.pk, field]).get(value, set())
    return people


def authors_of_values(changes: Iterable[Change]) -> dict[str, set[int]]:
    """Return the authors of each value that a field has had, as it was there last."""
    authors: dict[str, set[int]] = {}
    last: Change | None = None
    before_own: str | None = None  # the value before the last person's changes
    for by, value in changes:
        if last is not None and last[0] != by:
            before_own = last[1]
        made = authors.get(value, set()) | ({by} if by is not None else set())
        if value == before_own and by not in authors[value]:
            made -= {by}
        authors[value] = made
        last = (by, value)
    return authors
