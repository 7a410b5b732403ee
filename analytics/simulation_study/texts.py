"""PURE  Simulate arms of several texts that work alike on average: what is called of these texts, and of their kind."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.comparison import compare
from analytics.comparison.inputs import ArmCounts, Monitoring, Rules
from analytics.simulation_study.error_rates import RandomGenerator, SimulatedShare, is_covered
from analytics.stats import proportions, sequential
from analytics.stats.texts import looks, matched, nested
from analytics.stats.texts.sizing import Design
from analytics.stats.texts.values import text_means
from analytics.stats.values import Counts, Estimate, NotEstimable

_Array = npt.NDArray[np.int64]
RATE = 0.4
# Sets differ in what their texts have in common by this much.
_BETWEEN_SETS = 0.05
# The shares of the planned people at each look; always-valid campaigns go on after their plan.
LOOKS: dict[Monitoring, tuple[float, ...]] = {
    "fixed": (1.0,),
    "group-sequential": (0.2, 0.4, 0.6, 0.8, 1.0),
    "always-valid": (*(tenth / 10 for tenth in range(1, 11)), 2.0, 4.0),
}
_BOUNDARIES = sequential.boundaries(LOOKS["group-sequential"])


@dataclass(frozen=True, slots=True)
class TextCampaign:
    """Two arms of `texts` texts each, shown to `people` an arm.

    `spread` is the standard deviation of true rates between the texts of an arm, or of true differences between sets.
    """

    design: Design
    texts: int
    spread: float
    people: int = 4_000
    gain: float = 0.0


def draw_rates(source: RandomGenerator, campaign: TextCampaign) -> npt.NDArray[np.float64]:
    """Draw the true rate of each text of the treated and of the control arm."""
    own = campaign.spread if campaign.design == "nested" else campaign.spread / 2**0.5
    rates = RATE + source.normal(0.0, own, size=(2, campaign.texts))
    if campaign.design == "matched":
        rates += source.normal(0.0, _BETWEEN_SETS, size=campaign.texts)
    rates[0] += campaign.gain
    return np.clip(rates, 0.0, 1.0)


def call_rates(
    campaign: TextCampaign, monitoring: Monitoring, *, count: int, seed: int
) -> tuple[SimulatedShare, SimulatedShare]:
    """The shares of trials in which a difference is ever called: of these texts, by people, and of texts of their kind.

    Without a gain any call about the kind is false, by whichever analysis it is made.
    """
    source = np.random.default_rng(seed)
    these = kind = 0
    for _ in range(count):
        rates, seen = draw_rates(source, campaign), np.zeros((2, campaign.texts), dtype=np.int64)
        called_these = called_kind = False
        point, people = None, 0
        for number, share in enumerate(LOOKS[monitoring], start=1):
            now = round(share * campaign.people / campaign.texts)
            seen = seen + source.binomial(now - people, rates)
            people = now
            called_these |= not is_covered(_these_texts(seen, people, campaign, monitoring, number), 0.0)
            passed = looks.last_checkpoint(share) if monitoring == "always-valid" else None
            if passed and passed != point:
                called_kind |= not is_covered(_texts_of_this_kind(seen, people, campaign, passed.weight), 0.0)
            elif monitoring != "always-valid":
                weight = looks.planned_look_weight(look=number, looks=len(LOOKS[monitoring]))
                called_kind |= not is_covered(_texts_of_this_kind(seen, people, campaign, weight), 0.0)
            point = passed
        these += called_these
        kind += called_kind
    return SimulatedShare(these / count, count), SimulatedShare(kind / count, count)


def _these_texts(
    events: _Array, people: int, campaign: TextCampaign, monitoring: Monitoring, look: int
) -> Estimate | NotEstimable:
    """The plan's analysis of people alone, all texts of an arm together."""
    first, second = (Counts(people * len(arm), int(arm.sum())) for arm in events)
    if monitoring == "group-sequential":
        # The interval of `compare`, without its p-value, which takes ten times as long.
        return proportions.difference(
            treated=first, control=second, level=_BOUNDARIES.nominal_level(look), method="wald"
        )
    rules = Rules(monitoring=monitoring, planned_per_arm=campaign.people)
    return compare.difference(ArmCounts("a", first), ArmCounts("b", second), rules)


def _texts_of_this_kind(events: _Array, people: int, campaign: TextCampaign, weight: float) -> Estimate | NotEstimable:
    arms: list[Sequence[Counts]] = [[Counts(people, int(x)) for x in arm] for arm in events]
    means = text_means(arms)
    if isinstance(means, NotEstimable):
        return means
    method = matched.difference if campaign.design == "matched" else nested.difference
    return looks.at_look(lambda level: method(treated=means[0], control=means[1], level=level), weight=weight)
