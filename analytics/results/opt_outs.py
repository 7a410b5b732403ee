"""Say how many people asked not to be counted, and how far a difference could be off if all of them had one message.

They are missing after the draw, and of which message is not known: so the bound takes them to be all of the message
with the smallest share, and all to have done the opposite of what the others show (Horowitz and Manski 2000).
"""

from collections.abc import Sequence

from django.utils.translation import gettext

from analytics import wording
from analytics.report_rows import QualityItem, Status

MANY_POINTS = 0.05  # a bound that many differences do not exceed


def worst_case_shift(percent: int, weights: Sequence[int]) -> float | None:
    """About the most by which a rate of one arm can be off: `percent` of those counted, rounded down, are missing.

    >>> round(worst_case_shift(0, [1, 1]), 4)  # 1 of 100 missing, all of an arm of 50: 1 / 51
    0.0196
    """
    if min(weights, default=0) < 0 or not any(weights):
        return None
    missing = (percent + 1) / 100
    return missing / (min(weight for weight in weights if weight > 0) / sum(weights) + missing)


def quality_item(percent: int | None, weights: Sequence[int]) -> QualityItem | None:
    """One item for the quality of a look; None while too few messages were sent to say anything."""
    shift = None if percent is None else worst_case_shift(percent, weights)
    if percent is None or shift is None:
        return None
    some = gettext("For every 100 people counted, fewer than %(share)s more asked not to be counted.")
    bound = gettext(
        "We do not know which message they saw. If all of them had seen the same one and acted "
        "differently from the others, a rate could be off by about %(points)s percentage points."
    )
    words = {"share": percent + 1, "points": wording.number(100 * shift, 1)}
    # Of fewer than 1 of 100 the bound only says that nobody knows better: with a small arm it is always wide.
    status: Status = "caution" if percent and shift >= MANY_POINTS else "ok"
    label = (
        gettext("Few people asked not to be counted")
        if status == "ok"
        else gettext("Many people asked not to be counted")
    )
    return QualityItem(label, status, f"{some % words} {bound % words}")
