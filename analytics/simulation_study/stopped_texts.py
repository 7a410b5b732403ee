"""PURE  Simulate a matched set of which one arm loses its text early, between appeals that work alike in every set."""

from dataclasses import dataclass

import numpy as np

from analytics.simulation_study.error_rates import SimulatedShare, is_covered
from analytics.simulation_study.texts import TextCampaign, draw_rates
from analytics.stats import proportions
from analytics.stats.texts import looks, matched
from analytics.stats.texts.values import text_means
from analytics.stats.values import Counts, NotEstimable


@dataclass(frozen=True, slots=True)
class StoppedCalls:
    """The shares of campaigns in which a difference is called: by people alone, and for texts of their kind."""

    these: SimulatedShare
    kind: SimulatedShare


def calls_after_stop(campaign: TextCampaign, *, at: float, trend: float = 0.0, count: int, seed: int) -> StoppedCalls:
    """Stop the first text of the treated arm at a share of the planned people; rates fall by `trend` over the campaign.

    The arm goes on with its other texts, which then share its people.
    """
    source, texts = np.random.default_rng(seed), campaign.texts
    before, after = round(campaign.people * at), campaign.people - round(campaign.people * at)
    first = np.full((2, texts), before // texts)
    rest = np.full((2, texts), after // texts)
    rest[0] = [0, *[after // (texts - 1)] * (texts - 1)]
    drift = np.array([trend * (1.0 - at), -trend * at]) / 2.0  # the means of both parts, about that of the whole
    these = kind = 0
    for _ in range(count):
        rates = draw_rates(source, campaign)
        events = sum(
            source.binomial(people, np.clip(rates + moved, 0.0, 1.0))
            for people, moved in zip((first, rest), drift, strict=True)
        )
        counts = [
            [Counts(int(n), int(x)) for n, x in zip(*arm, strict=True)]
            for arm in zip(first + rest, np.asarray(events), strict=True)
        ]
        treated, control = (Counts(sum(c.n for c in arm), sum(c.events for c in arm)) for arm in counts)
        by_people = proportions.difference(treated=treated, control=control)
        means = text_means(counts)
        assert isinstance(means, tuple)
        by_sets = matched.difference(treated=means[0], control=means[1])
        these += not is_covered(by_people, 0.0)
        if not isinstance(by_people, NotEstimable) and not isinstance(by_sets, NotEstimable):
            kind += not is_covered(looks.no_surer_than(by_people, by_sets), 0.0)
    return StoppedCalls(SimulatedShare(these / count, count), SimulatedShare(kind / count, count))
