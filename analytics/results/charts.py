"""Draw the charts of one outcome as accessible SVG, in a wide layout and in a layout for phones.

Horizontal positions are percentages and text has a fixed size, so a chart fills its card and its text never shrinks.
Colours come from classes, because the content security policy forbids inline styles.
"""

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, floor, inf, log10

from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from analytics import wording
from analytics.report_rows import OutcomeBlock, RateRow
from analytics.results.outcome_rows import people_scale

# The marks that staff.css cuts out for `frame_symbol`, centred on (0, 0).
FRAME_SYMBOLS = {
    "neutral": "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0Z",
    "victim": "M-5.5-5.5H5.5V5.5H-5.5Z",
    "user": "M0-7L7 6L-7 6Z",
    "both": "M0-8L8 0L0 8L-8 0Z",
    "other": "M-2.5-7H2.5V-2.5H7V2.5H2.5V7H-2.5V2.5H-7V-2.5H-2.5Z",
}
# Heights in pixels.
LINE_HEIGHT = 18
INTERVAL_HEIGHT = 14
STRIP_HALF_HEIGHT = 13  # from the middle of an interval to the end of the grid lines behind it
BAND_LABEL_HEIGHT = 26.0


@dataclass(frozen=True, slots=True)
class ChartLayout:
    """Edges of the plot in percent of the width, letters per label line, desired ticks, pixels between rows.

    A drawing for phones ("phone") stands beside the wide one, and takes its name and description from there. One for
    a narrow card ("narrow") is the only one.
    """

    name: str
    left: float
    right: float
    letters: int
    ticks: int
    labels_above: bool
    row_gap: float


RATE_LAYOUTS = {
    "wide": ChartLayout("wide", left=30, right=82, letters=26, ticks=5, labels_above=False, row_gap=42),
    "phone": ChartLayout("phone", left=1, right=68, letters=33, ticks=4, labels_above=True, row_gap=30),
}
RATE_LAYOUTS["narrow"] = replace(RATE_LAYOUTS["phone"], name="narrow")
DIFFERENCE_LAYOUTS = {
    "wide": ChartLayout("wide", left=31, right=74, letters=26, ticks=6, labels_above=False, row_gap=26),
    "phone": ChartLayout("phone", left=2, right=98, letters=33, ticks=4, labels_above=True, row_gap=30),
}
DIFFERENCE_LAYOUTS["narrow"] = replace(DIFFERENCE_LAYOUTS["phone"], name="narrow")


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear scale from people to percent of the width."""

    low: float
    high: float
    step: float
    left: float
    right: float

    def percent(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        return self.left + (inside - self.low) / (self.high - self.low) * (self.right - self.left)

    def css_percent(self, value: float) -> str:
        return f"{coordinate(self.percent(value))}%"

    def ticks(self) -> list[float]:
        """Return the multiples of the step that lie on the axis."""
        first, last = ceil(self.low / self.step - 1e-9), floor(self.high / self.step + 1e-9)
        return [k * self.step for k in range(first, last + 1)]


def coordinate(value: float) -> str:
    """Write a coordinate to a hundredth, without zeros at its end."""
    return f"{round(value, 2):g}"


def fit_axis(values: Iterable[float], layout: ChartLayout, *, floor_at: float = -inf) -> Axis:
    """Fit an axis around the values, with ticks at 1, 2 or 5 times a power of ten."""
    values = list(values) or [0.0]
    low, high = min(values), max(values)
    if high - low < 1e-9:
        low, high = low - 1.0, high + 1.0
    margin = 0.04 * (high - low)
    low, high = max(low - margin, floor_at), high + margin
    power = 10.0 ** floor(log10((high - low) / layout.ticks))
    step = min((m * power for m in (1, 2, 5, 10)), key=lambda step: abs((high - low) / step - layout.ticks))
    return Axis(low=low, high=high, step=step, left=layout.left, right=layout.right)


def rates_chart(block: OutcomeBlock, level: float, layout_name: str) -> SafeString:
    """Draw each arm's rate: a bar for the interval, a mark at the estimate, and the number."""
    layout, scale = RATE_LAYOUTS[layout_name], people_scale(block)
    if len(block.rates) > 5:
        layout = replace(layout, row_gap=26)
    scaled = [scale.base * share for row in block.rates for share in (row.low, row.high) if share is not None]
    axis = fit_axis(scaled, layout, floor_at=0.0)
    y, rows, strips = 0.0, list[SafeString](), list[tuple[float, float]]()
    for row in block.rates:
        note = gettext("%(number)s saw it") % {"number": wording.count_text(row.n, settings.SMALL_CELL)}
        height, middle = _label(row.name, note, layout, y, rows)
        rows.append(_rate_row(row, axis, scale, middle))
        strips.append((middle - STRIP_HALF_HEIGHT, middle + STRIP_HALF_HEIGHT))
        y += height
    values = {"outcome": block.outcome.name, "people": scale.people, "level": wording.level_text(level)}
    title = gettext("%(outcome)s, of %(people)s people who saw each message, with %(level)s intervals") % values
    parts = [grid_lines(axis, layout, strips, y), *rows, tick_labels(axis, y)]
    description = _rates_description(block.rates, scale)
    return layout_document(f"rates-{block.outcome.key}", layout_name, title, description, y + 22, parts)


