"""Print a report in a terminal: the sentence first, then rates, differences and data quality."""

from collections.abc import Iterator, Mapping

from django.conf import settings
from rich.console import Console

from analytics import wording
from analytics.management.terminal import TextTable, as_text
from analytics.report_rows import CrossCheckRow, OutcomeBlock
from analytics.results.build import Report
from analytics.results.effect_texts import lift_text, ratio_text, size_text
from analytics.results.outcome_rows import people_scale
from campaign.lifecycle.frozen_plan import correction_of

_FRAME_MARKS = {"neutral": "●", "victim": "■", "user": "▲", "both": "◆"}
_STATUS_MARKS = {"ok": ("✓", "green"), "caution": ("!", "yellow"), "alarm": ("✗", "red"), "unknown": ("·", "")}


def show(report: Report, console: Console, *, truth: Mapping[str, float] | None = None) -> None:
    """Print a report. `truth` maps arms to simulated rates, which are shown beside the estimates."""
    console.print()
    people = f"  look {report.look}, {report.people_in_words} who saw a message"
    console.print(as_text((report.campaign.name, "bold"), people))
    console.print()
    console.print(as_text(report.sentence), style="bold")
    console.print(as_text(report.interval_sentence), style="dim")
    console.print()
    if report.note:
        console.print(as_text(report.note))
    if report.exception:
        console.print(
            as_text(f"This is an early look, before the plan's first look. {report.exception}"), style="yellow"
        )
    for deviation in report.deviations:
        change = f"Change from the plan ({deviation.at:%Y-%m-%d}): {deviation.what} Reason: {deviation.why}"
        console.print(as_text(change), style="yellow")
    if not report.embargoed:
        _show_block(report.primary, report, console, truth)
        for block in report.others:
            _show_block(block, report, console, None)
    _show_checks(report, console)
    for row in report.factorial:
        console.print(as_text(f"  {row.sentence}"), style="dim")
    for row in report.factorial_kinds:
        console.print(as_text(f"  For messages of this kind: {row.sentence}"), style="dim")
    for sentence in report.guardrail_pauses:
        console.print(as_text(("A guardrail was crossed.", "red"), f" {sentence}"))
    for item in report.quality:
        console.print(as_text(_STATUS_MARKS[item.status], f" {item.label}. ", (item.detail, "dim")))
    if report.omnibus_sentence:
        plan = f"Plan {report.plan_fingerprint[:12]}."
        console.print(as_text(f"All arms at once: {report.omnibus_sentence}. {plan}"), style="dim")


def _mean(value: float) -> str:
    """Format a mean answer."""
    return wording.number(value, 2)


def _show_block(block: OutcomeBlock, report: Report, console: Console, truth: Mapping[str, float] | None) -> None:
    ordered = block.outcome.kind == "ordered"
    scale = people_scale(block)
    unit = "mean answer" if ordered else f"of {scale.people} who saw it"
    truth_column = ["the truth"] if truth else []
    interval = f"{wording.level_text(report.level)} interval"
    numbers = ["saw it", "answered" if ordered else "did it", unit, interval, *truth_column]
    rates = TextTable(f"{block.outcome.name}, {unit} ({block.role})", ["arm", *numbers], right=numbers)
    for row in block.rates:
        cells = [
            f"{_FRAME_MARKS.get(row.frame, '○')} {row.name}",
            *(wording.count_text(count, settings.SMALL_CELL) for count in (row.n, row.events)),
        ]
        cells += (
            (
                [_mean(row.rate), wording.range_text(_mean(row.low), _mean(row.high))]
                if ordered
                else [scale.decimal(row.rate), scale.interval(row.low, row.high)]
            )
            if row.rate is not None and row.low is not None and row.high is not None
            else ["–", "–"]
        )
        rates.add(*cells, *([f"{truth[row.key] * scale.base:.1f}"] if truth else []))
    console.print(rates)
    title = "Higher answers: how many of 100 pairs above 50" if ordered else "Differences, as in the plan"
    correction = correction_of(report.campaign.plan, block.outcome.key)
    numbers = ["difference", "interval", "p", f"p ({correction.value})"]
    columns = ["comparison", *numbers, "verdict", *truth_column]
    table = TextTable(title, columns, right=[*numbers, *truth_column])
    for pair in block.differences:
        name = f"{pair.treated_name} − {pair.control_name}"
        if (
            pair.effect is None
            or pair.low is None
            or pair.high is None
            or pair.p_value is None
            or pair.p_adjusted is None
        ):
            table.add(name, "–", "–", "–", "–", pair.verdict_name)
            continue
        cells = [
            name,
            scale.signed(pair.effect),
            scale.signed_interval(pair.low, pair.high),
            wording.p_value(pair.p_value),
            wording.p_value(pair.p_adjusted),
            pair.verdict_name,
        ]
        if truth:
            cells.append(scale.signed(truth[pair.treated] - truth[pair.control]))
        table.add(*cells)
    console.print(table)
    _show_kinds(block, console)
    for check in block.not_worse:
        console.print(as_text(f"  {check.sentence}"), style="dim")
    for pair in block.answers if block.role == "primary" else ():
        console.print(as_text(f"  {pair.sentence}"), style="dim")
    console.print()


