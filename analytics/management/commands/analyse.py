import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from analytics import table, words
from analytics.comparison import ArmCounts, Compared, Comparison, Rules, all_pairs, compare
from analytics.stats import Estimate, NotEstimable


class Command(BaseCommand):
    help = "Compare the arms of any table with the columns arm, n, events, with the same methods as a campaign."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a CSV file with the columns arm, n, events")
        parser.add_argument("--control", required=True, help="the arm that the others are compared with")
        parser.add_argument("--weights", help="the planned split, in file order, such as 3,2,2,2; equal unless given")
        parser.add_argument("--margin", type=float, help="the smallest difference that would matter, as a share: 0.02")
        parser.add_argument("--level", type=float, default=0.95, help="the confidence level (0.95)")
        parser.add_argument("--json", action="store_true", help="as JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = options["file"].read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from None
        if options["margin"] is not None and not 0 < options["margin"] < 1:
            raise CommandError("--margin is a share between 0 and 1: 0.02 is 2 people in 100.")
        if not 0 < options["level"] < 1:
            raise CommandError("--level lies between 0 and 1.")
        try:
            rows = table.read(text)
            split = table.weights(options["weights"], len(rows)) if options["weights"] else [1.0] * len(rows)
        except table.TableWrong as error:
            raise CommandError(f"{options['file']}: {error}") from None
        keys = [name for name, _ in rows]
        control = options["control"]
        if control not in keys:
            raise CommandError(f"There is no arm “{control}”; the arms are {', '.join(keys)}.")
        arms = [ArmCounts(name, counts, weight) for (name, counts), weight in zip(rows, split, strict=True)]
        look = compare(
            arms,
            all_pairs(keys, control),
            Rules(level=options["level"], smallest_difference=options["margin"]),
        )
        if options["json"]:
            self.stdout.write(json.dumps(as_dict(look, options["margin"]), ensure_ascii=False, indent=2))
        else:
            _print(look, options["margin"])


def as_dict(look: Comparison, margin: float | None) -> dict[str, Any]:
    """The documented contract of `analyse --json`; a number that cannot be estimated is null."""
    return {
        "arms": [
            {
                "arm": arm.key,
                "n": arm.counts.n,
                "events": arm.counts.events,
                "rate": rate.effect if isinstance(rate, Estimate) else None,
                "interval": _interval(rate),
            }
            for arm, rate in zip(look.arms, look.rates, strict=True)
        ],
        "omnibus": {
            "statistic": None if isinstance(look.omnibus, NotEstimable) else look.omnibus.statistic,
            "df": None if isinstance(look.omnibus, NotEstimable) else look.omnibus.df,
            "p_value": None if isinstance(look.omnibus, NotEstimable) else look.omnibus.p_value,
        },
        "sample_ratio": {
            "p_value": None if isinstance(look.sample_ratio, NotEstimable) else look.sample_ratio.p_value,
            "status": "ok" if isinstance(look.sample_ratio, NotEstimable) else look.sample_ratio.status,
        },
        "comparisons": [
            {
                "treated": compared.treated,
                "control": compared.control,
                "effect": compared.estimate.effect if isinstance(compared.estimate, Estimate) else None,
                "interval": _interval(compared.estimate),
                "p_value": compared.estimate.p_value if isinstance(compared.estimate, Estimate) else None,
                "p_adjusted": compared.p_adjusted,
                "verdict": compared.verdict,
                "sentence": sentence(look, compared, margin),
            }
            for compared in look.comparisons
        ],
    }


def _interval(estimate: Estimate | NotEstimable) -> dict[str, float] | None:
    if isinstance(estimate, NotEstimable):
        return None
    return {"low": estimate.interval.low, "high": estimate.interval.high, "level": estimate.interval.level}


def sentence(look: Comparison, compared: Compared, margin: float | None) -> str:
    """The comparison in one sentence, as the results page says it."""
    treated, control = words.arm_phrase(compared.treated), words.arm_phrase(compared.control)
    rates = {arm.key: rate for arm, rate in zip(look.arms, look.rates, strict=True)}
    rate = rates[compared.treated]
    if isinstance(compared.estimate, NotEstimable):
        return f"The comparison of {treated} with {control} cannot be made: {compared.estimate.reason}"
    assert isinstance(rate, Estimate)  # an estimable difference has two estimable rates
    said = words.Said(
        treated=treated,
        control=control,
        phrase="had the outcome",
        higher_is_better=True,
        treated_rate=rate.effect,
        effect=compared.estimate.effect,
        low=compared.estimate.interval.low,
        high=compared.estimate.interval.high,
        verdict=compared.verdict,
        smallest_difference=margin,
        more_per_arm=compared.more_per_arm,
        who="in",
    )
    return words.comparison_sentence(
        said, words.scale_for([r.effect for r in rates.values() if isinstance(r, Estimate)])
    )


def _print(look: Comparison, margin: float | None) -> None:
    console = Console(width=None if sys.stdout.isatty() else 118)
    arms = Table("arm", "n", "events", "rate", "interval", title="Rates", title_justify="left")
    for arm, rate in zip(look.arms, look.rates, strict=True):
        arms.add_row(
            arm.key,
            f"{arm.counts.n:,}",
            f"{arm.counts.events:,}",
            f"{rate.effect:.2%}" if isinstance(rate, Estimate) else "–",
            f"{rate.interval.low:.2%} to {rate.interval.high:.2%}" if isinstance(rate, Estimate) else "–",
        )
    console.print(arms)
    differences = Table(
        "comparison", "difference", "interval", "p", "p (Holm)", "verdict", title="Differences", title_justify="left"
    )
    for compared in look.comparisons:
        name = f"{compared.treated} − {compared.control}"
        if isinstance(compared.estimate, NotEstimable) or compared.p_adjusted is None:
            differences.add_row(name, "–", "–", "–", "–", words.VERDICT_NAMES[compared.verdict])
            continue
        e = compared.estimate
        differences.add_row(
            name,
            f"{e.effect:+.2%}",
            f"{e.interval.low:+.2%} to {e.interval.high:+.2%}",
            "–" if e.p_value is None else words.p_value(e.p_value),
            words.p_value(compared.p_adjusted),
            words.VERDICT_NAMES[compared.verdict],
        )
    console.print(differences)
    for compared in look.comparisons:
        console.print(f"  {sentence(look, compared, margin)}")
    if not isinstance(look.omnibus, NotEstimable):
        test = look.omnibus
        console.print(f"All arms at once: chi-square {test.statistic:.3f}, df {test.df}, p {test.p_value:.4f}")
    if not isinstance(look.sample_ratio, NotEstimable):
        console.print(f"Sample ratio: {look.sample_ratio.status}, p {look.sample_ratio.p_value:.4g}")
