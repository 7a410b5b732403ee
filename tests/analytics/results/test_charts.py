"""Charts drawn from report rows, without a database."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from django.conf import settings

from analytics.report_rows import DifferenceRow, OutcomeBlock, RateRow
from analytics.results import charts
from campaign.outcomes import OUTCOMES
from messages.models import Frame
from messages.templatetags.frame_symbols import frame_symbol

SVG = "{http://www.w3.org/2000/svg}"
DRAWINGS = ["wide", "phone"]

NEUTRAL = RateRow("neutral", "Neutral text", "neutral", True, 5300, 5012, 1354, 0.270, 0.258, 0.283)
BOTH = RateRow("both", "Both harms", "both", False, 5300, 4981, 1798, 0.361, 0.348, 0.374)
MORE = DifferenceRow(
    treated="both",
    treated_name="Both harms",
    treated_frame="both",
    control="neutral",
    control_name="Neutral text",
    control_phrase="the neutral text",
    effect=0.091,
    low=0.073,
    high=0.109,
    p_value=0.0001,
    p_adjusted=0.0005,
    verdict="better",
    verdict_name="Better",
    sentence="Of 100 people who saw both harms, 36 turned back; 9 more than with the neutral text (7 to 11).",
    more_per_arm=None,
    more_per_arm_low=None,
    more_per_arm_high=None,
    reason="",
    method="miettinen-nurminen",
)
BLOCK = OutcomeBlock(OUTCOMES["turned_back"], "primary", (NEUTRAL, BOTH), (MORE,), 0.02)


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def all_text(svg: str) -> str:
    return " ".join(" ".join(text.itertext()) for text in parse(svg).iter(f"{SVG}text"))


def interval_ends(svg: str, frame: str) -> tuple[float, float]:
    """Return the ends of the first interval in a frame's colour, in percent."""
    found = next(r for r in parse(svg).iter(f"{SVG}rect") if r.get("class") == f"range frame-{frame}")
    left, width = (float(found.attrib[name].rstrip("%")) for name in ("x", "width"))
    return left, left + width


def mark_position(svg: str, frame: str) -> float:
    found = next(m for m in parse(svg).iter(f"{SVG}svg") if m.get("class") == f"mark frame-{frame}")
    return float(found.attrib["x"].rstrip("%"))


def test_both_charts_are_images_with_a_title_and_a_description() -> None:
    for chart in (charts.rates_chart, charts.differences_chart):
        root = parse(chart(BLOCK, level=0.95, layout_name="wide"))
        title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert title is not None
        assert description is not None
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"


def test_the_drawing_for_phones_is_named_and_described_by_the_wide_one_beside_it() -> None:
    for chart in (charts.rates_chart, charts.differences_chart):
        wide, phone = (parse(chart(BLOCK, level=0.95, layout_name=name)) for name in DRAWINGS)
        assert phone.get("aria-labelledby") == wide.get("aria-labelledby")
        assert phone.find(f"{SVG}title") is None


def test_the_only_drawing_in_a_narrow_card_names_itself() -> None:
    root = parse(charts.differences_chart(BLOCK, level=0.95, layout_name="narrow"))
    assert root.find(f"{SVG}title") is not None


def test_on_phones_lines_have_a_gap_where_a_name_stands() -> None:
    root = parse(charts.rates_chart(BLOCK, level=0.95, layout_name="phone"))
    grid = next(group for group in root.iter(f"{SVG}g") if group.get("class") == "grid")
    first, gap, second = map(float, grid.attrib["stroke-dasharray"].split())
    assert first == second == 2 * charts.STRIP_HALF_HEIGHT
    assert gap > charts.LINE_HEIGHT
    assert {float(line.attrib["y2"]) - float(line.attrib["y1"]) for line in grid} == {first + gap + second}


def test_the_description_says_every_number_that_is_drawn() -> None:
    description = parse(charts.rates_chart(BLOCK, level=0.95, layout_name="wide")).find(f"{SVG}desc")
    assert description is not None
    assert description.text == "Neutral text: 27 of 100 (26 to 28). Both harms: 36 of 100 (35 to 37)."


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_a_higher_rate_is_further_right_and_its_mark_is_inside_its_interval(drawing: str) -> None:
    svg = charts.rates_chart(BLOCK, level=0.95, layout_name=drawing)
    assert mark_position(svg, "neutral") < mark_position(svg, "both")
    for frame in ("neutral", "both"):
        left, right = interval_ends(svg, frame)
        assert left < mark_position(svg, frame) < right


