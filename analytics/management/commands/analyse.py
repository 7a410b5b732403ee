import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from analytics.comparison.compare import ArmCounts, Rules, all_pairs, compare
from analytics.comparison.factorial import factorial_contrasts
from analytics.comparison.grouped import ClusterDesign, NeitherDesign, find_cluster_design
from analytics.comparison.sensitivity import run_cross_checks
from analytics.csv_analysis import reader
from analytics.management import analyse_output

_MONITORING = ("fixed", "group-sequential", "always-valid")
_CORRECTIONS = ("holm", "bonferroni", "benjamini-hochberg", "dunnett", "none")


class Command(BaseCommand):
    help = "Compare the arms of any table with the columns arm, n, events, with the same methods as a campaign."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV: arm, n, events, and if wanted stratum, cluster, day")
        parser.add_argument("--control", required=True, help="the arm that the others are compared with")
        parser.add_argument("--weights", help="the planned split, in file order, such as 3,2,2,2; equal unless given")
        parser.add_argument("--margin", type=float, help="the smallest difference that would matter, as a share: 0.02")
        parser.add_argument("--level", type=float, default=0.95, help="the confidence level (0.95)")
        parser.add_argument("--lower-is-better", action="store_true", help="the outcome is a bad one")
        parser.add_argument("--correction", choices=_CORRECTIONS, default="holm", help="for several comparisons (holm)")
        parser.add_argument("--monitoring", choices=_MONITORING, default="fixed", help="how one may look (fixed)")
        parser.add_argument("--planned-per-arm", type=int, help="planned units per arm, for monitoring")
        parser.add_argument("--looks", help="group-sequential: shares of the plan at the looks so far: 0.25,0.5,0.75")
        parser.add_argument("--factorial", help="four arms as a 2 x 2: neither,first,second,both")
        parser.add_argument("--json", action="store_true", help="as JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        table, rules, arms, pairs = self._parse(options)
        look = compare(arms, pairs, rules)
        terms = None
        if options["factorial"]:
            by_key = {arm.key: arm for arm in arms}
            neither, first, second, both = (by_key[key] for key in options["factorial"].split(","))
            arms_by_frame = {"neutral": neither, "victim": first, "user": second, "both": both}
            terms = factorial_contrasts(**arms_by_frame, rules=rules, withheld=look.withheld)
        first_verdict_days = _first_verdict_days(table, options, rules, pairs) if "day" in table.columns else None
        cross_checks = None if look.withheld else run_cross_checks(arms, pairs, rules)
        analysis = analyse_output.TableAnalysis(look, rules, terms, first_verdict_days, cross_checks)
        if options["json"]:
            values = analyse_output.analysis_as_dict(analysis)
            self.stdout.write(json.dumps(values, ensure_ascii=False, indent=2))
        else:
            analyse_output.print_tables(analysis, Console(width=None if sys.stdout.isatty() else 118))

    def _parse(self, options: dict[str, Any]) -> tuple[reader.ArmTable, Rules, list[ArmCounts], list[tuple[str, str]]]:
        """Return the table, the rules, the arms and the pairs to compare. Raise CommandError on invalid options."""
        if options["margin"] is not None and not 0 < options["margin"] < 1:
            raise CommandError("--margin is a share between 0 and 1: 0.02 is 2 people in 100.")
        if not 0 < options["level"] < 1:
            raise CommandError("--level lies between 0 and 1.")
        if options["monitoring"] != "fixed" and not (options["planned_per_arm"] or 0) > 0:
            raise CommandError(f"{options['monitoring']} monitoring needs --planned-per-arm.")
        if (options["monitoring"] == "group-sequential") != bool(options["looks"]):
            raise CommandError("--looks goes with --monitoring group-sequential, and the other way round.")
        try:
            with options["file"].open(encoding="utf-8", newline="") as stream:
                table = reader.read_table(stream)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from None
        except reader.TableError as error:
            raise CommandError(f"{options['file']}: {error}") from None
        if {"stratum", "cluster"} <= table.columns:
            raise CommandError(f"{options['file']}: has strata and clusters; choose one of the two columns.")
        try:
            looks = tuple(reader.parse_positive_numbers(options["looks"], "--looks")) if options["looks"] else ()
            arms = _arms(table, options["weights"])
        except reader.TableError as error:
            raise CommandError(str(error)) from None
        if looks and (list(looks) != sorted(set(looks)) or looks[-1] > 1):
            raise CommandError("--looks must rise to at most 1, such as 0.25,0.5,0.75.")
        if options["factorial"] and "stratum" in table.columns:
            raise CommandError("--factorial takes no strata: leave out the column, or compare the arms in pairs.")
        if options["correction"] == "dunnett" and (
            options["monitoring"] != "fixed" or {"stratum", "cluster"} & table.columns
        ):
            raise CommandError("--correction dunnett is for one look at plain counts, without strata or clusters.")
        keys = list(table.arms)
        named_arms = [options["control"], *(options["factorial"].split(",") if options["factorial"] else [])]
        for key in named_arms:
            if key not in keys:
                raise CommandError(f"There is no arm “{key}”; the arms are {', '.join(keys)}.")
        if options["factorial"] and len(set(named_arms[1:])) != 4:
            raise CommandError("--factorial names four different arms: neither,first,second,both.")
        rules = Rules(
            level=options["level"],
            smallest_difference=options["margin"],
            lower_is_better=options["lower_is_better"],
            correction=options["correction"],
            monitoring=options["monitoring"],
            planned_per_arm=options["planned_per_arm"],
            looks=looks,
            stratified="stratum" in table.columns,
            clusters=_cluster_design(arms, options["file"]) if "cluster" in table.columns else None,
        )
        pairs = all_pairs(keys, options["control"])
        if options["correction"] == "dunnett":
            pairs = [pair for pair in pairs if pair[1] == options["control"]]
        return table, rules, arms, pairs


def _arms(table: reader.ArmTable, weights: str | None) -> list[ArmCounts]:
    shares: Sequence[float] = [1.0] * len(table.arms)
    if weights:
        shares = reader.parse_positive_numbers(weights, "--weights", count=len(table.arms))
    return [
        ArmCounts(
            arm,
            table.total(arm),
            weight,
            strata=table.strata(arm) if "stratum" in table.columns else {},
            clusters=table.clusters(arm) if "cluster" in table.columns else {},
        )
        for arm, weight in zip(table.arms, shares, strict=True)
    ]


def _cluster_design(arms: Sequence[ArmCounts], path: Path) -> ClusterDesign:
    try:
        return find_cluster_design([arm.clusters for arm in arms])
    except NeitherDesign as error:
        raise CommandError(f"{path}: {error}") from None


def _first_verdict_days(
    table: reader.ArmTable, options: dict[str, Any], rules: Rules, pairs: list[tuple[str, str]]
) -> dict[tuple[str, str], str] | None:
    """Return the day from which each pair's verdict of now was said; None unless always-valid monitoring allows it.

    Days that could not tell do not interrupt a verdict; another verdict does. A pair without a verdict now has no day.
    """
    if rules.monitoring != "always-valid":
        return None
    said: dict[tuple[str, str], tuple[str, str]] = {}
    verdicts_now: dict[tuple[str, str], str] = {}
    so_far: set[str] = set()
    for day in table.days():
        so_far.add(day)
        for row in compare(_arms(table.restrict_to_days(so_far), options["weights"]), pairs, rules).comparisons:
            pair = (row.treated, row.control)
            verdicts_now[pair] = row.verdict
            is_claim = row.verdict in ("better", "worse", "no-meaningful-difference")
            if is_claim and (pair not in said or said[pair][0] != row.verdict):
                said[pair] = (row.verdict, day)
    return {pair: day for pair, (verdict, day) in said.items() if verdict == verdicts_now[pair]}
