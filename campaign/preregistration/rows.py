"""What the words of a plan are made of: rows, the names that its keys stand for, and numbers as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from campaign.outcomes import OUTCOMES


@dataclass(frozen=True, slots=True)
class PlanRendition:
    """The exact words of one arm in one language."""

    arm: str
    locale: str
    direction: str
    headline: str
    body: str
    note: str = ""  # what someone may want to know before reading on


@dataclass(frozen=True, slots=True)
class PlanNames:
    """What stands behind the keys of a plan."""

    title: str
    arms: Mapping[str, str]
    placements: Mapping[str, str]
    is_approved: bool = False
    renditions: tuple[PlanRendition, ...] = ()

    def arm_name(self, key: str) -> str:
        return self.arms.get(key, key)


@dataclass(frozen=True, slots=True)
class PreregistrationRow:
    """One question of the template: its answer in plain words, and in formal ones."""

    key: str
    title: str
    plain: tuple[str, ...]
    formal: tuple[str, ...] = ()
    words: tuple[PlanRendition, ...] = ()


@dataclass(frozen=True, slots=True)
class PreregistrationSection:
    """Some questions that belong together."""

    key: str
    title: str
    rows: tuple[PreregistrationRow, ...] = field(default_factory=tuple)


def localize_number(value: float) -> str:
    """A number without needless zeros, as the reader's language writes it: 20000 is "20,000"."""
    text = f"{value:.10g}" if abs(value) < 1e10 else str(value)
    return number_format(text, use_l10n=True, force_grouping=True)


def localize_percent(part: float) -> str:
    """A share of the whole: 0.95 is "95%"."""
    return _("%(number)s%%") % {"number": localize_number(round(part * 100, 1))}


def localize_share(part: float) -> str:
    """A share as people: "2 in 100", or in 10,000 where whole people would not show it."""
    base = 100 if part >= 0.01 or part == 0 else 10_000
    return _("%(number)s in %(people)s") % {
        "number": localize_number(round(part * base, 4)),
        "people": localize_number(base),
    }


def outcome_name(key: str) -> str:
    """An outcome in the reader's language."""
    return _(OUTCOMES[key].name) if key in OUTCOMES else key