@dataclass(frozen=True, slots=True)
class GapRow:
    """One row of a chart around zero: its name and a note, an effect with its interval or none, and a word on it.

    `relative` is the relative effect with its interval, for a chart that stands alone and says both in numbers.
    """

    name: str
    note: str
    frame: str
    effect: float | None
    low: float | None
    high: float | None
    word: str = ""
    relative: str = ""


def differences_chart(
    block: OutcomeBlock,
    level: float,
    layout_name: str,
    name: str = "differences",
    relative: Mapping[tuple[str, str], str] | None = None,
) -> SafeString:
    """Draw the planned differences around zero, with the band of differences that are too small to matter.

    Charts of one page have different names. `relative` says the relative difference of each pair in words, for a chart
    that leaves the page: it has the interval of each difference in numbers as well.
    """
    values = {"phrase": block.outcome.phrase, "people": people_scale(block).people, "level": wording.level_text(level)}
    title = gettext("Differences in how many %(phrase)s, per %(people)s people, with %(level)s intervals") % values
    rows = [
        GapRow(
            row.treated_name,
            gettext("against %(control)s") % {"control": row.control_name},
            row.treated_frame,
            row.effect,
            row.low,
            row.high,
            row.verdict_name if row.effect is not None or row.hidden else gettext("Can’t be estimated"),
            (relative or {}).get((row.treated, row.control), ""),
        )
        for row in block.differences
    ]
    return gaps_chart(block, rows, layout_name, name, title, " ".join(row.sentence for row in block.differences))


def gaps_chart(
    block: OutcomeBlock, gaps: Sequence[GapRow], layout_name: str, name: str, title: str, description: str
) -> SafeString:
    """Draw effects on an outcome around zero, with the band of those that are too small to matter."""
    layout, scale = DIFFERENCE_LAYOUTS[layout_name], people_scale(block)
    band = (block.smallest_difference or 0.0) * scale.base
    axis = fit_axis(_axis_values(gaps, band, scale), layout)
    y, rows, strips = BAND_LABEL_HEIGHT, list[SafeString](), list[tuple[float, float]]()
    for row in gaps:
        height, middle = _label(row.name, row.note, layout, y, rows, lines_after=1)
        rows.append(_gap_row(row, axis, scale, layout, middle))
        strips.append((middle - STRIP_HALF_HEIGHT, middle + STRIP_HALF_HEIGHT))
        y += height
    phrase = {"phrase": block.outcome.phrase}
    spans = _grid_spans(layout, strips, BAND_LABEL_HEIGHT, y)
    bands = [_band(axis, band, *span) for span in spans] if band else []
    zero = vertical_lines("zero", [axis.css_percent(0)], spans)
    if block.outcome.kind == "ordered":
        fewer, more = gettext("← answers lower"), gettext("answers higher →")
    else:
        fewer, more = gettext("← fewer %(phrase)s") % phrase, gettext("more %(phrase)s →") % phrase
    below = LINE_HEIGHT if layout.labels_above and len(fewer) + len(more) > layout.letters else 0
    sides = [
        svg_text(f"{layout.left}%", y + 36, fewer, "tick"),
        svg_text(f"{layout.right}%", y + 36 + below, more, "tick", "end"),
    ]
    grid, ticks = grid_lines(axis, layout, strips, y, BAND_LABEL_HEIGHT), tick_labels(axis, y, _format_signed)
    parts = [*bands, grid, zero, *rows, ticks, *sides]
    if band:
        parts.append(_band_label(axis, band, scale, layout))
    return layout_document(f"{name}-{block.outcome.key}", layout_name, title, description, y + 42 + below, parts)


def _rate_row(row: RateRow, axis: Axis, scale: wording.PeopleScale, middle: float) -> SafeString:
    if row.rate is None or row.low is None or row.high is None:
        return svg_text(axis.css_percent(axis.low), middle + 5, _missing_rate_text(row), "soft")
    high = row.high * scale.base
    return format_html(
        '{}{}<text class="num" x="{}" dx="11" y="{}">{}<tspan class="soft"> {}</tspan></text>',
        _interval_bar(row.frame, axis, row.low * scale.base, high, middle),
        _mark(row.frame, axis.css_percent(row.rate * scale.base), middle),
        axis.css_percent(high),
        coordinate(middle + 5),
        scale.count(row.rate),
        gettext("of %(people)s") % {"people": scale.people},
    )


