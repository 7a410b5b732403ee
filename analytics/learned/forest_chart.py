"""Draw campaigns one by one and their average: a forest plot, in the style of the results page."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor, log10

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from analytics import wording
from analytics.learned.wording import contrast_title, scale_of
from analytics.models import LearnedComparison, PooledComparison
from analytics.results.charts import (
    DIFFERENCE_LAYOUTS,
    FRAME_SYMBOLS,
    LINE_HEIGHT,
    Axis,
    ChartLayout,
    fit_axis,
    grid_lines,
    layout_document,
    svg_text,
    tick_labels,
    vertical_lines,
)

_BAR_HEIGHT, _ROW_GAP = 10, 16
MOST_ROWS = 40


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    note: str
    effect: float
    low: float
    high: float
    next_low: float | None = None
    next_high: float | None = None


def forest_chart(pooled: PooledComparison, members: Sequence[LearnedComparison], layout_name: str) -> SafeString:
    """Draw the newest campaigns, and below them the average with where one more campaign should lie."""
    layout, scale = replace(DIFFERENCE_LAYOUTS[layout_name], row_gap=_ROW_GAP), scale_of(members)
    rows = list(_rows(pooled, members))
    ends = [end for row in rows for end in (row.low, row.high, row.next_low, row.next_high) if end is not None]
    axis = fit_axis([0.0, *(scale.base * end for end in ends)], layout)
    y, drawn, strips = 0.0, list[SafeString](), list[tuple[float, float]]()
    for row in rows:
        lines = _label_lines(row, layout)
        if layout.labels_above:
            lines.append(("soft", _numbers(row, scale)))
        drawn += [svg_text("0", y + 14 + k * LINE_HEIGHT, line, kind) for k, (kind, line) in enumerate(lines)]
        text_height = len(lines) * LINE_HEIGHT
        middle = y + (text_height + 11 if layout.labels_above else text_height / 2 + 2)
        drawn += _interval(row, pooled.treated, axis, scale, middle)
        if not layout.labels_above:
            drawn.append(svg_text("100%", middle + 5, _numbers(row, scale), "soft", "end"))
        strips.append((middle - _BAR_HEIGHT, middle + _BAR_HEIGHT))
        y += text_height + _ROW_GAP + (_BAR_HEIGHT if layout.labels_above else 0)
    spans = strips if layout.labels_above else [(0.0, y)]
    zero = vertical_lines("zero", [axis.css_percent(0.0)], spans)
    values = {
        "contrast": contrast_title(pooled.treated, pooled.control),
        "people": scale.people,
        "level": wording.level_text(pooled.level),
    }
    title = (
        gettext("%(contrast)s: differences per %(people)s people in each campaign, with %(level)s intervals") % values
    )
    parts = [grid_lines(axis, layout, strips, y), zero, *drawn, tick_labels(axis, y, _signed_tick)]
    return layout_document("forest", layout_name, title, _description(rows, scale), y + 22, parts)


def _rows(pooled: PooledComparison, members: Sequence[LearnedComparison]) -> list[_Row]:
    rows = [
        _Row(
            each.result.name,
            each.result.signer.organisation if each.result.signer else "",
            each.effect,
            each.low,
            each.high,
        )
        for each in members[-MOST_ROWS:]
        if each.effect is not None and each.low is not None and each.high is not None
    ]
    if pooled.effect is not None and pooled.low is not None and pooled.high is not None:
        rows.append(
            _Row(
                gettext("Average"),
                gettext("dashed: one more campaign"),
                pooled.effect,
                pooled.low,
                pooled.high,
                pooled.next_low,
                pooled.next_high,
            )
        )
    return rows


def _label_lines(row: _Row, layout: ChartLayout) -> list[tuple[str, str]]:
    names = textwrap.wrap(row.name, layout.letters, max_lines=2, placeholder=" …")
    return [("label", line) for line in names] + [
        ("soft", line) for line in textwrap.wrap(row.note, layout.letters, max_lines=1, placeholder=" …")
    ]


def _interval(row: _Row, frame: str, axis: Axis, scale: wording.PeopleScale, middle: float) -> list[SafeString]:
    left, right = axis.percent(row.low * scale.base), axis.percent(row.high * scale.base)
    bar = '<rect class="range frame-{}" x="{}%" width="{}%" y="{}" height="{}" rx="{}"/>'
    mark = '<svg class="mark frame-{}" x="{}" y="{}" overflow="visible"><path transform="scale({})" d="{}"/></svg>'
    is_average = row.next_low is not None
    parts = [
        format_html(
            bar,
            frame,
            f"{left:.2f}",
            f"{max(right - left, 0.3):.2f}",
            middle - _BAR_HEIGHT / 2,
            _BAR_HEIGHT,
            _BAR_HEIGHT / 2,
        ),
        format_html(
            mark,
            frame,
            axis.css_percent(row.effect * scale.base),
            middle,
            1.15 if is_average else 0.7,
            FRAME_SYMBOLS[frame],
        ),
    ]
    if row.next_low is not None and row.next_high is not None:
        line = '<line class="next frame-{}" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        at = (axis.css_percent(row.next_low * scale.base), axis.css_percent(row.next_high * scale.base))
        parts.insert(0, format_html(line, frame, *at, middle, middle))
    return parts


def _numbers(row: _Row, scale: wording.PeopleScale) -> str:
    return gettext("%(effect)s (%(interval)s)") % {
        "effect": scale.signed(row.effect),
        "interval": scale.signed_interval(row.low, row.high),
    }


def _signed_tick(value: float, step: float) -> str:
    return "0" if abs(value) < step / 2 else wording.signed_number(value, max(0, -floor(log10(step) + 1e-9)))


def _description(rows: Sequence[_Row], scale: wording.PeopleScale) -> str:
    return " ".join(
        gettext("%(name)s: %(numbers)s.") % {"name": row.name, "numbers": _numbers(row, scale)} for row in rows
    )
