"""Work out for how many weeks a campaign runs whose places show one message at a time, and say what that costs."""

from math import ceil

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign.i18n.numbers import format_number
from campaign.lifecycle.launch_checks import DAYS_PER_WEEK, fewest_weeks
from campaign.models import AnalysisPlan


def weeks_needed(plan: AnalysisPlan, *, arms: int, placements: int, days: int | None) -> int:
    """Return whole blocks of weeks, in which so many days have passed and a comparison could show anything."""
    if not arms:
        return 0
    blocks = ceil((days or 0) / DAYS_PER_WEEK / arms)
    return max(blocks * arms, fewest_weeks(plan, arms=arms, placements=placements))


def describe_weeks(weeks: int, *, arms: int, plan: AnalysisPlan) -> str:
    """Say what so many weeks cost in days, and why they come in blocks."""
    cost = ngettext(
        "The periods take %(weeks)s week: %(days)s days.", "The periods take %(weeks)s weeks: %(days)s days.", weeks
    )
    block = _(
        "They come in blocks of %(block)s weeks. In each block, every message has every weekday once "
        "at each placement, in a random order."
    )
    caution = _(
        "Days differ by more than chance, so you learn less from the same number of people than when "
        "each person is assigned separately. If no earlier campaign gives the factor, plan twice as "
        "many weeks."
    )
    if plan.has_hour_periods:
        block = _(
            "In every %(block)s days, every message has every hour of the day once at each placement. That makes "
            "%(sets)s blocks per placement, each in a random order, in multiples of %(block)s weeks so that weekdays "
            "are shared evenly."
        )
        caution = _(
            "Of each %(hours)s, the first %(minutes)s minutes are not counted: that is %(share)s of 100 people. "
            "A good or a bad day falls on all messages alike, so the same people tell you more than with whole days."
        )
    values = {"weeks": format_number(weeks), "days": format_number(weeks * DAYS_PER_WEEK), "block": format_number(arms)}
    if plan.has_hour_periods:
        length = ngettext("%(number)s hour", "%(number)s hours", plan.period_hours)
        values |= {
            "sets": format_number(weeks * DAYS_PER_WEEK // arms),
            "hours": length % {"number": format_number(plan.period_hours)},
            "minutes": format_number(plan.washout_minutes),
            "share": format_number(round(100 * plan.washout_share)),
        }
    return f"{cost % values} {block % values} {caution % values}"
