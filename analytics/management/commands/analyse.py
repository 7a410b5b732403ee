import json
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analytics.bundle_check.archive import UnreadableBundle, open_bundle
from analytics.bundle_check.check import check_bundle
from analytics.comparison.compare import all_pairs, compare
from analytics.comparison.factorial import factorial_contrasts
from analytics.comparison.grouped import ClusterDesign, NeitherDesign, find_cluster_design
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.sensitivity import run_cross_checks
from analytics.comparison.verdict import CANNOT_TELL, WITHHELD
from analytics.csv_analysis.arm_table import ArmTable
from analytics.csv_analysis.reader import read_table
from analytics.management import analyse_output, bundle_output
from analytics.management.analyse_texts import UnusableTexts, answer_for_kinds
from analytics.management.terminal import terminal
from messages.tables.errors import UnreadableFile
from messages.tables.names import look_of
from messages.text.printable import printable

_MONITORING = ("fixed", "group-sequential", "always-valid")
_CORRECTIONS = ("holm", "bonferroni", "benjamini-hochberg", "dunnett", "none")


class Command(BaseCommand):
    help = "Compare the arms of a table with the columns arm, n and events, using the same methods as for a campaign."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            nargs="?",
            help="CSV file with arm, n and events; optional: stratum, cluster, day, text or set",
        )
        parser.add_argument("--control", help="the arm to compare the others with")
        parser.add_argument("--bundle", type=Path, metavar="FILE", help="check a bundle instead of comparing a table")
        parser.add_argument("--signed-by", metavar="FINGERPRINT", help="the fingerprint that the bundle should have")
        parser.add_argument("--weights", help="the planned split, in file order, such as 3,2,2,2; equal unless given")
        parser.add_argument("--margin", type=float, help="the smallest difference that would matter, as a share: 0.02")
        parser.add_argument("--level", type=float, default=0.95, help="the confidence level (0.95)")
        direction = parser.add_mutually_exclusive_group()
        direction.add_argument("--lower-is-better", action="store_true", help="fewer events are better")
        direction.add_argument("--neither-is-better", action="store_true", help="neither direction is better")
        parser.add_argument(
            "--correction", choices=_CORRECTIONS, default="holm", help="correction for several comparisons (holm)"
        )
        parser.add_argument(
            "--monitoring", choices=_MONITORING, default="fixed", help="when you look at the data (fixed)"
        )
        parser.add_argument("--planned-per-arm", type=int, help="planned units per arm, for monitoring")
        parser.add_argument("--looks", help="group-sequential: shares of the plan at the looks so far: 0.25,0.5,0.75")
        parser.add_argument("--factorial", help="four arms as a 2 x 2: neither,first,second,both")
        parser.add_argument("--json", action="store_true", help="print JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["bundle"]:
            self._check_bundle(options["bundle"], options["signed_by"], as_json=options["json"])
            return
        if options["file"] is None or options["control"] is None:
            raise CommandError("Give a CSV file and --control, or a bundle with --bundle.")
        table, rules, arms, pairs = self._parse(options)
        look = compare(arms, pairs, rules)
        terms = None
        if options["factorial"]:
            by_key = {arm.key: arm for arm in arms}
            neither, first, second, both = (by_key[key] for key in options["factorial"])
            arms_by_frame = {"neutral": neither, "victim": first, "user": second, "both": both}
            terms = factorial_contrasts(**arms_by_frame, rules=rules, withheld=look.withheld)
        first_verdict_days = _first_verdict_days(table, arms, rules, pairs) if "day" in table.columns else None
        try:
            texts = answer_for_kinds(table, look, rules, options["factorial"])
        except UnusableTexts as error:
            raise CommandError(printable(f"{options['file']}: {error}")) from None
        cross_checks = None if look.withheld else run_cross_checks(arms, pairs, rules)
        analysis = analyse_output.TableAnalysis(
            look, rules, terms, first_verdict_days, cross_checks, table.notes, texts
        )
        if options["json"]:
            values = analyse_output.analysis_as_dict(analysis)
            self.stdout.write(json.dumps(values, ensure_ascii=False, indent=2))
        else:
            analyse_output.print_tables(analysis, terminal())

    def _check_bundle(self, path: Path, fingerprint: str | None, *, as_json: bool) -> None:
        """Say in one line whether a bundle holds, after what cannot be worked out from it; fail if it does not."""
        try:
            report = check_bundle(open_bundle(path.read_bytes()))
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except UnreadableBundle as reason:
            raise CommandError(printable(f"The check failed. {reason}")) from None
        verdict = bundle_output.verdict(report, expected_fingerprint=fingerprint)
        if as_json:
            self.stdout.write(json.dumps(bundle_output.as_dict(report), ensure_ascii=False, indent=2))
        else:
            for line in bundle_output.details(report):
                self.stdout.write(printable(line))
        if not verdict.holds:
            raise CommandError(printable(verdict.sentence))
        if not as_json:
            self.stdout.write(printable(verdict.sentence))

    def _parse(self, options: dict[str, Any]) -> tuple[ArmTable, Rules, list[ArmCounts], list[tuple[str, str]]]:
        """Return the table, the rules, the arms and the pairs to compare. Raise CommandError on invalid options."""
        if options["margin"] is not None and not 0 < options["margin"] < 1:
            raise CommandError("--margin must be a share between 0 and 1, such as 0.02 for 2 people in 100.")
        if not 0 < options["level"] < 1:
            raise CommandError("--level must be between 0 and 1.")
        if options["monitoring"] != "fixed" and not (options["planned_per_arm"] or 0) > 0:
            raise CommandError(f"{options['monitoring']} monitoring needs --planned-per-arm.")
        if (options["monitoring"] == "group-sequential") != bool(options["looks"]):
            raise CommandError("--looks and --monitoring group-sequential must be used together.")
        table = self._read(options["file"])
        if {"stratum", "cluster"} <= table.columns:
            raise CommandError(f"{options['file']}: has both strata and clusters. Keep only one of the two columns.")
        looks = _numbers(options["looks"], "--looks") if options["looks"] else ()
        if looks and (list(looks) != sorted(set(looks)) or looks[-1] > 1):
            raise CommandError("--looks must rise to at most 1, such as 0.25,0.5,0.75.")
        if options["factorial"] and "stratum" in table.columns:
            raise CommandError(
                "--factorial cannot be used with strata. Remove the column, or compare the arms in pairs."
            )
        if options["correction"] == "dunnett" and (
            options["monitoring"] != "fixed" or {"stratum", "cluster"} & table.columns
        ):
            raise CommandError("--correction dunnett needs a single look at plain counts, without strata or clusters.")
        shares = _shares(table, options["weights"])
        table = _without_zero_weights(table, shares)
        arms = _arms(table, shares)
        control = _find_arm(table, options["control"])
        options["factorial"] = (
            [_find_arm(table, name) for name in options["factorial"].split(",")] if options["factorial"] else []
        )
        if options["factorial"] and len(set(options["factorial"])) != 4:
            raise CommandError("--factorial needs four different arms: neither,first,second,both.")
        rules = Rules(
            level=options["level"],
            smallest_difference=options["margin"],
            better="lower" if options["lower_is_better"] else "none" if options["neither_is_better"] else "higher",
            correction=options["correction"],
            monitoring=options["monitoring"],
            planned_per_arm=options["planned_per_arm"],
            looks=looks,
            stratified="stratum" in table.columns,
            clusters=_cluster_design(arms, options["file"]) if "cluster" in table.columns else None,
        )
        pairs = all_pairs(table.arms, control)
        if options["correction"] == "dunnett":
            pairs = [pair for pair in pairs if pair[1] == control]
        return table, rules, arms, pairs

    def _read(self, path: Path) -> ArmTable:
        try:
            with path.open("rb") as stream:
                return read_table(stream)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except UnreadableFile as error:
            raise CommandError(printable(f"{path}: {error}")) from None


def _numbers(text: str, option: str, *, lowest: float = 1e-9) -> tuple[float, ...]:
    """Parse numbers such as "3,2,2,2"."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise CommandError(f"{option}: “{text}” is not a list of numbers such as 3,2,2,2.") from None
    if not all(lowest <= value < 1e9 for value in values):
        raise CommandError(f"{option}: every number must be {'zero or more' if lowest == 0 else 'above zero'}.")
    return values


def _shares(table: ArmTable, weights: str | None) -> dict[str, float]:
    """Each arm's share of the planned split; those whose share is zero are left out of the comparison."""
    values = _numbers(weights, "--weights", lowest=0) if weights else (1.0,) * len(table.arms)
    if len(values) != len(table.arms):
        raise CommandError(f"--weights: {len(values)} numbers for {len(table.arms)} arms, {', '.join(table.arms)}.")
    return dict(zip(table.arms, values, strict=True))


def _without_zero_weights(table: ArmTable, shares: Mapping[str, float]) -> ArmTable:
    left_out = [arm for arm, share in shares.items() if not share]
    if len(table.arms) - len(left_out) < 2:
        raise CommandError("--weights: fewer than two arms have a weight above zero.")
    notes = [f"“{arm}” has weight 0 and is left out." for arm in left_out]
    return replace(table.without_arms(left_out), notes=(*table.notes, *notes)) if left_out else table


def _find_arm(table: ArmTable, name: str) -> str:
    """The arm with this name, however its accents and blanks are written."""
    looks = {look_of(arm): arm for arm in table.arms}
    if look_of(name.strip()) not in looks:
        raise CommandError(printable(f"There is no arm “{name}”; the arms are {', '.join(table.arms)}."))
    return looks[look_of(name.strip())]


def _arms(table: ArmTable, shares: Mapping[str, float]) -> list[ArmCounts]:
    return [
        ArmCounts(
            arm,
            table.total(arm),
            shares[arm],
            strata=table.strata(arm) if "stratum" in table.columns else {},
            clusters=table.clusters(arm) if "cluster" in table.columns else {},
            cells=table.cells(arm) if "day" in table.columns and "cluster" not in table.columns else {},
        )
        for arm in table.arms
    ]


def _cluster_design(arms: Sequence[ArmCounts], path: Path) -> ClusterDesign:
    try:
        return find_cluster_design([arm.clusters for arm in arms])
    except NeitherDesign as error:
        raise CommandError(printable(f"{path}: {error}")) from None


def _first_verdict_days(
    table: ArmTable, arms: Sequence[ArmCounts], rules: Rules, pairs: list[tuple[str, str]]
) -> dict[tuple[str, str], str] | None:
    """Return the day from which each pair's verdict of now was said; None unless always-valid monitoring allows it.

    Days that could not tell do not interrupt a verdict; another verdict does. A pair without a verdict now has no day.
    """
    if rules.monitoring != "always-valid":
        return None
    shares = {arm.key: arm.weight for arm in arms}
    said: dict[tuple[str, str], tuple[str, str]] = {}
    verdicts_now: dict[tuple[str, str], str] = {}
    so_far: set[str] = set()
    for day in table.days():
        so_far.add(day)
        for row in compare(_arms(table.restrict_to_days(so_far), shares), pairs, rules).comparisons:
            pair = (row.treated, row.control)
            verdicts_now[pair] = row.verdict
            is_claim = row.verdict not in (CANNOT_TELL, WITHHELD)
            if is_claim and (pair not in said or said[pair][0] != row.verdict):
                said[pair] = (row.verdict, day)
    return {pair: day for pair, (verdict, day) in said.items() if verdict == verdicts_now[pair]}
