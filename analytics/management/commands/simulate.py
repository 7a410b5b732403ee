from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from itertools import chain
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from rich.console import Console

from analytics.comparison.inputs import Rules
from analytics.comparison.verdict import MIN_EVENTS
from analytics.management.simulated_plans import more_needed_section, planned_power_section
from analytics.management.simulated_sentences import sentences_section
from analytics.management.simulated_switchback import hours_section, period_harm_section, switchback_section
from analytics.management.simulated_text_harm import text_harm_section
from analytics.management.simulated_texts import texts_section
from analytics.management.simulated_use import use_section
from analytics.simulation_study import cluster_designs, coverage, error_rates, harm_stops, split_faults
from analytics.stats import proportions

PAGE = settings.BASE_DIR / "docs" / "simulation.md"
_RATES = ((0.5, 200), (0.05, 1_000), (0.005, 5_000), (0.0002, 50_000))
_RULES = (
    ("always-valid: any day, all pairs, Holm (the default)", error_rates.always_valid_rule, 1.0),
    ("group-sequential: five looks, all pairs, Holm", error_rates.group_sequential_rule, 0.3),
    ("fixed: one look at the end, all pairs, Holm", error_rates.fixed_rule, 1.0),
    ("elsewhere: chi-square against control every day, uncorrected", error_rates.uncorrected_chi_square_rule, 1.0),
    ("elsewhere: chance to win above 95%, any day", error_rates.chance_to_win_rule, 1.0),
)


def _methods() -> Iterator[tuple[str, str, error_rates.PairwiseMethod]]:
    """Yield each interval: its name, which true value it should contain for two arms of one rate, and its method."""

    def pairwise(estimate: Callable[..., Any], method: str) -> error_rates.PairwiseMethod:
        return lambda treated, control: estimate(treated=treated, control=control, method=method)

    yield "rate: wilson", "rate", lambda arm, _: proportions.rate(arm, method="wilson")
    yield "rate: jeffreys", "rate", lambda arm, _: proportions.rate(arm, method="jeffreys")
    yield "rate: clopper-pearson", "rate", lambda arm, _: proportions.rate(arm, method="clopper-pearson")
    for method in ("miettinen-nurminen", "newcombe", "agresti-caffo", "wald"):
        yield f"difference: {method}", "zero", pairwise(proportions.difference, method)
    for method in ("koopman", "katz"):
        yield f"ratio: {method}", "one", pairwise(proportions.ratio, method)
    for method in ("woolf", "score"):
        yield f"odds ratio: {method}", "one", pairwise(proportions.odds_ratio, method)


_SETTINGS = ((0.4, 100), (0.4, 2_000), (0.05, 500), (0.01, 2_000), (0.0002, 50_000))


# Harm in the control arm, what is allowed on top, people per arm and hour.
_ON_THE_MARGIN = (
    *((0.03, 0.01, 20), (0.03, 0.03, 20), (0.003, 0.01, 20), (0.003, 0.003, 20)),
    *((0.0002, 0.01, 20), (0.0002, 0.0002, 200)),
)
# The part of its people that one arm loses, people a day in all arms, and days.
_SPLIT_FAULTS = (
    *((0.01, 200_000, 28), (0.05, 20_000, 28), (0.05, 5_000, 28), (0.2, 1_000, 28), (0.2, 300, 28)),
    *((0.2, 100, 112), (0.5, 100, 112), (0.5, 20, 112)),
)
_BEYOND_THE_MARGIN = ((0.0, 0.3), (0.003, 0.1), (0.003, 0.3), (0.03, 0.08), (0.03, 0.13))


class Command(BaseCommand):
    help = "Show by simulation what the statistics promise: false calls, coverage, power. Seeded."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quick", action="store_true", help="a tenth of the trials")
        parser.add_argument("--write", action="store_true", help="write docs/simulation.md")

    def handle(self, *args: Any, **options: Any) -> None:
        trials = 200 if options["quick"] else 2_000
        page = StringIO()
        sections = (
            _false_claims(trials),
            _false_equivalence(trials * 2),
            _split_alarms(trials * 5),
            _harm_stops(trials * 5),
            text_harm_section(trials),
            _coverage(trials * 20),
            _other_intervals(trials * 2),
            _power(trials),
            planned_power_section(trials),
            more_needed_section(trials),
            sentences_section(trials),
            texts_section(trials),
            switchback_section(trials),
            hours_section(trials),
            period_harm_section(trials),
            use_section(trials),
        )
        for line in chain.from_iterable(sections):
            page.write(line + "\n")
            Console(soft_wrap=True).print(line, markup=False, highlight=False)
        if options["write"]:
            PAGE.write_text(_TITLE + page.getvalue(), encoding="utf-8")


