"""Write the charts of a look as files of their own, as SVG and as PNG. resvg is loaded on first use, by the worker."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

from django.utils.html import escape

from analytics.export.look_tables import NotExportable, status_of
from analytics.export.zip_file import pack
from analytics.models import Analysis
from analytics.results import charts
from analytics.results.build import Report, build
from analytics.results.effect_texts import lift_text

_FONTS = Path(__file__).resolve().parents[2] / "campaign" / "pdf" / "fonts"
_WIDTH, _MARGIN, _LINE, _LETTERS = 800, 20, 20, 92
_ZOOM = 2.0  # sharp in print and on dense screens
# The light colours of campaign/static/campaign/tokens.css, and the rules for drawings of staff.css: a file has neither.
COLOURS = {
    "ink": "#1c2430", "soft": "#5a6472", "line": "#e4dfd6", "edge": "#8d877b", "band": "#efe9dc", "card": "#ffffff",
    "neutral": "#70767f", "victim": "#2463a8", "user": "#b4530a", "both": "#6a3d9a", "other": "#a0325f",
}  # fmt: skip
_STYLE = """
text {{ font-family: "DejaVu Sans", Verdana, sans-serif; font-size: 13px; fill: {ink}; }}
.label, .num, .title {{ font-weight: bold; }}
.title {{ font-size: 15px; }}
.soft, .tick, .tick text {{ fill: {soft}; font-weight: normal; font-size: 12px; }}
.grid {{ stroke: {line}; }}
.zero {{ stroke: {ink}; stroke-width: 1.25; }}
.band {{ fill: {band}; stroke: {edge}; stroke-opacity: 0.4; }}
.range {{ fill-opacity: 0.26; stroke-width: 1.25; }}
"""
_FRAME_STYLE = (
    ".range.frame-{name} {{ fill: {colour}; stroke: {colour}; }} "
    ".mark.frame-{name} path {{ fill: {colour}; stroke: {card}; stroke-width: 1.5; }}\n"
)


def chart_package(analysis: Analysis) -> bytes:
    """Return a ZIP archive of the charts of each yes/no outcome, each as SVG and as PNG."""
    files = {}
    for name, drawing in chart_drawings(analysis):
        files[f"{name}.svg"] = drawing.encode()
        files[f"{name}.png"] = png(drawing)
    return pack(files)


def chart_drawings(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """Yield name and SVG of each chart of a look, as its page draws it on a wide screen."""
    report = build(analysis, early=False)
    if report.embargoed or report.withheld:
        raise NotExportable("This look has no charts.")
    for block in (report.primary, *report.others):
        if block.outcome.kind != "ordered":
            yield f"rates-{block.outcome.key}", _stand_alone(charts.rates_chart(block, report.level, "wide"), report)
            if block.differences:
                relative = _relative_differences(report) if block is report.primary else {}
                drawing = charts.differences_chart(block, report.level, "wide", relative=relative)
                yield f"differences-{block.outcome.key}", _stand_alone(drawing, report)


def _relative_differences(report: Report) -> dict[tuple[str, str], str]:
    """Say the relative difference of each pair with its interval, where the look has it."""
    return {(row.treated, row.control): lift_text(row.lift) for row in report.checks if row.lift is not None}


def png(drawing: str) -> bytes:
    """Return a drawing as PNG, in the fonts of this project alone, so that it is the same on every machine."""
    from resvg_py import svg_to_bytes

    fonts = [str(_FONTS / name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")]
    return bytes(
        svg_to_bytes(
            svg_string=drawing,
            background="#ffffff",
            skip_system_fonts=True,
            font_files=fonts,
            font_family="DejaVu Sans",
            zoom=_ZOOM,
        )
    )


def for_print(drawing: str) -> str:
    """Return a drawing of the page with its colours and without a title, as a document places it under its own."""
    height = drawing.partition('height="')[2].partition('"')[0]
    placed = _with_spaces(drawing).replace('width="100%"', f'width="{_WIDTH}"', 1)
    view = f'viewBox="0 0 {_WIDTH} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" {view}>{_style()}{placed}</svg>'


def _with_spaces(drawing: str) -> str:
    """Keep the space before a word of another style, which resvg and Typst drop at the start of an element."""
    return drawing.replace('<tspan class="soft"> ', '<tspan class="soft">\u00a0')


def _style() -> str:
    frames = (
        _FRAME_STYLE.format(name=name, colour=COLOURS[name], card=COLOURS["card"]) for name in charts.FRAME_SYMBOLS
    )
    return f"<style>{_STYLE.format(**COLOURS)}{''.join(frames)}</style>"


def _stand_alone(drawing: str, report: Report) -> str:
    """Give a drawing of the page its colours, its title, and a line that says of which look and plan it is."""
    title = drawing.partition("<title")[2].partition(">")[2].partition("</title>")[0]
    lines = textwrap.wrap(title, _LETTERS, break_long_words=False)
    inner = int(drawing.partition('height="')[2].partition('"')[0])
    top = _MARGIN + _LINE * len(lines) + _LINE // 2
    height = top + inner + 2 * _LINE
    origin = f"{report.campaign.slug} · look {report.shown_look} · {status_of(report)} · plan {report.plan_fingerprint}"
    width = _WIDTH - 2 * _MARGIN
    placed = _with_spaces(drawing).replace('width="100%"', f'x="{_MARGIN}" y="{top}" width="{width}"', 1)
    headings = "".join(
        f'<text class="title" x="{_MARGIN}" y="{_MARGIN + _LINE * number}">{line}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}">'
        f"{_style()}{headings}{placed}"
        f'<text class="soft" x="{_MARGIN}" y="{height - _LINE // 2}">{escape(origin)}</text></svg>\n'
    )