def test_an_interval_of_twice_the_width_is_drawn_twice_as_wide() -> None:
    rows = (replace(NEUTRAL, low=0.20, high=0.22, rate=0.21), replace(BOTH, low=0.30, high=0.34, rate=0.32))
    svg = charts.rates_chart(replace(BLOCK, rates=rows), level=0.95, layout_name="wide")
    narrow, wide = interval_ends(svg, "neutral"), interval_ends(svg, "both")
    assert wide[1] - wide[0] == pytest.approx(2 * (narrow[1] - narrow[0]), abs=0.03)


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_each_row_carries_its_name_its_number_and_its_verdict(drawing: str) -> None:
    rates, differences = (
        all_text(chart(BLOCK, level=0.95, layout_name=drawing))
        for chart in (charts.rates_chart, charts.differences_chart)
    )
    assert "Both harms" in rates
    assert "36  of 100" in rates
    assert "against Neutral text" in differences
    assert "+9.1" in differences
    assert "Better" in differences


def test_a_chart_that_leaves_the_page_says_both_differences_with_their_intervals() -> None:
    relative = {("both", "neutral"): "+34% (+26% to +42%)"}
    text = all_text(charts.differences_chart(BLOCK, level=0.95, layout_name="wide", relative=relative))
    assert "+9.1 (+7.3 to +10.9) +34% (+26% to +42%) Better" in text


def test_the_band_lies_evenly_around_zero() -> None:
    root = parse(charts.differences_chart(BLOCK, level=0.95, layout_name="wide"))
    band = next(r for r in root.iter(f"{SVG}rect") if r.get("class") == "band")
    zero = next(group for group in root.iter(f"{SVG}g") if group.get("class") == "zero")[0]
    middle = float(band.attrib["x"].rstrip("%")) + float(band.attrib["width"].rstrip("%")) / 2
    assert middle == pytest.approx(float(zero.attrib["x1"].rstrip("%")), abs=0.02)


def test_without_a_smallest_difference_no_band_is_drawn() -> None:
    svg = charts.differences_chart(replace(BLOCK, smallest_difference=None), level=0.95, layout_name="wide")
    assert "band" not in svg
    assert "too small" not in svg


def test_a_band_far_wider_than_the_intervals_does_not_squeeze_them() -> None:
    tight = replace(MORE, effect=0.001, low=0.0005, high=0.0015)
    svg = charts.differences_chart(replace(BLOCK, differences=(tight,)), level=0.95, layout_name="wide")
    left, right = interval_ends(svg, "both")
    assert right - left > 20


def test_swapping_the_arms_mirrors_the_drawing() -> None:
    swapped = replace(MORE, effect=-0.091, low=-0.109, high=-0.073)
    svg, other = (
        charts.differences_chart(replace(BLOCK, differences=(row,)), level=0.95, layout_name="phone")
        for row in (MORE, swapped)
    )
    assert interval_ends(svg, "both")[0] + interval_ends(other, "both")[1] == pytest.approx(100, abs=0.02)
    assert "−9.1" in all_text(other)


def test_a_rare_outcome_is_expressed_per_ten_thousand_people() -> None:
    rows = tuple(replace(row, rate=r, low=r * 0.8, high=r * 1.2) for row, r in ((NEUTRAL, 0.0010), (BOTH, 0.0029)))
    assert "29  of 10,000" in all_text(charts.rates_chart(replace(BLOCK, rates=rows), level=0.95, layout_name="wide"))


def test_an_arm_nobody_saw_is_named_without_a_mark() -> None:
    empty = replace(BOTH, n=0, events=0, rate=None, low=None, high=None)
    svg = charts.rates_chart(replace(BLOCK, rates=(NEUTRAL, empty)), level=0.95, layout_name="phone")
    assert "nobody counted yet" in all_text(svg)
    assert "frame-both" not in svg


def test_an_arm_that_was_sent_to_nobody_is_said_not_to_be_shown() -> None:
    unused = replace(BOTH, served=0, n=0, events=0, rate=None, low=None, high=None)
    svg = charts.rates_chart(replace(BLOCK, rates=(NEUTRAL, unused)), level=0.95, layout_name="phone")
    assert "not shown" in all_text(svg)
    assert "counted yet" not in all_text(svg)