_TITLE = """# Honest in simulation

Written by `python manage.py simulate --write`; every number has a seed. The figure after ± is its Monte Carlo standard
error.

"""


def _percent(share: error_rates.SimulatedShare, digits: int = 1) -> str:
    return share.in_percent(digits)


def _false_claims(trials: int) -> list[str]:
    """Simulate four arms of equal rates for 28 days: how often does a rule call any of them better or worse?"""
    lines = [
        "## False calls",
        "",
        "Four messages that truly work alike, 28 daily looks. In what share of trials is any of them ever called",
        "better or worse? The product's rules are to stay at or under 5%.",
        "",
        "| rule | " + " | ".join(f"rate {rate:g}" for rate, _ in _RATES) + " |",
        "|---|" + "---|" * len(_RATES),
    ]
    for name, rule, part in _RULES:
        cells = []
        for number, (rate, per_day) in enumerate(_RATES):
            data = error_rates.simulate_trials(
                rate, per_arm_a_day=per_day, count=round(trials * part), seed=100 + number
            )
            cells.append(_percent(error_rates.false_claim_rate(data, per_arm_a_day=per_day, rule=rule)))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return [
        *lines,
        "",
        "Looking often, and stopping at the first lead, finds winners where there are none. The default rule does not.",
        f"It rests on large samples, so until each arm has {MIN_EVENTS} people with and without the outcome, it uses",
        "an exact interval instead.",
        "",
    ]


def _false_equivalence(trials: int) -> list[str]:
    """Simulate three messages on the smallest difference: how often is one called not meaningfully different?"""
    lines = [
        "## False calls of no meaningful difference",
        "",
        "Three messages that differ from the control by exactly the smallest difference that matters: 45 against 40 of",
        "100, 5,600 people per arm in 28 days. How often is any of them ever called “no meaningful difference”? The",
        "product's rules are to stay at or under 5%.",
        "",
        "| plan | corrected by Holm, as planned | uncorrected |",
        "|---|---|---|",
    ]
    setting: dict[str, Any] = {"control": 0.4, "per_day": 200, "seed": 700}
    for name, rules, part in (
        ("fixed: one look at the end", Rules(smallest_difference=0.05), 1.0),
        (
            "group-sequential: five looks",
            Rules(smallest_difference=0.05, monitoring="group-sequential", planned_per_arm=5_600),
            0.25,
        ),
        (
            "always-valid: 28 looks",
            Rules(smallest_difference=0.05, monitoring="always-valid", planned_per_arm=5_600),
            0.25,
        ),
    ):
        shares = [
            error_rates.false_equivalence_rate(
                replace(rules, correction=correction), count=round(trials * part), **setting
            )
            for correction in ("holm", "none")
        ]
        lines.append(f"| {name} | " + " | ".join(map(_percent, shares)) + " |")
    return [*lines, ""]


