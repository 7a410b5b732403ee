"""Seals of looks and of pauses by a guardrail: who holds the database can write one, and not seal it.

The seal is of the analysis, its estimates and its release, and stands in the release, which is recorded last. Empty
values are left out, so that a field that a later version adds breaks no seal.
"""

import json
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from operator import attrgetter
from typing import Any

from django.db.models import Model

from analytics.models import Analysis, Estimate, GuardEvent, Release
from messages.audit import log, signed_head

_KIND, _PAUSE = "look", "guard event"
_NUMBERS = ("id", "seal")  # given by the database, and the seal itself
_MOST_DIGESTS = 4096
_digests: dict[bytes, str] = {}  # of looks by the content of their rows


def seal_look(release: Release) -> None:
    """Set the seal of a look whose analysis and estimates are stored; the caller saves the release."""
    log.begin_signing()
    analysis = Analysis.objects.get(pk=release.analysis_id)
    estimates = Estimate.objects.filter(analysis=analysis)
    release.seal = signed_head.seal(look_digest(analysis, estimates, release), of=_KIND)


def is_sealed(release: Release, estimates: Iterable[Estimate]) -> bool:
    """Whether this program recorded a look as it stands, with all of its estimates."""
    return signed_head.is_sealed(look_digest(release.analysis, estimates, release), release.seal, of=_KIND)


def seal_pause(event: GuardEvent) -> None:
    """Set the seal of a pause by a guardrail; the caller saves it."""
    log.begin_signing()
    event.seal = signed_head.seal(pause_digest(event), of=_PAUSE)


def is_sealed_pause(event: GuardEvent) -> bool:
    """Whether this program recorded the pause: whoever resumes the arm accepts its bound."""
    return signed_head.is_sealed(pause_digest(event), event.seal, of=_PAUSE)


def pause_digest(event: Any) -> str:
    """Return the SHA-256 of what the next pause of the arm depends on."""
    values = [event.campaign_id, event.arm_id, event.text_id, event.outcome, event.bound, event.stop]
    return sha256(json.dumps(values).encode()).hexdigest()


def seal_all() -> None:
    """Seal all looks and pauses as they stand, past the triggers, which the caller dropped."""
    for release in Release.objects.order_by("pk"):
        seal_look(release)
        release.save(update_fields=["seal"])
    for event in GuardEvent.objects.order_by("pk"):
        seal_pause(event)
        event.save(update_fields=["seal"])


def look_digest(analysis: Model, estimates: Iterable[Model], release: Model) -> str:
    """Return the SHA-256 of the rows of a look.

    To write rows in the form that is sealed takes long, and the same rows give the same digest: it is kept by content.
    """
    of_look = list(estimates)
    every = [analysis, *of_look, release]
    content = repr([sorted({_names(type(row)) for row in every}), *map(_fields, every)])
    key = sha256(content.encode("utf-8", "surrogatepass")).digest()
    if (known := _digests.get(key)) is not None:
        return known
    rows = sorted(json.dumps(_values(row), sort_keys=True) for row in of_look)
    digest = sha256(json.dumps([_values(analysis), rows, _values(release)], sort_keys=True).encode()).hexdigest()
    if len(_digests) >= _MOST_DIGESTS:
        _digests.clear()
    _digests[key] = digest
    return digest


@cache
def _names(model: type[Model]) -> tuple[str, ...]:
    """Return the fields of a model that a seal is of; a migration's model may have fewer than today's."""
    return tuple(field.attname for field in model._meta.concrete_fields if field.attname not in _NUMBERS)


def _fields(row: Model) -> tuple[object, ...]:
    values: tuple[object, ...] = attrgetter(*_names(type(row)))(row)
    return values


def _values(row: Model) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _names(type(row))}
    return {name: _plain(value) for name, value in values.items() if not _is_empty(value)}


def _is_empty(value: Any) -> bool:
    return value is None or value is False or (isinstance(value, str | list | dict) and not value)


def _plain(value: Any) -> Any:
    """Return a value as both databases give it back: whole seconds, and numbers that are all of one kind."""
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
