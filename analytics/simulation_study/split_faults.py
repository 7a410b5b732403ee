"""PURE  Simulate how soon a broken split is found, if no single network may be able to set off the alarm.

One of several equal arms loses a part of its people, every day alike; the others have all of theirs.
"""

from statistics import median

import numpy as np

from analytics.comparison.split_check import check_split
from analytics.simulation_study.harm_stops import DaysToStop
from analytics.stats.sample_ratio import SampleRatio
from campaign.serving.network_share import most_of_one_network, share_of_plan


def days_to_alarm(*, lost: float, arms: int, a_day: int, days: int, servers: int, count: int, seed: int) -> DaysToStop:
    """On which day the split is at alarm in daily looks. Without servers, no views of a network are thought of.

    `a_day` units would be seen each day, were nothing lost. The plan ends with the last of the days.
    """
    source = np.random.default_rng(seed)
    weights = [1.0] * arms
    share = share_of_plan(a_day * days, weights)
    views_a_day = most_of_one_network({1: a_day}, share=share, declared={}, sketches=servers) if servers else 0
    seen = source.multinomial(a_day, [(1 - lost) / arms, *[1 / arms] * (arms - 1), lost / arms], size=(count, days))
    totals = seen[:, :, :arms].cumsum(axis=1)

    def find_day(campaign: int) -> int:
        for day in range(1, days + 1):
            observed = [int(n) for n in totals[campaign, day - 1]]
            result = check_split(observed, weights, once=False, views_per_network=views_a_day * day)
            if isinstance(result, SampleRatio) and result.status == "alarm":
                return day
        return days + 1

    found = sorted(find_day(campaign) for campaign in range(count))
    half, most = int(median(found)), found[round(0.9 * (count - 1))]
    return DaysToStop(*(day if day <= days else None for day in (half, most)))