def _split_alarms(trials: int) -> list[str]:
    """Simulate sound splits looked at daily: how often is one at caution or at alarm?"""
    lines = [
        "## False alarms about the split",
        "",
        "A split that is as planned, looked at on 28 days, 1,000 people a day. How often does it ever raise the alarm",
        "(at most 0.05% are promised) or at least a caution (at most 1%)?",
        "",
        "| test | arms | alarm | caution or alarm |",
        "|---|---|---|---|",
    ]
    for name, rules in (
        ("always-valid: what daily looks use, under every plan", Rules(watched_split=True)),
        ("chi-square, made for one look", Rules()),
    ):
        for arms in (2, 4):
            alarm, warning = error_rates.split_alarm_rates(rules, arms=arms, a_day=1_000, count=trials, seed=600 + arms)
            lines.append(f"| {name} | {arms} | {_percent(alarm, 2)} | {_percent(warning, 2)} |")
    lines += [
        "",
        "One of four messages loses a part of its people. On which day is the alarm raised, in daily looks? That of",
        f"half the campaigns, and of nine in ten; {trials // 50:,} campaigns. First as if no network could add views,",
        "then without those that one may have added, by the share that it has at one server and at two.",
        "",
        "| lost | people a day, in all | no network | one server | two servers |",
        "|---|---|---|---|---|",
    ]
    for number, (lost, a_day, days) in enumerate(_SPLIT_FAULTS):
        found = [
            split_faults.days_to_alarm(
                lost=lost, arms=4, a_day=a_day, days=days, servers=servers, count=trials // 50, seed=620 + number
            )
            for servers in (0, 1, 2)
        ]
        cells = [f"{_day(each.half, days)}; {_day(each.nine_tenths, days)}" for each in found]
        lines.append(f"| {lost:.0%} | {a_day:,} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _harm_stops(trials: int) -> list[str]:
    """Simulate the harm stop at the margin, where every stop is false, and beyond it."""
    lines = [
        "## The harm stop",
        "",
        "Three messages whose harm beside the control is exactly what the plan allows, looked at each hour of 28 days.",
        f"In what share of {trials:,} campaigns is any of them ever stopped? At most 5% are promised.",
        "",
        "| harm in the control | allowed | people per arm an hour | stopped |",
        "|---|---|---|---|",
    ]
    for number, (control, margin, per_hour) in enumerate(_ON_THE_MARGIN):
        share = harm_stops.false_stop_rate(
            control=control, margin=margin, per_hour=per_hour, count=trials, seed=800 + number
        )
        lines.append(f"| {control:.2%} | {margin:.2%} more | {per_hour:,} | {_percent(share, 2)} |")
    lines += [
        "",
        "A message that does more harm than 1 in 100 is stopped on which day? That of half the campaigns, and of nine",
        f"in ten; 100 people per arm a day, {trials // 20:,} campaigns. First by the bound itself; then as in a",
        "campaign: with small cells judged at their worst, and less what one network may count for, 2 views a day at",
        "each server.",
        "",
        "| harm in the control | with the message | the bound | one server | two servers |",
        "|---|---|---|---|---|",
    ]
    for number, (control, treated) in enumerate(_BEYOND_THE_MARGIN):
        cells = [
            harm_stops.days_to_stop(
                control=control,
                treated=treated,
                margin=0.01,
                per_day=100,
                views_a_day=views,
                smallest_cell=smallest,
                count=trials // 20,
                seed=820 + number,
            )
            for views, smallest in ((0, 0), (2, 10), (4, 10))
        ]
        days = [f"{_day(each.half, 28)}; {_day(each.nine_tenths, 28)}" for each in cells]
        lines.append(f"| {control:.1%} | {treated:.0%} | " + " | ".join(days) + " |")
    return [*lines, ""]


def _day(day: int | None, last: int) -> str:
    return f"not within {last}" if day is None else str(day)


def _coverage(trials: int) -> list[str]:
    lines = [
        "## Coverage",
        "",
        "How often does a 95% interval hold the truth? Two arms of the same rate.",
        "",
        "| method | " + " | ".join(f"rate {rate:g}, n {n:,}" for rate, n in _SETTINGS) + " |",
        "|---|" + "---|" * len(_SETTINGS),
    ]
    for name, parameter, method in _methods():
        cells = []
        for number, (rate, n) in enumerate(_SETTINGS):
            truth = {"rate": rate, "zero": 0.0, "one": 1.0}[parameter]
            arms: dict[str, Any] = {"rate": rate, "other": rate, "n": n}
            share = error_rates.interval_coverage(**arms, truth=truth, method=method, count=trials, seed=200 + number)
            cells.append(_percent(share))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    robust, naive = error_rates.clustered_coverage(spread=0.05, count=max(trials // 20, 100), seed=301)
    within = error_rates.stratified_coverage(count=max(trials // 20, 100), seed=302)
    sequence = error_rates.sequence_coverage(rate=0.4, per_day=200, count=max(trials // 40, 100), seed=300)
    return [
        *lines,
        "",
        "An interval that cannot be made claims nothing, and counts as holding. Wilson's and Jeffreys' intervals",
        "swing about their level as counts are whole; Clopper and Pearson's never falls below it. Wald's cannot be",
        "made where neither arm has an event, so it is never used for a verdict at one look; Katz's and Woolf's are",
        "wide where events are few.",
        "",
        f"Mantel-Haenszel over three strata held the truth in {_percent(within)} of trials. Where clusters share their",
        f"luck, CR2 held it in {_percent(robust)}, and the interval that takes their people for strangers in",
        f"{_percent(naive)}.",
        "",
        f"A confidence sequence held the truth at all 28 daily looks at once in {_percent(sequence)} of trials.",
        "",
    ]


def _other_intervals(trials: int) -> list[str]:
    """Simulate every other interval in demanding settings. Mark and explain deviations from the nominal level."""
    lines = [
        "## Every other interval",
        "",
        "How often does it hold the truth? 95% is meant. “!” marks what strays by more than four Monte Carlo errors",
        "and half a point.",
        "",
        "| interval | setting | holds | |",
        "|---|---|---|---|",
    ]
    deviations: dict[str, str] = {}
    for number, entry in enumerate(coverage.coverage_cases()):
        share = coverage.simulate_case(entry, count=trials, seed=500 + number)
        mark = ""
        if coverage.has_miscoverage(share):
            mark, deviations[entry.interval] = "!", coverage.miscoverage_reason(entry)
        lines.append(f"| {entry.interval} | {entry.setting} | {_percent(share)} | {mark} |")
    lines += ["", "Known deviations:", ""]
    lines += [f"- {interval}: {why}" for interval, why in deviations.items()] or ["- none."]
    return [*lines, ""]


def _power(trials: int) -> list[str]:
    plan = {"control": 0.40, "treated": 0.45, "per_arm": 2_100, "count": trials, "seed": 400}
    fixed = error_rates.simulated_power(**plan, rules=Rules())  # type: ignore[arg-type]
    valid = error_rates.simulated_power(**plan, rules=Rules(monitoring="always-valid", planned_per_arm=2_100))  # type: ignore[arg-type]
    looks = Rules(monitoring="group-sequential", planned_per_arm=2_100, looks=(0.2, 0.4, 0.6, 0.8, 1.0))
    group = error_rates.simulated_power(**(plan | {"count": max(trials // 4, 100)}), rules=looks)  # type: ignore[arg-type]
    main, pair = error_rates.factorial_standard_errors(per_arm=1_000)
    inside, plain = error_rates.stratified_standard_errors(per_cell=1_000)
    watched = cluster_designs.false_claims_of_daily_looks(
        sizes=(200, 40, 10), days=28, count=max(trials // 2, 100), seed=430
    )
    return [
        "## Power, and what looking early costs",
        "",
        "45 against 40 of 100, 2,100 people per arm, one comparison, read at the planned end. How often is it called",
        "better?",
        "",
        "| looking | called better |",
        "|---|---|",
        f"| once, at the end | {_percent(fixed)} |",
        f"| at five named points, this being the last | {_percent(group)} |",
        f"| whenever one likes | {_percent(valid)} |",
        "",
        "Freedom to look at any time is paid for with power: plan for more people, or name your looks.",
        "",
        "### The factorial and the strata against a plain pair",
        "",
        "How often does the interval exclude zero? The last row of each has no true effect: there it should, in 5%.",
        "",
        "| truth | this estimator | one plain pair |",
        "|---|---|---|",
        *_power_gains(trials),
        *_power_of_cells(trials),
        "",
        "A main effect of the 2 x 2 factorial uses all four arms: its standard error is "
        f"{main / pair:.2f} of a plain pair's.",
        f"Comparing within two very different placements: {inside / plain:.2f} of the plain standard error.",
        "",
        "Clusters by placement and day saw every message. Taken for clusters of one message each, nearly nothing is",
        "found. Watched daily for 28 days, at three placements of 200, 40 and 10 people an arm and day, two equal",
        f"messages were ever called different in {_percent(watched)} of trials.",
    ]


def _power_of_cells(trials: int) -> list[str]:
    designs = (
        ("28 placement-days that differ about 50%, 136 per arm in each", cluster_designs.EQUAL, None, 0.04),
        ("placements of 5% and 60% on 14 days, 60 per arm in each", (60,) * 28, [0.05, 0.6] * 14, 0.025),
        ("28 placement-days that differ about 50%, 136 per arm in each", cluster_designs.EQUAL, None, 0.0),
    )
    rows = []
    for number, (setting, sizes, rates, gain) in enumerate(designs):
        crossed, nested = cluster_designs.power_by_design(sizes, rates, gain=gain, count=trials, seed=420 + number)
        rows.append(f"| clusters: {setting}, {gain:.1%} more | {_percent(crossed)} | as nested: {_percent(nested)} |")
    return rows


def _power_gains(trials: int) -> list[str]:
    rows = []
    for gain in (0.06, 0.03, 0.0):
        gained, plain = coverage.factorial_power(per_arm=1_000, gain=gain, count=trials, seed=410)
        rows.append(
            f"| factorial: 1,000 per arm, 40%, one harm adds {gain:.0%}, no interaction | {_percent(gained)} "
            f"| {_percent(plain)} |"
        )
    for gain in (0.03, 0.02, 0.0):
        gained, plain = coverage.stratified_power(per_cell=2_000, gain=gain, count=trials, seed=411)
        rows.append(
            f"| strata: placements of 5% and 60%, 2,000 per arm in each, {gain:.0%} more | {_percent(gained)} "
            f"| {_percent(plain)} |"
        )
    return rows