def _gap_row(row: GapRow, axis: Axis, scale: wording.PeopleScale, layout: ChartLayout, middle: float) -> SafeString:
    effect, interval = "–", SafeString("")
    if row.effect is not None and row.low is not None and row.high is not None:
        effect = scale.signed(row.effect)
        interval = _interval_bar(row.frame, axis, row.low * scale.base, row.high * scale.base, middle)
        interval += _mark(row.frame, axis.css_percent(row.effect * scale.base), middle)
    if layout.labels_above:
        text = format_html('{}<tspan class="soft" dx="8">{}</tspan>', effect, row.word)
        return interval + svg_text("0", middle - INTERVAL_HEIGHT / 2 - 15, text, "num")
    if not row.word:
        return interval + svg_text("100%", middle + 5, effect, "num", "end")
    if row.relative and row.low is not None and row.high is not None:
        both = gettext("%(effect)s (%(interval)s)") % {
            "effect": effect,
            "interval": scale.signed_interval(row.low, row.high),
        }
        lines = [(both, "num", -13), (row.relative, "soft", 5), (row.word, "soft", 22)]
        return interval + format_html_join(
            "", "{}", ((svg_text("100%", middle + below, text, kind, "end"),) for text, kind, below in lines)
        )
    return (
        interval
        + svg_text("100%", middle - 4, effect, "num", "end")
        + svg_text("100%", middle + 14, row.word, "soft", "end")
    )


def _label(
    name: str, note: str, layout: ChartLayout, y: float, parts: list[SafeString], *, lines_after: int = 0
) -> tuple[float, float]:
    """Append a row's name and note to `parts`. Return the row's height and the middle of its interval."""
    if layout.labels_above and len(name) + len(note) + 2 <= layout.letters:
        text = format_html('{}<tspan class="soft" dx="8">{}</tspan>', name, note)
        parts.append(svg_text("0", y + 14, text, "label"))
        lines = 1
    else:
        texts = [("label", line) for line in textwrap.wrap(name, layout.letters)]
        texts += [("soft", line) for line in textwrap.wrap(note, layout.letters)]
        lines = len(texts)
        top = y if layout.labels_above else y + layout.row_gap / 2
        parts += [svg_text("0", top + 14 + k * LINE_HEIGHT, line, kind) for k, (kind, line) in enumerate(texts)]
    if layout.labels_above:
        text_height = (lines + lines_after) * LINE_HEIGHT
        return text_height + INTERVAL_HEIGHT + layout.row_gap, y + text_height + INTERVAL_HEIGHT / 2 + 11
    height = lines * LINE_HEIGHT + layout.row_gap
    return height, y + height / 2


def _axis_values(rows: Sequence[GapRow], band: float, scale: wording.PeopleScale) -> list[float]:
    """Return what the axis must include: zero, all intervals, and the band unless it would dwarf them."""
    values = [0.0] + [scale.base * end for row in rows for end in (row.low, row.high) if end is not None]
    largest = max(map(abs, values))
    return [*values, -band, band] if largest == 0 or band <= 2 * largest else values


def _grid_spans(
    layout: ChartLayout, strips: Sequence[tuple[float, float]], top: float, bottom: float
) -> Sequence[tuple[float, float]]:
    """Return the vertical extent of lines: the whole height, or behind each interval if labels are above it."""
    return strips if layout.labels_above else [(top, bottom)]


def grid_lines(
    axis: Axis, layout: ChartLayout, strips: Sequence[tuple[float, float]], bottom: float, top: float = 0
) -> SafeString:
    spans = _grid_spans(layout, strips, top, bottom)
    return vertical_lines("grid", [axis.css_percent(tick) for tick in axis.ticks()], spans)


def vertical_lines(kind: str, positions: Iterable[str], spans: Sequence[tuple[float, float]]) -> SafeString:
    """Draw a line at each position, as long as the spans from top to bottom; between them it has gaps."""
    if not spans:
        return SafeString("")
    ends = [y for span in spans for y in span]
    dashes = " ".join(coordinate(after - before) for before, after in pairwise(ends)) if len(spans) > 1 else ""
    line = '<line x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
    lines = ((position, coordinate(ends[0]), coordinate(ends[-1])) for position in positions)
    group = format_html(' stroke-dasharray="{}"', dashes) if dashes else ""
    return format_html('<g class="{}"{}>{}</g>', kind, group, format_html_join("", line, lines))


