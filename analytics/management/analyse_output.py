"""Show a comparison as `manage.py analyse` does: as documented JSON and as tables. See docs/analyse.md."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from rich.console import Console

from analytics import wording
from analytics.comparison.compare import Comparison, PairComparison
from analytics.comparison.factorial import FactorialContrast
from analytics.comparison.grouped import count_clusters
from analytics.comparison.inputs import Rules
from analytics.comparison.more_needed import MoreUnits, more_needed
from analytics.comparison.relative_effects import Range
from analytics.comparison.sensitivity import CrossChecks
from analytics.management.analyse_fields import interval_as_dict, numbers_as_dict, sentence_fields
from analytics.management.analyse_texts import NOT_YET, TERMS, TableTexts, kind_sentence, texts_as_dict
from analytics.management.terminal import TextTable, as_text
from analytics.stats import Estimate, NotEstimable

VERSION = 1


class TableAnalysis(NamedTuple):
    """The comparison of a table, its rules, and what was asked for beside it."""

    look: Comparison
    rules: Rules
    terms: Sequence[FactorialContrast] | None
    first_verdict_days: Mapping[tuple[str, str], str] | None
    cross_checks: CrossChecks | None
    notes: Sequence[str] = ()
    texts: TableTexts | None = None


def analysis_as_dict(analysis: TableAnalysis) -> dict[str, Any]:
    """Build the JSON of `analyse --json`; a number that cannot be estimated is null."""
    look, rules, terms, first_verdict_days, cross_checks, notes, texts = analysis
    more = more_needed(look, rules)
    document: dict[str, Any] = {
        "version": VERSION,
        "rules": {
            "level": rules.level,
            "margin": rules.smallest_difference,
            "better": rules.better,
            "correction": rules.correction,
            "monitoring": rules.monitoring,
            "planned_per_arm": rules.planned_per_arm,
            "looks": list(rules.looks),
            "estimator": "clustered" if rules.clusters else "stratified" if rules.stratified else "plain",
            "clusters": rules.clusters,
        },
        "arms": [
            {
                "arm": arm.key,
                "n": arm.counts.n,
                "events": arm.counts.events,
                "rate": rate.effect if isinstance(rate, Estimate) else None,
                "interval": interval_as_dict(rate),
            }
            for arm, rate in zip(look.arms, look.rates, strict=True)
        ],
        "omnibus": {name: getattr(look.omnibus, name, None) for name in ("statistic", "df", "p_value", "method")},
        "sample_ratio": {
            "p_value": getattr(look.sample_ratio, "p_value", None),
            "method": getattr(look.sample_ratio, "method", None),
            "status": getattr(look.sample_ratio, "status", "ok"),
        },
        "comparisons": [
            {
                "treated": compared.treated,
                "control": compared.control,
                **numbers_as_dict(compared.estimate),
                "p_adjusted": compared.p_adjusted,
                "verdict": compared.verdict,
                "sentence": pair_sentence(look, compared, rules, more),
                **_more_per_arm(more.get((compared.treated, compared.control))),
                "held": compared.hold_reason or None,
            }
            for compared in look.comparisons
        ],
    }
    if notes:
        document["notes"] = list(notes)
    if texts is not None:
        document["kinds"] = texts_as_dict(texts, look, rules)
    if first_verdict_days is not None:
        for row in document["comparisons"]:
            row["first_said"] = first_verdict_days.get((row["treated"], row["control"]))
    if cross_checks is not None:
        document["checks"] = asdict(cross_checks)
    if terms is not None:
        document["factorial"] = [
            {
                "term": TERMS[term.name],
                **numbers_as_dict(term.estimate),
                "p_adjusted": term.p_adjusted,
                "verdict": term.verdict,
                "held": term.hold_reason or None,
            }
            for term in terms
        ]
    return document


def _more_per_arm(more: MoreUnits | None) -> dict[str, Any]:
    return {"more_per_arm": more and more.likely, "more_per_arm_range": more and [more.low, more.high]}


def pair_sentence(
    look: Comparison, compared: PairComparison, rules: Rules, more: Mapping[tuple[str, str], MoreUnits]
) -> str:
    """Describe a comparison in one sentence, as the results page does."""
    treated, control = wording.arm_phrase(compared.treated), wording.arm_phrase(compared.control)
    if look.withheld:
        return f"The comparison of {treated} with {control} is withheld because the sample ratio is at alarm."
    numbers = comparison_numbers(look, compared, rules, more)
    if numbers is None:
        reason = compared.estimate.reason if isinstance(compared.estimate, NotEstimable) else "An arm is empty."
        return f"The comparison of {treated} with {control} cannot be made: {reason}"
    estimated = [rate.effect for rate in look.rates if isinstance(rate, Estimate)]
    return wording.comparison_sentence(numbers, wording.choose_scale(estimated))


def comparison_numbers(
    look: Comparison, compared: PairComparison, rules: Rules, more: Mapping[tuple[str, str], MoreUnits]
) -> wording.ComparisonNumbers | None:
    """The numbers that the sentence of a comparison is chosen by; None where it cannot be estimated."""
    rates = {arm.key: rate for arm, rate in zip(look.arms, look.rates, strict=True)}
    rate, control_rate = rates[compared.treated], rates[compared.control]
    if (
        isinstance(compared.estimate, NotEstimable)
        or isinstance(rate, NotEstimable)
        or isinstance(control_rate, NotEstimable)
    ):
        return None
    found = more.get((compared.treated, compared.control))
    return wording.ComparisonNumbers(
        treated=wording.arm_phrase(compared.treated),
        control=wording.arm_phrase(compared.control),
        treated_rate=rate.effect,
        control_rate=control_rate.effect,
        **sentence_fields(compared, compared.estimate, rules),
        more=wording.people_range(found.likely, found.low, found.high, arms=sum(arm.weight > 0 for arm in look.arms))
        if found
        else None,
        population="in",
        groups="strata" if rules.stratified else "",
    )


def print_tables(analysis: TableAnalysis, console: Console) -> None:
    """Print tables of rates and differences, a sentence for each comparison, then the overall tests."""
    look, rules, terms, first_verdict_days, cross_checks, notes, texts = analysis
    more = more_needed(look, rules)
    for note in notes:
        console.print(as_text(note))
    arms = TextTable("Rates", ["arm", "n", "events", "rate", "interval"])
    for arm, rate in zip(look.arms, look.rates, strict=True):
        arms.add(
            arm.key,
            f"{arm.counts.n:,}",
            f"{arm.counts.events:,}",
            _percent(rate.effect) if isinstance(rate, Estimate) else "–",
            _percent_range(rate.interval.low, rate.interval.high) if isinstance(rate, Estimate) else "–",
        )
    console.print(arms)
    if note := _groups_note(look, rules):
        console.print(as_text(note))
    columns = ["comparison", "difference", "interval", "p", f"p ({rules.correction})", "verdict"]
    differences = TextTable(
        "Differences", [*columns, *(["first said on day"] if first_verdict_days is not None else [])]
    )
    for row in look.comparisons:
        day = [first_verdict_days.get((row.treated, row.control), "–")] if first_verdict_days is not None else []
        differences.add(*_cells(f"{row.treated} − {row.control}", row.estimate, row.p_adjusted, row.verdict), *day)
    console.print(differences)
    for row in look.comparisons:
        console.print(as_text(f"  {pair_sentence(look, row, rules, more)}"))
    if texts is not None:
        _print_kinds(texts, look, rules, console)
    if terms is not None:
        factorial = TextTable("As a 2 x 2 factorial", columns)
        for term in terms:
            factorial.add(*_cells(TERMS[term.name], term.estimate, term.p_adjusted, term.verdict))
        console.print(factorial)
    if cross_checks is not None:
        _print_checks(cross_checks, console)
    if not isinstance(look.omnibus, NotEstimable):
        test = look.omnibus
        told = wording.omnibus_sentence(test.statistic, test.df, test.p_value, method=test.method)
        console.print(as_text(f"All arms at once: {told}"))
    if not isinstance(look.sample_ratio, NotEstimable):
        split = look.sample_ratio
        console.print(as_text(f"Sample ratio: {split.status}, p {wording.p_value(split.p_value, 4)} ({split.method})"))


def _print_kinds(texts: TableTexts, look: Comparison, rules: Rules, console: Console) -> None:
    """Print what holds for texts of a kind."""
    if not texts.kinds:
        console.print(as_text(NOT_YET))
        return
    columns = ["comparison", "difference", "interval", "p", "p (corrected)", "verdict"]
    title = "For texts of this kind, within matched sets" if texts.design == "matched" else "For texts of this kind"
    table = TextTable(title, columns)
    for row in (*texts.kinds, *texts.contrasts):
        name = f"{row.treated} − {row.control}" if row.control else TERMS[row.treated]
        table.add(*_cells(name, row.estimate, row.p_adjusted, row.verdict))
    console.print(table)
    for row in texts.kinds:
        console.print(as_text(f"  {row.treated} − {row.control}: {kind_sentence(row, look, rules)}"))


def _groups_note(look: Comparison, rules: Rules) -> str:
    """Say how strata or clusters were taken; empty without either."""
    if rules.clusters:
        count = count_clusters([arm.clusters for arm in look.arms])
        if rules.clusters == "nested":
            return (
                f"{count:,} clusters, each in one arm (nested). They were assigned as a whole and are "
                "compared as a whole."
            )
        return (
            f"{count:,} clusters that saw every arm (crossed). Arms are compared within them. A name that appears in "
            "several arms counts as one cluster."
        )
    if rules.stratified:
        return "Rates cover each arm as a whole. Differences are calculated within strata, so the two may not match."
    return ""


def _print_checks(checks: CrossChecks, console: Console) -> None:
    pairs = TextTable(
        "Cross-checks, each as for a single look (they do not decide the verdict)",
        ["comparison", "Fisher’s exact p", "how little would change it", "without one stratum"],
    )
    for pair in checks.pairs:
        pairs.add(
            f"{pair.treated} − {pair.control}",
            "–" if pair.exact_p is None else wording.p_value(pair.exact_p),
            "–"
            if pair.was_significant is None
            else wording.tipping_sentence(pair.tips_at, was_significant=pair.was_significant),
            _percent_range(pair.lowest.effect, pair.highest.effect, signed=True)
            if pair.lowest and pair.highest
            else "–",
        )
    if any(pair.exact_p is not None or pair.lowest is not None for pair in checks.pairs):
        console.print(pairs)
    _print_relative_effects(checks, console)
    if checks.arms:
        best = ", ".join(f"{arm.arm} {wording.chance_text(arm.best)}" for arm in checks.arms)
        console.print(as_text(f"Chance of being the best (flat priors; not a rule for stopping): {best}"))


def _print_relative_effects(checks: CrossChecks, console: Console) -> None:
    """Print ratios and lifts, and where there are any, whether strata agree and the size after an early stop."""
    stopping = any(pair.after_stopping for pair in checks.pairs)
    strata = any(pair.homogeneity for pair in checks.pairs)
    days = any(pair.odds_within_days for pair in checks.pairs)
    weekdays = any(pair.odds_within_weekdays for pair in checks.pairs)
    margin = any(pair.not_worse_p is not None for pair in checks.pairs)
    table = TextTable(
        "Relative effects, each as for a single look",
        [
            *("comparison", "ratio", "lift"),
            *(["do strata differ? p"] if strata else []),
            *(["difference if it ends here"] if stopping else []),
            *(["odds ratio within days"] if days else []),
            *(["within weekdays"] if weekdays else []),
            *(["not worse by the margin: p"] if margin else []),
        ],
    )
    for pair in checks.pairs:
        table.add(
            f"{pair.treated} − {pair.control}",
            _range(pair.ratio, wording.RATIO),
            _range(pair.lift, wording.LIFT),
            *([wording.p_value(pair.homogeneity.p_value) if pair.homogeneity else "–"] if strata else []),
            *([_range(pair.after_stopping, wording.DIFFERENCE_IN_PERCENT)] if stopping else []),
            *([_range(pair.odds_within_days, wording.RATIO)] if days else []),
            *([_range(pair.odds_within_weekdays, wording.RATIO)] if weekdays else []),
            *(["–" if pair.not_worse_p is None else wording.p_value(pair.not_worse_p)] if margin else []),
        )
    console.print(table)


def _range(found: Range | None, written: wording.EffectFormat) -> str:
    return "–" if found is None else written.text(found.effect, found.low, found.high)


def _percent(share: float, *, decimals: int = 2, signed: bool = False) -> str:
    """Format a share, with more decimals where it would be rounded to none or all."""
    value = 100 * share
    needed = wording.decimals_needed([value], least=decimals, bounds=[0.0, 100.0])
    return f"{wording.signed_number(value, needed) if signed else wording.number(value, needed)}%"


def _percent_range(low: float, high: float, *, signed: bool = False) -> str:
    """Format the ends of an interval, with more decimals where they would coincide or be rounded to none or all."""
    needed = wording.decimals_needed([100 * low, 100 * high], least=2, bounds=[0.0, 100.0])
    return " to ".join(_percent(end, decimals=needed, signed=signed) for end in (low, high))


def _cells(name: str, estimate: Estimate | NotEstimable, p_adjusted: float | None, verdict: str) -> list[str]:
    if isinstance(estimate, NotEstimable) or p_adjusted is None:
        return [name, "–", "–", "–", "–", wording.verdict_name(verdict)]
    return [
        name,
        _percent(estimate.effect, signed=True),
        _percent_range(estimate.interval.low, estimate.interval.high, signed=True),
        "–" if estimate.p_value is None else wording.p_value(estimate.p_value),
        wording.p_value(p_adjusted),
        wording.verdict_name(verdict),
    ]
