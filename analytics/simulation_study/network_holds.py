"""Simulate how often a verdict that is there waits, because one network alone could have turned it."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from analytics.comparison.compare import compare
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.kinds import TextRules, compare_kinds
from analytics.comparison.text_means import ArmTexts
from analytics.simulation_study.error_rates import SimulatedShare
from analytics.simulation_study.texts import TextCampaign, draw_rates
from analytics.stats.values import Counts
from campaign.serving.network_share import share_of_plan

_CLAIMS = ("better", "worse")


@dataclass(frozen=True, slots=True)
class ShareFound:
    """In what share of campaigns a difference is found by the statistics alone, and not turned by one network."""

    alone: SimulatedShare
    clear: SimulatedShare


def found_beside_one_network(campaign: TextCampaign, *, count: int, seed: int) -> tuple[ShareFound, ShareFound | None]:
    """What is found at one look of these texts, and of texts of their kind: None with one text in each arm.

    One network may have counted for its share of the plan, as at a place where many come each day.
    """
    source = np.random.default_rng(seed)
    people, in_all = campaign.people // campaign.texts, 2 * campaign.people
    views = ceil(share_of_plan(in_all, [1.0, 1.0]) * in_all)
    pair = [("treated", "control")]
    found = {(about, ruled): 0 for about in ("these", "kind") for ruled in (0, views)}
    for _ in range(count):
        events = source.binomial(people, draw_rates(source, campaign))
        texts = [
            ArmTexts(key, {"": tuple(Counts(people, int(x)) for x in arm)})
            for key, arm in zip(pair[0], events, strict=True)
        ]
        arms = [
            ArmCounts(key, Counts(people * campaign.texts, int(arm.sum())))
            for key, arm in zip(pair[0], events, strict=True)
        ]
        for ruled in (0, views):
            rules = Rules(planned_per_arm=campaign.people, views_per_network=ruled)
            look = compare(arms, pair, rules)
            found["these", ruled] += look.comparisons[0].verdict in _CLAIMS
            if campaign.texts > 1:
                (kind,) = compare_kinds(look, texts, rules, TextRules(campaign.design))
                found["kind", ruled] += kind.verdict in _CLAIMS
    these, kinds = (
        ShareFound(SimulatedShare(found[about, 0] / count, count), SimulatedShare(found[about, views] / count, count))
        for about in ("these", "kind")
    )
    return these, kinds if campaign.texts > 1 else None