def _show_kinds(block: OutcomeBlock, console: Console) -> None:
    """Print what holds for texts of a kind, and each text, where arms have several."""
    if block.kind_note:
        console.print(as_text(f"  {block.kind_note}"), style="dim")
    if not block.kinds:
        return
    scale, ordered = people_scale(block), block.outcome.kind == "ordered"
    numbers = ["difference", "interval", "p", "p (corrected)"]
    kinds = TextTable("Differences, for messages of this kind", ["comparison", *numbers, "verdict"], right=numbers)
    for pair in block.kinds:
        name = f"{pair.treated_name} − {pair.control_name}"
        if pair.effect is None or pair.low is None or pair.high is None:
            kinds.add(name, "–", "–", "–", "–", pair.verdict_name)
            continue
        p_values = ["–" if p is None else wording.p_value(p) for p in (pair.p_value, pair.p_adjusted)]
        ends = scale.signed_interval(pair.low, pair.high)
        kinds.add(name, scale.signed(pair.effect), ends, *p_values, pair.verdict_name)
    console.print(kinds)
    for pair in block.kinds:
        if pair.differing:
            console.print(as_text(f"  {pair.treated_name} − {pair.control_name}: {pair.differing}"), style="dim")
    numbers = ["answered" if ordered else "saw it", "mean" if ordered else f"of {scale.people}", "interval"]
    texts = TextTable("Each text, adjusted towards the others of its message", ["arm", "text", *numbers], right=numbers)
    for row in block.texts:
        cells = ["–", "–"]
        if row.rate is not None and row.low is not None and row.high is not None:
            cells = (
                [_mean(row.rate), wording.range_text(_mean(row.low), _mean(row.high))]
                if ordered
                else [scale.decimal(row.rate), scale.interval(row.low, row.high)]
            )
        texts.add(row.arm_name, row.name, "–" if row.n is None else wording.number(row.n), *cells)
    if block.texts and block.role == "primary":
        console.print(texts)


def _show_checks(report: Report, console: Console) -> None:
    """Print the cross-checks of each comparison, as far as there are any."""
    checks, scale = report.checks, people_scale(report.primary)
    if not checks:
        return
    numbers = [f"more of {scale.people}", "times as many", "lift"]
    effects = TextTable("The same differences in other forms, each as for a single look", ["comparison", *numbers])
    others = TextTable(
        "Cross-checks, each as for a single look (they do not decide the verdict)",
        [
            "comparison",
            "Fisher’s exact p",
            "how little would change it",
            "without one placement",
            "one hostile network",
        ],
    )
    for row in checks:
        name = f"{row.treated_name} − {row.control_name}"
        exact = "–" if row.exact_p is None else wording.p_value(row.exact_p)
        effects.add(name, size_text(row.difference, scale), ratio_text(row.ratio), lift_text(row.lift))
        others.add(name, exact, *(text or "–" for text in (row.tipping, row.without, row.one_network)))
    console.print(effects)
    for row in checks:
        for text in _other_effects(row, scale):
            console.print(as_text(f"  {row.treated_name} − {row.control_name}: {text}"), style="dim")
    console.print(others)
    console.print()


def _other_effects(row: CrossCheckRow, scale: wording.PeopleScale) -> Iterator[str]:
    """State in a sentence each what a comparison has beside ratio and lift."""
    if row.after_stopping:
        yield f"if it ends here, {size_text(row.after_stopping, scale)} more of {scale.people}."
    if row.odds_within_days:
        yield f"odds ratio within days {ratio_text(row.odds_within_days)}."
    if row.odds_within_weekdays:
        yield f"odds ratio within weekdays {ratio_text(row.odds_within_weekdays)}."
    if row.homogeneity:
        yield f"do the placements differ? p {wording.p_value(row.homogeneity.p_value)}."
