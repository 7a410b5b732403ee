"""Draw effects around zero: from look to look, in parts of the people, and what each harm adds."""

from collections.abc import Sequence

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from analytics import wording
from analytics.report_rows import FactorialRow, OutcomeBlock
from analytics.results.charts import GapRow, gaps_chart
from analytics.results.outcome_rows import people_scale
from analytics.results.recorded_looks import LookPoint
from analytics.results.subgroups import Division


def looks_chart(block: OutcomeBlock, points: Sequence[LookPoint], level: float, layout_name: str) -> SafeString:
    """Draw the comparison in the headline at each look."""
    rows = [
        GapRow(
            gettext("Look %(number)s") % {"number": point.recorded.look},
            gettext("by exception") if point.recorded.is_exception else point.people,
            point.row.treated_frame,
            point.row.effect,
            point.row.low,
            point.row.high,
            point.row.verdict_name,
        )
        for point in points
    ]
    title = gettext("The estimate at each look, per %(people)s people, with %(level)s intervals")
    return _draw(block, rows, level, layout_name, "looks", title)


def division_chart(block: OutcomeBlock, division: Division, level: float, layout_name: str) -> SafeString:
    """Draw the comparison in the headline in each part of the people."""
    title = gettext("Differences in each part, per %(people)s people, with %(level)s intervals")
    return _draw(block, [row.gap for row in division.rows], level, layout_name, division.key, title)


def factorial_chart(
    block: OutcomeBlock, contrasts: Sequence[FactorialRow], level: float, layout_name: str
) -> SafeString:
    """Draw what each harm adds on average, and what both together add to their sum."""
    frames = {"victim": "victim", "user": "user", "interaction": "both"}
    rows = [
        GapRow(row.name, "", frames[row.term], row.effect, row.low, row.high, row.verdict_name)
        for row in contrasts
        if row.term in frames
    ]
    title = gettext("What each harm adds, per %(people)s people, with %(level)s intervals")
    return _draw(block, rows, level, layout_name, "factorial", title)


def _draw(
    block: OutcomeBlock, rows: Sequence[GapRow], level: float, layout_name: str, name: str, title: str
) -> SafeString:
    scale = people_scale(block)
    values = {"people": scale.people, "level": wording.level_text(level)}
    described = " ".join(
        f"{row.name}: {scale.signed(row.effect)} ({scale.signed_interval(row.low, row.high)})."
        for row in rows
        if row.effect is not None and row.low is not None and row.high is not None
    )
    return gaps_chart(block, rows, layout_name, name, title % values, described)