def tick_labels(axis: Axis, y: float, format_tick: Callable[[float, float], str] | None = None) -> SafeString:
    label = '<text x="{}" y="{}">{}</text>'
    labels = ((axis.css_percent(t), coordinate(y + 16), (format_tick or _plain)(t, axis.step)) for t in axis.ticks())
    return format_html('<g class="tick" text-anchor="middle">{}</g>', format_html_join("", label, labels))


def _band(axis: Axis, band: float, top: float, bottom: float) -> SafeString:
    left, right = axis.percent(-band), axis.percent(band)
    drawing = '<rect class="band" x="{}%" width="{}%" y="{}" height="{}"/>'
    return format_html(drawing, *map(coordinate, (left, right - left, top, bottom - top)))


def _band_label(axis: Axis, band: float, scale: wording.PeopleScale, layout: ChartLayout) -> SafeString:
    values = {"band": wording.compact_number(band), "people": scale.people}
    label = gettext("too small to matter: under %(band)s in %(people)s") % values
    if layout.labels_above:
        label = gettext("too small: under %(band)s in %(people)s") % values
        return svg_text(f"{layout.left}%", 13, label, "tick")
    middle = (axis.percent(-band) + axis.percent(band)) / 2
    if middle < 34:
        return svg_text(f"{axis.left}%", 13, label, "tick")
    if middle > 66:
        return svg_text(f"{axis.right}%", 13, label, "tick", "end")
    return svg_text(f"{coordinate(middle)}%", 13, label, "tick", "middle")


def _interval_bar(frame: str, axis: Axis, low: float, high: float, middle: float) -> SafeString:
    left, height = axis.percent(low), INTERVAL_HEIGHT
    width = max(axis.percent(high) - left, 0.3)
    drawing = '<rect class="range frame-{}" x="{}%" width="{}%" y="{}" height="{}" rx="{}"/>'
    return format_html(drawing, frame, *map(coordinate, (left, width, middle - height / 2, height, height / 2)))


def _mark(frame: str, x: str, y: float) -> SafeString:
    drawing = '<svg class="mark frame-{}" x="{}" y="{}" overflow="visible"><path d="{}"/></svg>'
    return format_html(drawing, frame, x, coordinate(y), FRAME_SYMBOLS[frame])


def svg_text(x: str, y: float, text: str, kind: str, anchor: str = "start") -> SafeString:
    if anchor == "start":  # what SVG takes where nothing is said
        return format_html('<text class="{}" x="{}" y="{}">{}</text>', kind, x, coordinate(y), text)
    return format_html(
        '<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>', kind, x, coordinate(y), anchor, text
    )


def _plain(value: float, step: float) -> str:
    return wording.number(value, _decimals(step))


def _format_signed(value: float, step: float) -> str:
    return "0" if abs(value) < step / 2 else wording.signed_number(value, _decimals(step))


def _decimals(step: float) -> int:
    return max(0, -floor(log10(step) + 1e-9))


def _missing_rate_text(row: RateRow) -> str:
    if row.hidden:
        return wording.hidden_count_text(settings.SMALL_CELL)
    return gettext("not shown") if row.served == 0 else gettext("nobody counted yet")


def _rates_description(rows: Sequence[RateRow], scale: wording.PeopleScale) -> str:
    return " ".join(
        f"{row.name}: {_missing_rate_text(row)}."
        if row.rate is None or row.low is None or row.high is None
        else gettext("%(name)s: %(count)s of %(people)s (%(interval)s).")
        % {
            "name": row.name,
            "count": scale.count(row.rate),
            "people": scale.people,
            "interval": wording.interval_text(row.low, row.high, scale),
        }
        for row in rows
    )


def svg_document(
    key: str, title: str, description: str, height: float, parts: Iterable[SafeString], *, told_by: str = ""
) -> SafeString:
    """Return a drawing with its name and description, or with those of the drawing beside it that `told_by` names."""
    told = '<title id="{0}-title">{1}</title><desc id="{0}-told">{2}</desc>'
    return format_html(
        '<svg class="drawing" xmlns="http://www.w3.org/2000/svg" width="100%" height="{1}" role="img"'
        ' aria-labelledby="{0}-title {0}-told">{2}{3}</svg>',
        told_by or key,
        round(height),
        "" if told_by else format_html(told, key, title, description),
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def layout_document(
    name: str, layout_name: str, title: str, description: str, height: float, parts: Iterable[SafeString]
) -> SafeString:
    """Return a drawing in one layout; what is drawn for phones takes its name from the wide drawing beside it."""
    told_by = f"{name}-wide" if layout_name == "phone" else ""
    return svg_document(f"{name}-{layout_name}", title, description, height, parts, told_by=told_by)
