"""Charts of one outcome as accessible SVG: pure functions of report rows, each drawn once wide and once for a phone.

Positions across are percentages and text keeps its own size, so that a drawing fills the card it stands in
and its words never shrink. Colours come from classes: the page's policy allows no inline style.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, inf, log10

from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from analytics import wording
from analytics.report_rows import DifferenceRow, OutcomeBlock, RateRow

# One mark per frame, around (0, 0): circle, square, triangle, diamond; a cross for the rest. As in includes/mark.html.
FRAME_SYMBOLS = {
    "neutral": "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0Z",
    "victim": "M-5.5 -5.5h11v11h-11Z",
    "user": "M0 -7L7 6H-7Z",
    "both": "M0 -8L8 0L0 8L-8 0Z",
    "other": "M-2.5 -7h5v4.5h4.5v5h-4.5v4.5h-5v-4.5h-4.5v-5h4.5Z",
}
LINE_HEIGHT = 18  # one line of text, px
INTERVAL_HEIGHT = 14  # the interval's height, px
STRIP_HALF_HEIGHT = 13  # from a bar's middle to the end of the lines behind it, px
BAND_LABEL_HEIGHT = 26.0  # room above the differences for the band's name, px


@dataclass(frozen=True, slots=True)
class ChartLayout:
    """How a chart is laid out: where the plot lies across (percent), letters per label line, ticks to aim for."""

    name: str
    left: float
    right: float
    letters: int
    ticks: int
    labels_above: bool
    row_gap: float  # between rows, px


RATE_LAYOUTS = {
    "wide": ChartLayout("wide", left=30, right=82, letters=26, ticks=5, labels_above=False, row_gap=42),
    "phone": ChartLayout("phone", left=1, right=68, letters=33, ticks=4, labels_above=True, row_gap=30),
}
DIFFERENCE_LAYOUTS = {
    "wide": ChartLayout("wide", left=31, right=74, letters=26, ticks=6, labels_above=False, row_gap=26),
    "phone": ChartLayout("phone", left=2, right=98, letters=33, ticks=4, labels_above=True, row_gap=30),
}


@dataclass(frozen=True, slots=True)
class Axis:
    """A straight scale from round number to round number, in people of the base, onto percent across."""

    low: float
    high: float
    step: float
    left: float
    right: float

    def percent(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        return self.left + (inside - self.low) / (self.high - self.low) * (self.right - self.left)

    def css_percent(self, value: float) -> str:
        return f"{self.percent(value):.2f}%"

    def ticks(self) -> list[float]:
        """Multiples of the step that lie on the axis."""
        first, last = ceil(self.low / self.step - 1e-9), floor(self.high / self.step + 1e-9)
        return [k * self.step for k in range(first, last + 1)]


def fit_axis(values: Iterable[float], layout: ChartLayout, *, floor_at: float = -inf) -> Axis:
    """An axis that just holds the values, with ticks at 1, 2 or 5 times a power of ten."""
    values = list(values) or [0.0]
    low, high = min(values), max(values)
    if high - low < 1e-9:
        low, high = low - 1.0, high + 1.0
    air = 0.04 * (high - low)
    low, high = max(low - air, floor_at), high + air
    power = 10.0 ** floor(log10((high - low) / layout.ticks))
    step = min((m * power for m in (1, 2, 5, 10)), key=lambda step: abs((high - low) / step - layout.ticks))
    return Axis(low=low, high=high, step=step, left=layout.left, right=layout.right)


def rates_chart(block: OutcomeBlock, *, level: float, layout_name: str) -> SafeString:
    """Each arm's rate: a bar where the truth very likely lies, a mark at the best guess, the number beside it."""
    layout, scale = RATE_LAYOUTS[layout_name], scale_of(block)
    if len(block.rates) > 5:
        layout = replace(layout, row_gap=26)
    scaled = [scale.base * share for row in block.rates for share in (row.low, row.high) if share is not None]
    across = fit_axis(scaled, layout, floor_at=0.0)
    y, rows, strips = 0.0, list[SafeString](), list[tuple[float, float]]()
    for row in block.rates:
        note = gettext("%(number)s saw it") % {"number": wording.count_text(row.n, settings.SMALL_CELL)}
        height, middle = _label(row.name, note, layout, y, rows)
        rows.append(_rate(row, across, scale, middle))
        strips.append((middle - STRIP_HALF_HEIGHT, middle + STRIP_HALF_HEIGHT))
        y += height
    title = gettext("%(outcome)s, of %(people)s people who saw each message, with %(level)s intervals") % {
        "outcome": block.outcome.name,
        "people": scale.people,
        "level": wording.percent(level),
    }
    parts = [*_grid(across, layout, strips, y), *rows, *_ticks(across, y, _plain)]
    return svg_document(
        f"rates-{block.outcome.key}-{layout_name}", title, _rates_told(block.rates, scale), y + 22, parts
    )


