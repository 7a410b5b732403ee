"""Pool comparisons that match in outcome, contrast and design, whatever came out of them."""

from collections.abc import Iterable, Sequence
from statistics import NormalDist
from typing import NamedTuple

from analytics.learned.content import LEVEL
from analytics.learned.search import readable_results
from analytics.models import LearnedComparison, LearnedResult, PooledComparison
from analytics.stats import Counts, NotEstimable

_WIDTH_OF_ONE_ERROR = 2 * NormalDist().inv_cdf((1 + LEVEL) / 2)  # of an interval of one standard error


class Contrast(NamedTuple):
    """What has to match before comparisons are pooled."""

    outcome: str
    treated: str
    control: str
    design: str


def contrasts_of(result: LearnedResult) -> set[Contrast]:
    """Return the contrasts to which a result contributes."""
    pooled = result.comparisons.filter(not_pooled="")
    return {Contrast(result.outcome, each.treated, each.control, result.design) for each in pooled}


def pool(contrasts: Iterable[Contrast]) -> None:
    """Write the average of each contrast anew, or the reason why there is none."""
    for contrast in contrasts:
        _pool(contrast)


def matching(contrast: Contrast) -> list[LearnedComparison]:
    """Return the comparisons that are pooled, oldest first. Nothing that came out of them decides which."""
    found = LearnedComparison.objects.filter(
        result__in=readable_results(),
        result__outcome=contrast.outcome,
        result__design=contrast.design,
        treated=contrast.treated,
        control=contrast.control,
        not_pooled="",
    )
    return list(found.select_related("result").order_by("result__ended_on", "result_id", "position"))


def _network_move(members: Sequence[LearnedComparison], between: float) -> float:
    """How far one network that came to all of these campaigns moves their average, by the weights of random effects.

    Where it is not known of one, it is taken for a quarter of its interval, to which shares hold one network.
    """
    moved = weights = 0.0
    for each in members:
        assert each.low is not None
        assert each.high is not None
        width = each.high - each.low
        weight = 1 / ((width / _WIDTH_OF_ONE_ERROR) ** 2 + between) if width else 0.0
        moved += weight * (width / 4 if each.network_move is None else each.network_move)
        weights += weight
    return moved / weights if weights else 0.0


def _pool(contrast: Contrast) -> None:
    members = matching(contrast)
    if not members:
        PooledComparison.objects.filter(**contrast._asdict()).delete()
        return
    from analytics.stats import meta, proportions  # import scipy: only who writes an average needs them

    estimates = [
        proportions.difference(
            treated=Counts(each.treated_n or 0, each.treated_events or 0),
            control=Counts(each.control_n or 0, each.control_events or 0),
            method="wald",
            level=LEVEL,
        )
        for each in members
    ]
    found = meta.random_effects(estimates, level=LEVEL, never_narrower=True)
    numbers: dict[str, object] = dict.fromkeys(
        ("effect", "low", "high", "next_low", "next_high", "spread", "heterogeneity", "heterogeneity_p")
    )
    numbers["by_one_network"] = False
    if isinstance(found, NotEstimable):
        numbers["reason"] = found.reason
    else:
        move = _network_move(members, found.tau_squared)
        numbers |= {
            "by_one_network": 0 < max(found.interval.low, -found.interval.high) <= move,
            "effect": found.effect,
            "low": max(found.interval.low, -1.0),
            "high": min(found.interval.high, 1.0),
            "next_low": max(found.prediction.low, -1.0),
            "next_high": min(found.prediction.high, 1.0),
            "spread": found.tau_squared**0.5,
            "heterogeneity": found.heterogeneity,
            "heterogeneity_p": found.heterogeneity_p,
            "reason": "",
        }
    PooledComparison.objects.update_or_create(
        **contrast._asdict(),
        defaults=numbers
        | {
            "campaigns": len(members),
            "theirs": sum(each.result.campaign_id is None for each in members),
            "people": sum((each.treated_n or 0) + (each.control_n or 0) for each in members),
            "level": LEVEL,
        },
    )
