"""What an earlier campaign says of the rate to expect; `analytics.wiring` registers how it is looked up."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext

from campaign.i18n.numbers import format_number
from campaign.models import Campaign


@dataclass(frozen=True, slots=True)
class PastRate:
    """How many did it with the message that is the control now, as shares: found, and with its difference corrected.

    It was chosen because it did well, so what was found is on average too good.
    """

    trial: Campaign
    message: str
    found: float
    difference: float  # from the control of that trial
    corrected: float
    corrected_difference: float


_lookup: Callable[[Campaign], PastRate | None]


def register(lookup: Callable[[Campaign], PastRate | None]) -> None:
    """Set what looks it up for a draft."""
    global _lookup
    _lookup = lookup


def past_rate(draft: Campaign) -> PastRate | None:
    """Return what the campaign that a draft follows says of its control; None if it says nothing."""
    return _lookup(draft) if draft.based_on_id else None


def describe_past_rate(past: PastRate | None) -> str:
    """Say what was found, and what to expect after the correction; empty without a past rate."""
    if past is None:
        return ""
    return gettext(
        "In “%(trial)s”, %(found)s of 100 did it with “%(message)s”: %(difference)s compared with the control of that "
        "campaign. It was chosen because it did well, and such results are on average too good. Corrected for that, "
        "the difference is %(corrected)s, so expect %(rate)s of 100."
    ) % {
        "trial": past.trial.name,
        "message": past.message,
        "found": format_number(round(100 * past.found, 1)),
        "difference": _format_difference(past.difference),
        "corrected": _format_difference(past.corrected_difference),
        "rate": format_number(round(100 * past.corrected, 1)),
    }


def _format_difference(share: float) -> str:
    return ("+" if share >= 0 else "−") + format_number(round(abs(100 * share), 1))
