"""PURE  Simulate messages that have unequal numbers of texts of their own, and kinds that work alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from statistics import fmean, variance

import numpy as np

from analytics.comparison.inputs import Monitoring
from analytics.simulation_study.error_rates import RandomGenerator, SimulatedShare, is_covered
from analytics.simulation_study.texts import LOOKS, RATE
from analytics.stats.numerics import wald
from analytics.stats.texts import looks, nested
from analytics.stats.texts.values import TextMeans, text_means
from analytics.stats.values import Counts, Estimate, NotEstimable


@dataclass(frozen=True, slots=True)
class UnequalCampaign:
    """Arms of so many texts each, with the standard deviation of true rates between the texts of each arm.

    Each arm is shown to `people`, its texts equally often; `first` is the share of that which its first text has.
    """

    texts: tuple[int, ...]
    spreads: tuple[float, ...]
    weights: tuple[float, ...] = (1.0, -1.0)
    people: int = 4_000
    first: float = 1.0
    gain: float = 0.0


def draw_campaign(
    source: RandomGenerator, campaign: UnequalCampaign, shares: Sequence[float]
) -> list[list[list[Counts]]]:
    """Draw what each text of each arm had at each share of the planned people."""
    seen: list[list[list[Counts]]] = [[] for _ in shares]
    for number, (texts, spread) in enumerate(zip(campaign.texts, campaign.spreads, strict=True)):
        rates = np.clip(RATE + source.normal(0.0, spread, size=texts) + (0 if number else campaign.gain), 0.0, 1.0)
        parts = np.array([campaign.first, *[1.0] * (texts - 1)])
        n, events = np.zeros(texts, dtype=np.int64), np.zeros(texts, dtype=np.int64)
        for at, share in enumerate(shares):
            now = np.maximum(np.round(share * campaign.people * parts / parts.sum()).astype(np.int64), 1)
            events = events + source.binomial(now - n, rates)
            n = now
            seen[at].append([Counts(int(of), int(had)) for of, had in zip(n, events, strict=True)])
    return seen


def call_rates(
    campaign: UnequalCampaign, monitoring: Monitoring, *, count: int, seed: int
) -> tuple[SimulatedShare, SimulatedShare]:
    """The shares of campaigns in which a difference is ever called for their kind: by Welch's test, and as judged."""
    source, shares = np.random.default_rng(seed), LOOKS[monitoring]
    weights = _weights(monitoring)
    called = [0, 0]
    for _ in range(count):
        judged = [False, False]
        for seen, weight in zip(draw_campaign(source, campaign, shares), weights, strict=True):
            means = text_means(seen)
            if weight is None or isinstance(means, NotEstimable):
                continue
            for at, method in enumerate((_welch, nested.contrast)):
                found = looks.at_look(
                    lambda level, method=method, means=means: method(means, campaign.weights, level=level),  # type: ignore[misc]  # a default
                    weight=weight,
                )
                judged[at] |= not is_covered(found, 0.0)
        called = [before + now for before, now in zip(called, judged, strict=True)]
    return SimulatedShare(called[0] / count, count), SimulatedShare(called[1] / count, count)


def _weights(monitoring: Monitoring) -> list[float | None]:
    """The share of the error of each look; None where nothing is judged of the kind."""
    shares = LOOKS[monitoring]
    if monitoring != "always-valid":
        return [looks.planned_look_weight(look=look, looks=len(shares)) for look in range(1, len(shares) + 1)]
    points = [looks.last_checkpoint(share) for share in shares]
    return [
        point.weight if point and point != before else None
        for point, before in zip(points, [None, *points], strict=False)
    ]


def _welch(means: TextMeans, weights: Sequence[float], *, level: float) -> Estimate | NotEstimable:
    """Welch's test whatever the numbers of texts, as tools for two samples have it."""
    if min(map(len, means)) < 2:
        return nested.ONE_TEXT
    values = [[text.value for text in arm] for arm in means]
    parts = [w**2 * variance(arm) / len(arm) for arm, w in zip(values, weights, strict=True)]
    if not sum(parts):
        return nested.SAME_MEANS
    df = sum(parts) ** 2 / sum(part**2 / (len(arm) - 1) for part, arm in zip(parts, values, strict=True))
    effect = fsum(w * fmean(arm) for arm, w in zip(values, weights, strict=True))
    return wald.estimate(effect, sqrt(sum(parts)), level=level, method="welch", df=df)