def differences_chart(block: OutcomeBlock, *, level: float, layout_name: str) -> SafeString:
    """Planned differences in the plan's order: zero, the band too small to matter, an interval and a mark per pair."""
    layout, scale = DIFFERENCE_LAYOUTS[layout_name], scale_of(block)
    band = (block.smallest_difference or 0.0) * scale.base
    across = fit_axis(_ends(block.differences, band, scale), layout)
    y, rows, strips = BAND_LABEL_HEIGHT, list[SafeString](), list[tuple[float, float]]()
    for row in block.differences:
        note = gettext("against %(control)s") % {"control": row.control_name}
        height, middle = _label(row.treated_name, note, layout, y, rows, lines_after=1)
        rows.append(_difference(row, across, scale, layout, y, middle))
        strips.append((middle - STRIP_HALF_HEIGHT, middle + STRIP_HALF_HEIGHT))
        y += height
    phrase = {"phrase": block.outcome.phrase}
    back = [_band(across, band, *span) for span in _spans(layout, strips, BAND_LABEL_HEIGHT, y)] if band else []
    zeros = [_upright("zero", across.css_percent(0), *span) for span in _spans(layout, strips, BAND_LABEL_HEIGHT, y)]
    sides = [
        svg_text(f"{layout.left}%", y + 36, gettext("← fewer %(phrase)s") % phrase, "tick", "start"),
        svg_text(f"{layout.right}%", y + 36, gettext("more %(phrase)s →") % phrase, "tick", "end"),
    ]
    title = gettext("Differences in how many %(phrase)s, per %(people)s people, with %(level)s intervals") % {
        **phrase,
        "people": scale.people,
        "level": wording.percent(level),
    }
    told = " ".join(row.sentence for row in block.differences)
    parts = [
        *back,
        *_grid(across, layout, strips, y, BAND_LABEL_HEIGHT),
        *zeros,
        *rows,
        *_ticks(across, y, _signed),
        *sides,
    ]
    if band:
        parts.append(_band_label(across, band, scale))
    return svg_document(f"differences-{block.outcome.key}-{layout_name}", title, told, y + 42, parts)


def scale_of(block: OutcomeBlock) -> wording.PeopleScale:
    """The round number of people in which this outcome is told; of pairs, for an ordered one."""
    if block.outcome.kind == "ordered":
        return wording.PeopleScale(100)
    return wording.choose_scale([row.rate for row in block.rates if row.rate is not None])


def _rate(row: RateRow, across: Axis, scale: wording.PeopleScale, middle: float) -> SafeString:
    if row.rate is None or row.low is None or row.high is None:
        return svg_text(across.css_percent(across.low), middle + 5, _nothing(row), "soft", "start")
    high = row.high * scale.base
    return format_html(
        '{}{}<text class="num" x="{}" dx="11" y="{}">{}<tspan class="soft"> {}</tspan></text>',
        _range(row.frame, across, row.low * scale.base, high, middle),
        _mark(row.frame, across.css_percent(row.rate * scale.base), middle),
        across.css_percent(high),
        middle + 5,
        scale.count(row.rate),
        gettext("of %(people)s") % {"people": scale.people},
    )


def _difference(
    row: DifferenceRow, across: Axis, scale: wording.PeopleScale, layout: ChartLayout, y: float, middle: float
) -> SafeString:
    if row.effect is None or row.low is None or row.high is None:
        verdict = row.verdict_name if row.hidden else gettext("Can’t be estimated")
        effect, drawn = "–", SafeString("")
    else:
        effect, verdict = scale.signed(row.effect), row.verdict_name
        drawn = _range(row.treated_frame, across, row.low * scale.base, row.high * scale.base, middle)
        drawn += _mark(row.treated_frame, across.css_percent(row.effect * scale.base), middle)
    if layout.labels_above:
        said = format_html('{}<tspan class="soft" dx="8">{}</tspan>', effect, verdict)
        return drawn + svg_text("0", middle - INTERVAL_HEIGHT / 2 - 15, said, "num", "start")
    return (
        drawn
        + svg_text("100%", middle - 4, effect, "num", "end")
        + svg_text("100%", middle + 14, verdict, "soft", "end")
    )


def _label(
    name: str, note: str, layout: ChartLayout, y: float, parts: list[SafeString], *, lines_after: int = 0
) -> tuple[float, float]:
    """Adds a row's name and its note; returns the row's height and the middle of its bar."""
    if layout.labels_above and len(name) + len(note) + 2 <= layout.letters:
        said = format_html('{}<tspan class="soft" dx="8">{}</tspan>', name, note)
        parts.append(svg_text("0", y + 14, said, "label", "start"))
        lines = 1
    else:
        names, notes = textwrap.wrap(name, layout.letters), textwrap.wrap(note, layout.letters)
        kinds = [("label", line) for line in names] + [("soft", line) for line in notes]
        lines = len(kinds)
        top = y if layout.labels_above else y + layout.row_gap / 2
        parts += [
            svg_text("0", top + 14 + k * LINE_HEIGHT, line, kind, "start") for k, (kind, line) in enumerate(kinds)
        ]
    if layout.labels_above:
        text = (lines + lines_after) * LINE_HEIGHT
        return text + INTERVAL_HEIGHT + layout.row_gap, y + text + INTERVAL_HEIGHT / 2 + 11
    height = lines * LINE_HEIGHT + layout.row_gap
    return height, y + height / 2


