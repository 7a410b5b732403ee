"""PURE  Check the split between arms, and among the texts of an arm, so that no single network can make it look broken.

Whoever asks chooses its unit, and so its arm: one network can put all that it counts for into one message. So the split
is at alarm only if it would be without the views that one network may have added, taken off where that mends most. A
split that one network could explain is at caution, and withholds nothing: what lies behind it, be it a network or a
fault, moves a difference no further than one network can, and a verdict that this could turn is not called anyway.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import floor

from analytics.stats import sample_ratio
from analytics.stats.sample_ratio import SampleRatio
from analytics.stats.values import NotEstimable

BY_TEXT = "texts"  # the method of a check of the texts of arms
_BY_SEVERITY = ("ok", "caution", "alarm")
_ROUNDING = 1e-6


def check_split(
    observed: Sequence[int], weights: Sequence[float], *, once: bool, views_per_network: int = 0
) -> SampleRatio | NotEstimable:
    """Test the split by a test for one look or, unless `once`, for any number of looks.

    The p-value is that of all who were counted; `views_per_network` changes an alarm to a caution.
    """
    test = sample_ratio.goodness_of_fit if once else sample_ratio.always_valid
    result = test(observed, weights)
    if not views_per_network or isinstance(result, NotEstimable) or result.status != "alarm":
        return result
    rest = test(without_one_network(observed, weights, views_per_network), weights)
    is_alarm = isinstance(rest, SampleRatio) and rest.status == "alarm"
    return result if is_alarm else replace(result, status="caution")


def check_texts(arms: Sequence[Sequence[int]], *, once: bool, views_per_network: int = 0) -> SampleRatio | NotEstimable:
    """Test whether the texts of each arm were shown equally often; of arms with several, the one that is furthest off.

    Each arm may be at alarm at its part of the error. The p-value is for the status alone: looks show no counts by text
    that would bear it out.
    """
    several = [texts for texts in arms if len(texts) > 1]
    found = [
        result
        for texts in several
        if isinstance(
            result := check_split(texts, [1] * len(texts), once=once, views_per_network=views_per_network), SampleRatio
        )
    ]
    if not found:
        return NotEstimable("No message was shown with more than one text.")
    worst = min(found, key=lambda each: each.p_value)
    p_value = min(1.0, worst.p_value * len(several))
    result = worst.at_p_value(p_value, method=BY_TEXT)
    if result.status == "alarm" and worst.status != "alarm":
        return replace(result, status=worst.status)  # one network may have done it
    return result


def worse_of(split: SampleRatio | NotEstimable, texts: SampleRatio | NotEstimable) -> SampleRatio | NotEstimable:
    """The check of arms, unless texts are further off."""
    if isinstance(texts, NotEstimable) or texts.status == "ok":
        return split
    if isinstance(split, NotEstimable) or _BY_SEVERITY.index(texts.status) > _BY_SEVERITY.index(split.status):
        return texts
    return split


def without_one_network(observed: Sequence[int], weights: Sequence[float], views: int) -> list[int]:
    """The counts without so many views, taken off where the arms have most beside their weights, until all are level.

    >>> without_one_network([280, 200, 210, 190], [1, 1, 1, 1], 80)
    [205, 200, 205, 190]
    """
    shown = [(count / weight, count, weight) for count, weight in zip(observed, weights, strict=True) if weight > 0]
    level = fullest_count = fullest_weight = 0.0
    shown.sort(reverse=True)
    for place, (_, count, weight) in enumerate(shown):
        fullest_count, fullest_weight = fullest_count + count, fullest_weight + weight
        level = (fullest_count - views) / fullest_weight
        if place + 1 == len(shown) or level >= shown[place + 1][0]:
            break
    level = max(level, shown[-1][0] if shown else 0.0)
    return [
        min(count, floor(level * weight + _ROUNDING)) if weight > 0 else count
        for count, weight in zip(observed, weights, strict=True)
    ]
