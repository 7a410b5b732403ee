"""Format numbers and shares as the reader's language writes them."""

from collections.abc import Sequence

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from campaign.planned_people import people_by_arm


def format_number(value: float) -> str:
    """Format a number without trailing zeros: 20000 is "20,000"."""
    text = f"{value:.10g}" if abs(value) < 1e10 else str(value)
    return number_format(text, use_l10n=True, force_grouping=True)


def format_percent(share: float) -> str:
    """Format a share as a percentage: 0.95 is "95%"."""
    return _("%(number)s%%") % {"number": format_number(round(share * 100, 1))}


def format_frequency(share: float) -> str:
    """Format a share as a frequency: "2 in 100", or "12 in 10,000" where it is below 1 in 100."""
    base = 100 if share >= 0.01 or share == 0 else 10_000
    values = {"number": format_number(round(share * base, 4)), "people": format_number(base)}
    return _("%(number)s in %(people)s") % values


def format_people_by_arm(people: int, arms: Sequence[tuple[str, float]]) -> str:
    """Say how many of the people in all each arm gets, from its name and weight."""
    shown = [(name, weight) for name, weight in arms if weight > 0]
    numbers = people_by_arm(people, [weight for _name, weight in shown])
    if len({weight for _name, weight in shown}) == 1:
        return _("%(number)s for each message") % {"number": format_number(numbers[0])}
    parts = [
        _("%(number)s for “%(arm)s”") % {"number": format_number(number), "arm": name}
        for (name, _weight), number in zip(shown, numbers, strict=True)
    ]
    return ", ".join(parts)


def format_per_hundred(share: float) -> str:
    """Format a share as people out of 100, as exactly as it was entered: "2.25 in 100"."""
    return _("%(some)s in 100") % {"some": format_number(round(share * 100, 2))}


def format_rounded_per_hundred(share: float) -> str:
    """Format a computed share as people out of 100, to one decimal or, below that, two."""
    points = share * 100
    return _("%(some)s in 100") % {"some": format_number(round(points, 1) or round(points, 2))}