def _ends(rows: Sequence[DifferenceRow], band: float, scale: wording.PeopleScale) -> list[float]:
    """What the axis must hold: zero, every interval, and the band unless that would squeeze the intervals."""
    ends = [0.0] + [scale.base * end for row in rows for end in (row.low, row.high) if end is not None]
    reach = max(abs(end) for end in ends)
    return [*ends, -band, band] if reach == 0 or band <= 2 * reach else ends


def _spans(
    layout: ChartLayout, strips: Sequence[tuple[float, float]], top: float, bottom: float
) -> Sequence[tuple[float, float]]:
    """Where lines stand: the whole height, or behind the bars alone where labels lie above them."""
    return strips if layout.labels_above else [(top, bottom)]


def _grid(
    across: Axis, layout: ChartLayout, strips: Sequence[tuple[float, float]], bottom: float, top: float = 0
) -> list[SafeString]:
    spans = _spans(layout, strips, top, bottom)
    return [_upright("grid", across.css_percent(tick), *span) for tick in across.ticks() for span in spans]


def _ticks(across: Axis, y: float, say: Callable[[float, float], str]) -> list[SafeString]:
    return [
        svg_text(across.css_percent(tick), y + 16, say(tick, across.step), "tick", "middle") for tick in across.ticks()
    ]


def _band(across: Axis, band: float, top: float, bottom: float) -> SafeString:
    left, right = across.percent(-band), across.percent(band)
    return format_html(
        '<rect class="band" x="{}%" width="{}%" y="{}" height="{}"/>',
        f"{left:.2f}",
        f"{right - left:.2f}",
        top,
        bottom - top,
    )


def _band_label(across: Axis, band: float, scale: wording.PeopleScale) -> SafeString:
    said = gettext("too small to matter: under %(band)s in %(people)s") % {
        "band": wording.compact_number(band),
        "people": scale.people,
    }
    middle = (across.percent(-band) + across.percent(band)) / 2
    if middle < 34:
        return svg_text(f"{across.left}%", 13, said, "tick", "start")
    if middle > 66:
        return svg_text(f"{across.right}%", 13, said, "tick", "end")
    return svg_text(f"{middle:.2f}%", 13, said, "tick", "middle")


def _range(frame: str, across: Axis, low: float, high: float, middle: float) -> SafeString:
    left, right = across.percent(low), across.percent(high)
    return format_html(
        '<rect class="range frame-{}" x="{}%" width="{}%" y="{}" height="{}" rx="{}"/>',
        frame,
        f"{left:.2f}",
        f"{max(right - left, 0.3):.2f}",
        middle - INTERVAL_HEIGHT / 2,
        INTERVAL_HEIGHT,
        INTERVAL_HEIGHT / 2,
    )


def _mark(frame: str, x: str, y: float) -> SafeString:
    return format_html(
        '<svg class="mark frame-{}" x="{}" y="{}" overflow="visible"><path d="{}"/></svg>',
        frame,
        x,
        y,
        FRAME_SYMBOLS[frame],
    )


def _upright(kind: str, x: str, top: float, bottom: float) -> SafeString:
    return format_html('<line class="{0}" x1="{1}" x2="{1}" y1="{2}" y2="{3}"/>', kind, x, top, bottom)


def svg_text(x: str, y: float, said: str, kind: str, anchor: str) -> SafeString:
    return format_html('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>', kind, x, y, anchor, said)


def _plain(value: float, step: float) -> str:
    return wording.number(value, _decimals(step))


def _signed(value: float, step: float) -> str:
    return "0" if abs(value) < step / 2 else wording.signed_number(value, _decimals(step))


def _decimals(step: float) -> int:
    return max(0, -floor(log10(step) + 1e-9))


def _nothing(row: RateRow) -> str:
    return wording.hidden_count_text(settings.SMALL_CELL) if row.hidden else gettext("nobody counted yet")


def _rates_told(rows: Sequence[RateRow], scale: wording.PeopleScale) -> str:
    return " ".join(
        f"{row.name}: {_nothing(row)}."
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


def svg_document(key: str, title: str, told: str, height: float, parts: Iterable[SafeString]) -> SafeString:
    return format_html(
        '<svg class="drawing" xmlns="http://www.w3.org/2000/svg" width="100%" height="{1}" role="img"'
        ' aria-labelledby="{0}-title {0}-told"><title id="{0}-title">{2}</title>'
        '<desc id="{0}-told">{3}</desc>{4}</svg>',
        key,
        round(height),
        title,
        told,
        format_html_join("", "{}", ((part,) for part in parts)),
    )
