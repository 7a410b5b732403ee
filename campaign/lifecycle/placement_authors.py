"""Who gave what visitors meet at a placement its values, whether or not a campaign was planned there by then.

They are authors of every draft that has the placement. A value has the authors that it had when it was there last, and
whoever gave it to the field; so nobody is freed by a colleague who changes a field and changes it back. Who returns to
what stood before their own last changes of a field has made none.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from campaign.models import Placement, PlacementChange
from messages.audit import log, signed_head
from messages.audit.verification import genuine_entries

CHANGES = "changes"  # of an entry about a placement: the seal of the last change
_SEALED = "placement change"
_RECORDED = (log.Action.PLACEMENT_ADD, log.Action.PLACEMENT_CHANGE, log.Action.PLACEMENT_CONFIRM)
Change = tuple[int | None, str]  # who, and the digest of the value


def field_digests(placement: Placement) -> dict[str, str]:
    """The digest of each value that an approval is of; for the partner, with its name."""
    values: dict[str, Any] = {name: getattr(placement, name) for name in ("network_share", "counts_signed_only", "key")}
    values |= {name: getattr(placement, name) for name in Placement.FIELDS_FOR_VISITORS if name != "fallback"}
    values |= {"fallback": placement.fallback_id, "partner": [placement.partner_id, placement.partner.name]}
    return {name: sha256(json.dumps(value).encode()).hexdigest() for name, value in values.items()}


def record_change(placement: Placement, before: Mapping[str, str], *, by: User | None) -> None:
    """Record who changed a locked placement, of which `before` were the digests: none, if it is new.

    A change that the worker or a command makes is nobody's.
    """
    recorded = list(PlacementChange.objects.filter(placement=placement).order_by("pk"))
    known = {row.field for row in recorded}
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
    seal_changes(rows, after=recorded[-1].seal if recorded else "")
    PlacementChange.objects.bulk_create(rows)


def seal_changes(rows: Iterable[PlacementChange], *, after: str = "") -> None:
    """Set the seals of changes of one placement that follow each other; the caller saves them."""
    log.begin_signing()
    for row in rows:
        row.seal = after = signed_head.seal(_digest(row, after), of=_SEALED)


def seal_all_changes() -> None:
    """Seal the changes of all placements as they stand, past the triggers, which the caller dropped."""
    rows: defaultdict[int, list[PlacementChange]] = defaultdict(list)
    for row in PlacementChange.objects.order_by("pk"):
        rows[row.placement_id].append(row)
    for changes in rows.values():
        seal_changes(changes)
        PlacementChange.objects.bulk_update(changes, ["seal"])


def last_seal(placement: Placement) -> str:
    """Return the seal of the last change of a placement, which each entry about it on the audit record names."""
    last = PlacementChange.objects.filter(placement=placement).order_by("pk").last()
    return last.seal if last is not None else ""


def recorded_places(placements: Iterable[Placement]) -> set[int]:
    """Return the primary keys of those placements of which what is on record is whole, and leads to what they are.

    A row that was inserted, changed or taken out by SQL breaks the chain of seals; one taken off its end is missed by
    the audit record, and a value written into the placement itself by the last change of its field.
    """
    places = list(placements)
    if not places:
        return set()
    rows: defaultdict[int, list[PlacementChange]] = defaultdict(list)
    for row in PlacementChange.objects.filter(placement__in=places).order_by("pk"):
        rows[row.placement_id].append(row)
    entries = genuine_entries(log.ObjectKind.PLACEMENT, [place.key for place in places], _RECORDED)
    recorded = set()
    for place in places:
        changes, entry = rows[place.pk], entries.get(place.key)
        is_whole = _is_chain(changes) and _leads_to(changes, field_digests(place))
        if is_whole and place.key in entries:  # one from before changes had seals does not name the last
            is_whole = entry is not None and entry.detail.get(CHANGES, changes[-1].seal) == changes[-1].seal
        if is_whole:
            recorded.add(place.pk)
    return recorded


def are_changes_recorded(placements: Iterable[Placement]) -> bool:
    """Whether this holds for each of these placements."""
    places = list(placements)
    return len(recorded_places(places)) == len(places)


def _is_chain(rows: Sequence[PlacementChange]) -> bool:
    return bool(rows) and signed_head.is_sealed_chain(rows, _digest, of=_SEALED)


def _leads_to(rows: Sequence[PlacementChange], digests: Mapping[str, str]) -> bool:
    last = {row.field: row.value for row in rows}
    return all(digests.get(field, value) == value for field, value in last.items())


def _digest(row: PlacementChange, seal_before: str) -> str:
    values = [row.placement_id, row.field, row.value, row.by_id, seal_before]
    return sha256(json.dumps(values).encode()).hexdigest()


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