def test_a_difference_that_cannot_be_estimated_is_named_without_a_mark() -> None:
    row = replace(MORE, effect=None, low=None, high=None, reason="nobody saw it")
    svg = charts.differences_chart(replace(BLOCK, differences=(row,)), level=0.95, layout_name="wide")
    assert "Can’t be estimated" in all_text(svg)
    assert "frame-both" not in svg


def test_no_rates_at_all_still_make_a_drawing() -> None:
    assert (
        parse(charts.rates_chart(replace(BLOCK, rates=(), differences=()), level=0.95, layout_name="wide")) is not None
    )
    assert (
        parse(charts.differences_chart(replace(BLOCK, rates=(), differences=()), level=0.95, layout_name="wide"))
        is not None
    )


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_a_name_with_markup_is_shown_and_not_obeyed(drawing: str) -> None:
    rows = (NEUTRAL, replace(BOTH, name='<script>alert("x")</script>'))
    svg = charts.rates_chart(replace(BLOCK, rates=rows), level=0.95, layout_name=drawing)
    assert not list(parse(svg).iter(f"{SVG}script"))
    assert "<script" not in svg


def test_a_long_name_is_wrapped_and_never_cut() -> None:
    name = "Two people lose something that they can not get back once the picture is out"
    svg = charts.rates_chart(replace(BLOCK, rates=(NEUTRAL, replace(BOTH, name=name))), level=0.95, layout_name="wide")
    assert name in all_text(svg)


def test_drawings_carry_no_inline_style_because_the_policy_forbids_it() -> None:
    for drawing in DRAWINGS:
        svg = charts.rates_chart(BLOCK, level=0.95, layout_name=drawing) + charts.differences_chart(
            BLOCK, level=0.95, layout_name=drawing
        )
        assert not re.search(r"\sstyle=|<style|\son\w+=", svg)


@pytest.mark.parametrize(("low", "high"), [(0, 100), (25.8, 37.4), (-0.4, 0.9), (3, 3), (0.001, 0.0011), (-120, 4000)])
def test_ticks_are_round_few_and_on_the_axis(low: float, high: float) -> None:
    axis = charts.fit_axis([low, high], charts.RATE_LAYOUTS["wide"])
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 9
    assert all(axis.low <= tick <= axis.high for tick in ticks)
    assert axis.low <= low <= high <= axis.high


def cut_out(frame: str) -> list[tuple[float, float]]:
    """Return the corners of a mark as staff.css cuts them from 16 by 16 pixels, around the middle."""
    css = (settings.BASE_DIR / "campaign/static/campaign/staff.css").read_text()
    shape, numbers = re.findall(rf"i\.frame-{frame} {{ clip-path: (\w+)\(([^)]*)\)", css)[0]
    if shape == "inset":
        edge = 8 - float(numbers.rstrip("%")) * 0.16
        return [(-edge, -edge), (edge, -edge), (edge, edge), (-edge, edge)]
    pairs = [corner.split() for corner in numbers.split(", ")]
    return [(float(x.rstrip("%")) * 0.16 - 8, float(y.rstrip("%")) * 0.16 - 8) for x, y in pairs]


def corners(path: str) -> list[tuple[float, float]]:
    """Return the corners of a path of straight lines in absolute coordinates."""
    x, y, found = 0.0, 0.0, list[tuple[float, float]]()
    for letter, numbers in re.findall(r"([MLHV])([^MLHVZ]*)", path):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        x = x if letter == "V" else values[0]
        y = y if letter == "H" else values[-1]
        found.append((x, y))
    return found


def test_every_frame_has_one_mark_the_same_in_charts_and_in_pages() -> None:
    assert set(charts.FRAME_SYMBOLS) == set(Frame.values)
    assert len(set(charts.FRAME_SYMBOLS.values())) == len(charts.FRAME_SYMBOLS)
    for frame, path in charts.FRAME_SYMBOLS.items():
        assert frame_symbol(frame) == f'<i class="mark frame-{frame}"></i> '
        if frame != Frame.NEUTRAL:
            assert corners(path) == [pytest.approx(corner) for corner in cut_out(frame)]


def test_the_neutral_mark_is_a_circle_of_six_pixels_in_charts_and_in_pages() -> None:
    css = (settings.BASE_DIR / "campaign/static/campaign/staff.css").read_text()
    assert "i.frame-neutral { clip-path: circle(37.5%); }" in css  # of 16 pixels
    assert charts.FRAME_SYMBOLS["neutral"].startswith("M-6 0a6 6 ")
