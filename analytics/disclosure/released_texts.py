"""Redact what looks say of texts: part of analytics.disclosure.gate."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any

from analytics.models import Analysis, Estimate, Release
from analytics.suppression.rounding import digits_of_one

_ROUNDED = ("spread", "spread_low", "spread_high", "next_low", "next_high", "sign_flip_p")


def is_of_texts(e: Estimate) -> bool:
    """Whether an estimate is made of the counts of single texts."""
    return e.about == Estimate.About.KIND or e.kind == Estimate.Kind.TEXT


def released_text_estimates(
    own: Sequence[Estimate],
    releases: Sequence[Release],
    stored: Callable[[Analysis], Sequence[Estimate]],
    round_effect: Callable[[Estimate, int], Estimate],
    without_numbers: Callable[[Estimate], Estimate],
) -> Iterator[Estimate]:
    """Take what is said of texts, for each outcome, from the newest look that shows all its counts by text.

    `own` are the estimates of the look asked for, `releases` those up to it, newest first. What is made of counts that
    no look shows has no numbers.
    """
    shown = [release for release in releases if release.texts and not release.is_withheld]
    sources = {
        outcome: next((each for each in shown if _shows(each.texts, outcome)), None)
        for outcome in dict.fromkeys(e.outcome for e in own)
    }
    for outcome, source in sources.items():
        if source is None:
            yield from (without_numbers(e) for e in own if e.outcome == outcome and is_of_texts(e))
            continue
        rows = own if source.analysis_id == own[0].analysis_id else stored(source.analysis)
        fewest = _fewest(source.texts or {})
        for e in rows:
            if e.outcome == outcome and is_of_texts(e):
                yield _round_estimate(round_effect(e, fewest), fewest)


def _shows(texts: Mapping[str, Any] | None, outcome: str) -> bool:
    return all(outcome in arm["parts"] for arm in (texts or {}).values())


def _fewest(texts: Mapping[str, Any]) -> int:
    """How many people saw the text that fewest saw."""
    return min((n for arm in texts.values() for n in arm["seen"].values()), default=0)


def _round_estimate(stored: Estimate, fewest: int) -> Estimate:
    """Round what stands beside an estimate as that itself: strata have counts that no look shows by text."""
    e = copy(stored)
    if e.texts:
        digits = digits_of_one(fewest)
        e.texts = e.texts | {name: round(e.texts[name], digits) for name in _ROUNDED if e.texts[name] is not None}
    return e
