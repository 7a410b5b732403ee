"""The comparison of the headline by placement, by language and from look to look, from counts that looks released.

Each difference has Miettinen and Nurminen's interval as for a single look, by what pages may import of analytics.stats.
Nothing is read but the gate's table and the rates of looks; nothing is shown of a group whose counts are not all shown.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext

from analytics.disclosure import gate
from analytics.report_rows import RateRow
from analytics.results.build import Report
from analytics.results.charts import GapRow
from analytics.results.headline import lead_comparison
from analytics.results.recorded_looks import LookPoint
from analytics.stats.numerics import score
from analytics.stats.numerics.critical_values import critical_z
from analytics.stats.values import Counts
from campaign.models import AnalysisPlan
from messages.i18n.languages import language_name

Cells = Mapping[tuple[str, str], Counts | None]  # (group, arm) -> counts; None where they are not all shown


@dataclass(frozen=True, slots=True)
class Subgroup:
    """One placement, language or time: people and events of both arms, None where not shown, and the difference."""

    name: str
    treated: Counts | None
    control: Counts | None
    gap: GapRow

    @property
    def arms(self) -> tuple[Counts | None, Counts | None]:
        return self.treated, self.control


@dataclass(frozen=True, slots=True)
class Division:
    """The subgroups of one division. `is_planned`: the plan's estimate is taken within them."""

    key: str
    title: str
    is_planned: bool
    rows: tuple[Subgroup, ...]


def divide(report: Report, points: Sequence[LookPoint], *, early: bool) -> list[Division]:
    """Divide the comparison in the headline; a division with one group says nothing and is left out."""
    lead = lead_comparison(report.primary)
    if report.withheld or report.embargoed or lead is None or report.primary.outcome.kind == "ordered":
        return []
    pair, plan = (lead.treated, lead.control), report.campaign.plan
    table = _read_table(report, early=early)
    names = dict(report.campaign.placements.values_list("key", "name"))
    divisions = [
        Division(
            "placement",
            gettext("By placement"),
            plan.strata == AnalysisPlan.Strata.PLACEMENT,
            _rows(_sum(table, lambda place, _: place), pair, lead.treated_frame, report.level, names.get),
        ),
        Division(
            "language",
            gettext("By language"),
            False,
            _rows(_sum(table, lambda _, locale: locale), pair, lead.treated_frame, report.level, language_name),
        ),
        Division(
            "time",
            gettext("By time"),
            False,
            _rows(dict(_between_looks(points, pair)), pair, lead.treated_frame, report.level, lambda name: name),
        ),
    ]
    return [each for each in divisions if len(each.rows) > 1]


def _read_table(report: Report, *, early: bool) -> dict[tuple[str, str, str], Counts | None]:
    """Read arm, placement and language -> people who saw it and events of the primary outcome, of one look."""
    seen, did = {}, {}
    for row in gate.released_table(report.campaign, early=early, last_look=report.look):
        key = (row.arm, row.placement, row.locale)
        if row.outcome == "exposed":
            seen[key] = (row.look, row.count)
        elif row.outcome == report.primary.outcome.key:
            did[key] = (row.look, row.count)
    cells: dict[tuple[str, str, str], Counts | None] = {}
    for key, (look, people) in seen.items():
        of_look, events = did.get(key, (look, None))
        cells[key] = None if people is None or events is None or of_look != look else Counts(people, events)
    return cells


def _sum(table: Mapping[tuple[str, str, str], Counts | None], group: Callable[[str, str], str]) -> Cells:
    """Add up the cells of each group; None where one of them is hidden."""
    sums: dict[tuple[str, str], Counts | None] = {}
    for (arm, place, locale), counts in table.items():
        key = (group(place, locale), arm)
        before = sums.get(key, Counts(0, 0))
        sums[key] = None if counts is None or before is None else before + counts
    return sums


def _between_looks(
    points: Sequence[LookPoint], pair: tuple[str, str]
) -> Iterable[tuple[tuple[str, str], Counts | None]]:
    """Yield who was counted from each shown look to the next: both were told, and so was what lies between."""
    before: dict[str, RateRow] = {}
    first, later = gettext("Until look %(number)s (%(day)s)"), gettext("Then until look %(number)s (%(day)s)")
    for point in points:
        if point.recorded.is_exception:
            continue
        last = date_format(point.analysis.to_day, "MONTH_DAY_FORMAT") if point.analysis.to_day else ""
        name = (later if before else first) % {"number": point.recorded.look, "day": last}
        now = {row.key: row for row in point.block.rates}
        for arm in pair:
            yield (name, arm), _growth(before.get(arm), now[arm])
        before = now


def _growth(before: RateRow | None, now: RateRow) -> Counts | None:
    if now.n is None or now.events is None or (before and (before.n is None or before.events is None)):
        return None
    n, events = now.n - ((before and before.n) or 0), now.events - ((before and before.events) or 0)
    return Counts(n, events) if 0 <= events <= n else None


def _rows(
    cells: Cells, pair: tuple[str, str], frame: str, level: float, name_of: Callable[[str], str | None]
) -> tuple[Subgroup, ...]:
    groups = dict.fromkeys(group for group, _ in cells)
    rows = []
    for group in groups:
        treated, control = (cells.get((group, arm)) for arm in pair)
        name = name_of(group) or group
        effect = low = high = None
        if treated and control and treated.n and control.n:
            z = critical_z(level)
            effect = score.difference_of(treated, control)
            low = max(-1.0, -score.difference_upper(control, treated, z))
            high = min(1.0, score.difference_upper(treated, control, z))
        rows.append(Subgroup(name, treated, control, GapRow(name, "", frame, effect, low, high)))
    return tuple(rows)
