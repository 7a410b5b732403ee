"""The parts of a preregistration: rows, sections, and the names that the keys of a plan stand for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from campaign.outcomes import OUTCOMES

PlanContent = Mapping[str, Any]  # what is hashed


@dataclass(frozen=True, slots=True)
class PlanRendition:
    """The exact words of an arm in one language."""

    arm: str
    locale: str
    direction: str
    headline: str
    body: str
    note: str = ""  # a content note


@dataclass(frozen=True, slots=True)
class PlanNames:
    """The names that the keys of a plan stand for, and the words of its arms."""

    title: str
    arms: Mapping[str, str]
    placements: Mapping[str, str]
    is_approved: bool = False
    renditions: tuple[PlanRendition, ...] = ()

    def arm_name(self, key: str) -> str:
        return self.arms.get(key, key)


@dataclass(frozen=True, slots=True)
class PreregistrationRow:
    """A question of the template with its answer in plain words and in formal ones."""

    key: str
    title: str
    plain: tuple[str, ...]
    formal: tuple[str, ...] = ()
    words: tuple[PlanRendition, ...] = ()


@dataclass(frozen=True, slots=True)
class PreregistrationSection:
    """A section of the template."""

    key: str
    title: str
    rows: tuple[PreregistrationRow, ...] = ()


def outcome_name(key: str) -> str:
    """Return the name of an outcome in the reader's language."""
    return _(OUTCOMES[key].name) if key in OUTCOMES else key
