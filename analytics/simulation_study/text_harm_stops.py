"""PURE  Simulate the harm stop of single texts: how often it stops what is allowed, and how soon a text that harms.

As in `harm_stops`: seeded, by the rule of the worker, three arms compared with the control. An arm with several texts
has half of the error that falls to it, and its texts share the other half.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.comparison.harm import harm_bound
from analytics.simulation_study.error_rates import DAYS, SimulatedShare
from analytics.simulation_study.harm_stops import LEVEL, DaysToStop, Events, may_cross
from analytics.stats import Counts

_ARMS_COMPARED = 3
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class TextStops:
    """How often a text or an arm whose harm is allowed was stopped, and on which day the first text of an arm."""

    false: SimulatedShare
    first: DaysToStop


def text_stops(
    *,
    control: float,
    harms: Sequence[float],
    margin: float,
    per_text_a_look: int,
    looks_a_day: int,
    count: int,
    seed: int,
) -> TextStops:
    """Simulate campaigns whose three arms each have texts that add these harms to the rate of the control.

    Nothing is taken off for hostile networks or small cells, which makes stops rarer. The control has as many texts.
    """
    source = np.random.default_rng(seed)
    looks, texts = looks_a_day * DAYS, len(harms)
    n_text = per_text_a_look * np.arange(1, looks + 1)
    n = texts * n_text
    rates = control + np.array(harms)[:, None]
    false, first = 0, list[int]()
    for _ in range(count):
        events = np.cumsum(source.binomial(per_text_a_look * texts, control, size=looks))
        is_false = False
        for _ in range(_ARMS_COMPARED):
            harmed = np.cumsum(source.binomial(per_text_a_look, rates, size=(texts, looks)), axis=1)
            stops = _stops(harmed, n_text, events, n, margin=margin)
            first.append(min((look for look, _, whole in stops if not whole), default=looks) // looks_a_day)
            is_false |= any(np.mean([harms[text] for text in stopped]) <= margin + _TINY for _, stopped, _ in stops)
        false += is_false
    first.sort()
    half, most = first[len(first) // 2], first[round(0.9 * (len(first) - 1))]
    days = DaysToStop(*(day + 1 if day < DAYS else None for day in (half, most)))
    return TextStops(SimulatedShare(false / count, count), days)


def _stops(
    harmed: Events, n_text: Events, events: Events, n: Events, *, margin: float
) -> list[tuple[int, list[int], bool]]:
    """What is stopped of one arm: the look, the texts, and whether it was the arm with all that it still showed."""
    shown, found, look = list(range(len(harmed))), list[tuple[int, list[int], bool]](), 0
    of_arm, of_text = 1 - (1 - LEVEL) / 2, 1 - (1 - LEVEL) / (2 * len(harmed))

    def harm(texts: Sequence[int], at: int, level: float) -> float:
        worse = Counts(int(n_text[at]) * len(texts), int(harmed[texts, at].sum()))
        planned = int(n[-1]) + int(n_text[-1]) * (len(texts) if level == of_arm else 1)
        return harm_bound(worse, Counts(int(n[at]), int(events[at])), level=level, n_planned=planned)

    while len(shown) > 0:
        whole = may_cross(harmed[shown].sum(axis=0), n_text * len(shown), events, n, margin, level=of_arm)
        alone = np.array([may_cross(harmed[text], n_text, events, n, margin, level=of_text) for text in shown])
        for at in map(int, np.flatnonzero((whole | alone.any(axis=0)) & (np.arange(len(n)) >= look))):
            harmful = (
                [text for row, text in enumerate(shown) if alone[row, at] and harm([text], at, of_text) > margin]
                if len(shown) > 1
                else []
            )
            if whole[at] and (not harmful or 2 * len(harmful) > len(shown)) and harm(shown, at, of_arm) > margin:
                return [*found, (at, shown, True)]
            if stopped := harmful[: len(shown) - 1]:
                found += [(at, [text], False) for text in stopped]
                shown, look = [text for text in shown if text not in stopped], at
                break
        else:
            return found
    return found
