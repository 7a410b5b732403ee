"""Sections of `manage.py simulate` about plans: the power of the planned people, and how many more it takes."""

from math import ceil
from typing import Any

from analytics.comparison.compare import compare
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.more_needed import more_needed
from analytics.simulation_study.cluster_designs import power_by_design
from analytics.simulation_study.more_needed import shares_with_verdict
from analytics.simulation_study.planned_power import planned_power
from analytics.stats import Counts
from analytics.stats.power import design_effect
from campaign.planned_people import mean_per_arm
from campaign.wizard.sample_size import SampleSizeInputs, needed_people

_SHARES = ((1, 1), (1, 3), (3, 1), (3, 2, 2, 2))
_LOOKS_BY_QUARTERS = (0.25, 0.5, 0.75, 1.0)
_LOOKS = {
    "fixed": (1.0,),
    "group-sequential": _LOOKS_BY_QUARTERS,
    "always-valid": tuple(tenth / 10 for tenth in range(1, 11)),
}


def planned_power_section(trials: int) -> list[str]:
    """Simulate the wizard's numbers: is the power the promised one, whatever the shares?"""
    lines = [
        "",
        "### Power at the planned numbers",
        "",
        "50 against 45 of 100, and 7 against 5, each arm compared with the first. The people in all are those that the",
        "wizard names for a power of 80%. How often is the second arm called different, at the last look and at any",
        "look of the plan (four looks if group-sequential, ten if always-valid)?",
        "",
        "| shares | looking | rates | people in all | at the last look | at any look |",
        "|---|---|---|---|---|---|",
    ]
    for weights in _SHARES:
        for monitoring, looks in _LOOKS.items():
            for rate, difference in ((0.45, 0.05), (0.05, 0.02)):
                lines.append(_planned_power_row(weights, monitoring, looks, rate, difference, trials))
    return [*lines, "", *_crossed_power(trials)]


def _crossed_power(trials: int) -> list[str]:
    """Simulate the wizard's number for placement-days, with the design effect of two very different placements."""
    days, rates = 14, (0.05, 0.6)
    mean = sum(rates) / 2
    icc = (rates[1] - rates[0]) ** 2 / 4 / (mean * (1 - mean))
    inputs = SampleSizeInputs(
        expected_rate=mean,
        smallest_difference=0.04,
        weights=(1, 1),
        per_day=280,  # so many that it takes 14 days
        placements=len(rates),
        within="placement-day",
        design_effect=design_effect(icc=icc, crossed=True),
    )
    people = needed_people(inputs)
    size = ceil(people / 4 / days)
    crossed, _ = power_by_design([size] * 2 * days, rates * days, gain=0.04, count=trials, seed=610)
    places = " and ".join(f"{rate:.0%}" for rate in rates)
    return [
        f"Compared by placement and day, placements of {places} on {days} days, 4 of 100 more: the design effect is",
        f"{inputs.design_effect:.2f} (ICC {icc:.2f}), so the wizard names {people:,} people in all. They are told",
        f"apart in {crossed.in_percent()} of trials.",
    ]


def _planned_power_row(
    weights: tuple[int, ...], monitoring: Any, looks: tuple[float, ...], rate: float, difference: float, trials: int
) -> str:
    others = weights[1:]
    inputs = SampleSizeInputs(
        expected_rate=rate,
        smallest_difference=difference,
        weights=weights,
        per_day=0,
        pairs=tuple((weight, weights[0]) for weight in others),
        comparisons=len(others),
        monitoring=monitoring,
    )
    people = needed_people(inputs)
    last, at_any = planned_power(
        people=people,
        weights=weights,
        rates=[rate, rate + difference, *[rate] * (len(others) - 1)],
        rules=Rules(monitoring=monitoring, planned_per_arm=mean_per_arm(people, weights), looks=looks),
        count=trials // 4 if monitoring == "group-sequential" else trials,
        seed=600,
    )
    shares = ":".join(map(str, weights))
    rates = f"{rate:.0%} to {rate + difference:.0%}"
    return f"| {shares} | {monitoring} | {rates} | {people:,} | {last.in_percent()} | {at_any.in_percent()} |"


def more_needed_section(trials: int) -> list[str]:
    """Simulate what follows a look: is the comparison told by the units that were named?"""
    now = [Counts(1_000, 350), Counts(1_000, 390)]
    plans = (
        (
            Rules(
                monitoring="group-sequential", planned_per_arm=4_000, looks=(0.25,), planned_looks=_LOOKS_BY_QUARTERS
            ),
            (2_000, 3_000, 4_000),
        ),
        (Rules(monitoring="always-valid", planned_per_arm=4_000), tuple(range(1_100, 6_200, 100))),
    )
    lines = [
        "",
        "### How many more",
        "",
        "350 against 390 of 1,000, 4,000 planned for each. The true rates are as likely as these counts make them. In",
        "what share of trials has it been told by the units that were named: the low end, the likely number, the high",
        "end? Half of them should lie between the ends. Named looks come in steps, and the last one may not tell.",
        "",
        "| looking | more per arm | by the low end | by the likely number | by the high end |",
        "|---|---|---|---|---|",
    ]
    for rules, sizes in plans:
        arms = [ArmCounts(key, counts) for key, counts in zip("ab", now, strict=True)]
        more = more_needed(compare(arms, [("b", "a")], rules), rules)["b", "a"]
        assert more.high is not None
        bounds = (more.low, more.likely, more.high)
        shares = shares_with_verdict(
            now=now, later_sizes=sizes, bounds=bounds, rules=rules, count=trials // 4, seed=700
        )
        numbers = f"{more.likely:,} ({more.low:,} to {more.high:,})"
        lines.append(f"| {rules.monitoring} | {numbers} | " + " | ".join(share.in_percent() for share in shares) + " |")
    return lines
