"""Print a report in a terminal: the sentence first, then rates, differences and data quality."""

from collections.abc import Mapping

from django.conf import settings
from rich.console import Console
from rich.table import Table

from analytics import wording
from analytics.report_rows import OutcomeBlock
from analytics.results.build import Report
from analytics.results.outcome_rows import people_scale

_FRAME_MARKS = {"neutral": "●", "victim": "■", "user": "▲", "both": "◆"}
_STATUS_MARKS = {"ok": "[green]✓[/]", "caution": "[yellow]![/]", "alarm": "[red]✗[/]", "unknown": "·"}


def show(report: Report, console: Console, *, truth: Mapping[str, float] | None = None) -> None:
    """Print a report. `truth` maps arms to simulated rates, which are shown beside the estimates."""
    console.print()
    console.print(f"[bold]{report.campaign.name}[/]  look {report.look}, {report.people_in_words} who saw a message")
    console.print()
    console.print(report.sentence, style="bold")
    console.print(report.interval_sentence, style="dim")
    console.print()
    if report.note:
        console.print(report.note)
    if report.exception:
        console.print(f"Looked at before the plan's first look. {report.exception}", style="yellow")
    for deviation in report.deviations:
        console.print(
            f"Otherwise than planned ({deviation.at:%Y-%m-%d}): {deviation.what} Because: {deviation.why}",
            style="yellow",
            markup=False,
        )
    if not report.embargoed:
        _show_block(report.primary, report, console, truth)
        for block in report.others:
            _show_block(block, report, console, None)
    for row in report.factorial:
        console.print(f"  {row.sentence}", style="dim")
    for sentence in report.guardrail_pauses:
        console.print(f"[red]A guardrail was crossed.[/] {sentence}")
    for item in report.quality:
        console.print(f"{_STATUS_MARKS[item.status]} {item.label}. [dim]{item.detail}[/]")
    if report.omnibus_p is not None and report.omnibus_statistic is not None:
        console.print(
            f"[dim]All arms at once: chi-square {report.omnibus_statistic:.3f}, df {report.omnibus_df}, "
            f"p {wording.p_value(report.omnibus_p)}. Plan {report.plan_fingerprint[:12]}.[/]"
        )


def _show_block(block: OutcomeBlock, report: Report, console: Console, truth: Mapping[str, float] | None) -> None:
    ordered = block.outcome.kind == "ordered"
    scale = people_scale(block)
    unit = "mean answer" if ordered else f"of {scale.people} who saw it"
    rates = Table(title=f"{block.outcome.name}, {unit} ({block.role})", title_justify="left")
    base = 1 if ordered else scale.base
    for column in ("arm", "saw it", "answered" if ordered else "did it", unit, f"{report.level:.0%} interval"):
        rates.add_column(column, justify="left" if column == "arm" else "right")
    if truth:
        rates.add_column("the truth", justify="right")
    for row in block.rates:
        cells = [
            f"{_FRAME_MARKS.get(row.frame, '○')} {row.name}",
            *(wording.count_text(count, settings.SMALL_CELL) for count in (row.n, row.events)),
        ]
        cells += (
            [f"{row.rate * base:.1f}", f"{row.low * base:.1f} to {row.high * base:.1f}"]
            if row.rate is not None and row.low is not None and row.high is not None
            else ["–", "–"]
        )
        rates.add_row(*cells, *([f"{truth[row.key] * scale.base:.1f}"] if truth else []))
    console.print(rates)
    title = "Higher answers, of 100 pairs, beyond 50" if ordered else "Differences, as planned"
    table = Table(title=title, title_justify="left")
    for column in ("comparison", "difference", "interval", "p", "p (Holm)", "verdict"):
        table.add_column(column, justify="left" if column in ("comparison", "verdict") else "right")
    if truth:
        table.add_column("the truth", justify="right")
    for pair in block.differences:
        name = f"{pair.treated_name} − {pair.control_name}"
        if (
            pair.effect is None
            or pair.low is None
            or pair.high is None
            or pair.p_value is None
            or pair.p_adjusted is None
        ):
            table.add_row(name, "–", "–", "–", "–", pair.verdict_name)
            continue
        cells = [
            name,
            scale.signed(pair.effect),
            f"{scale.signed(pair.low)} to {scale.signed(pair.high)}",
            wording.p_value(pair.p_value),
            wording.p_value(pair.p_adjusted),
            pair.verdict_name,
        ]
        if truth:
            cells.append(scale.signed(truth[pair.treated] - truth[pair.control]))
        table.add_row(*cells)
    console.print(table)
    for pair in block.differences if block.role == "primary" else ():
        console.print(f"  {pair.sentence}", style="dim")
    console.print()
