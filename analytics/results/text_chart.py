"""Draw the texts of each arm one by one, in their own order, and where one more like them would lie."""

from dataclasses import replace

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from analytics import wording
from analytics.report_rows import OutcomeBlock, TextResultRow
from analytics.results.charts import (
    FRAME_SYMBOLS,
    LINE_HEIGHT,
    RATE_LAYOUTS,
    Axis,
    coordinate,
    fit_axis,
    grid_lines,
    layout_document,
    svg_text,
    tick_labels,
)
from analytics.results.outcome_rows import people_scale

_ROW_HEIGHT, _BAR_HEIGHT = 26, 8
_SMALL_SYMBOL = 0.7


def texts_chart(block: OutcomeBlock, level: float, layout_name: str) -> SafeString:
    """Draw each text's rate, drawn towards the others of its message: a bar for the interval and a mark."""
    layout, scale = replace(RATE_LAYOUTS[layout_name], row_gap=0), people_scale(block)
    ends = [scale.base * share for row in block.texts for share in (row.low, row.high) if share is not None]
    axis = fit_axis(ends, layout, floor_at=0.0)
    y, parts, strips = 0.0, list[SafeString](), list[tuple[float, float]]()
    arm = ""
    for row in block.texts:
        if row.arm != arm:
            arm = row.arm
            y += LINE_HEIGHT + 8
            parts.append(svg_text("0", y - 4, row.arm_name, "label"))
        if layout.labels_above:
            parts.append(svg_text("0", y + 14, row.name, "soft"))
            y += LINE_HEIGHT
        else:
            parts.append(svg_text("0", y + _ROW_HEIGHT / 2 + 5, row.name, "soft"))
        middle = y + _ROW_HEIGHT / 2
        parts += _text_row(row, axis, scale, middle)
        strips.append((middle - _ROW_HEIGHT / 2, middle + _ROW_HEIGHT / 2))
        y += _ROW_HEIGHT
    title = gettext("%(outcome)s text by text, of %(people)s people, with %(level)s intervals") % {
        "outcome": block.outcome.name,
        "people": scale.people,
        "level": wording.level_text(level),
    }
    drawn = [grid_lines(axis, layout, strips, y), *parts, tick_labels(axis, y)]
    name = f"texts-{block.outcome.key}"
    return layout_document(name, layout_name, title, _description(block, scale), y + 22, drawn)


def _text_row(row: TextResultRow, axis: Axis, scale: wording.PeopleScale, middle: float) -> list[SafeString]:
    if row.rate is None or row.low is None or row.high is None:
        return []
    low, high = axis.percent(row.low * scale.base), axis.percent(row.high * scale.base)
    if not row.text.isdigit():
        line = '<line class="next frame-{}" x1="{}%" x2="{}%" y1="{}" y2="{}"/>'
        return [format_html(line, row.frame, *map(coordinate, (low, high, middle, middle)))]
    bar = '<rect class="range frame-{}" x="{}%" width="{}%" y="{}" height="{}" rx="{}"/>'
    mark = '<svg class="mark frame-{}" x="{}" y="{}" overflow="visible"><path transform="scale({})" d="{}"/></svg>'
    number = '<text class="num" x="{}%" dx="11" y="{}">{}</text>'
    at = axis.css_percent(row.rate * scale.base)
    box = (low, max(high - low, 0.3), middle - _BAR_HEIGHT / 2, _BAR_HEIGHT, _BAR_HEIGHT / 2)
    return [
        format_html(bar, row.frame, *map(coordinate, box)),
        format_html(mark, row.frame, at, coordinate(middle), _SMALL_SYMBOL, FRAME_SYMBOLS[row.frame]),
        format_html(number, coordinate(high), coordinate(middle + 5), scale.count(row.rate)),
    ]


def _description(block: OutcomeBlock, scale: wording.PeopleScale) -> str:
    return " ".join(
        gettext("%(name)s: %(count)s of %(people)s (%(interval)s).")
        % {
            "name": f"{row.arm_name}, {row.name}",
            "count": scale.count(row.rate),
            "people": scale.people,
            "interval": wording.interval_text(row.low, row.high, scale),
        }
        for row in block.texts
        if row.rate is not None and row.low is not None and row.high is not None
    )
