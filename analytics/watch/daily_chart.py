"""Draw how many people saw each arm, day by day, as accessible SVG; days released together as their average."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, floor, log10

from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from analytics import wording
from analytics.disclosure.gate import ArmDailyTotals
from analytics.results.charts import svg_document, svg_text

HEIGHT = 170.0  # of the plot, in pixels
DAYS = {"wide": 14, "phone": 7}  # how many of the latest days are drawn
LEFT = {"wide": 5.0, "phone": 12.0}  # edge of the plot, in percent of the width
DAY_LABELS = {"wide": 7, "phone": 3}  # how many fit
LONG_LABEL, LONG_DAY_LABELS = 13, 2  # how many labels of more than 13 characters fit on a phone
_TICKS = 3


@dataclass(frozen=True, slots=True)
class DayBar:
    """How many people saw one arm on one day, or the average of the days that were released together."""

    day: date
    people: float
    days_covered: int

    @property
    def is_average(self) -> bool:
        return self.days_covered > 1


def day_bars(arm: ArmDailyTotals) -> list[DayBar]:
    """Return a bar for each day that is released of one arm."""
    bars, previous_total, last = [], 0, None
    for total in arm.days:
        first = last + timedelta(days=1) if last else total.day
        days_covered = (total.day - first).days + 1
        average = (total.people - previous_total) / days_covered
        bars += [DayBar(first + timedelta(days=n), average, days_covered) for n in range(days_covered)]
        previous_total, last = total.people, total.day
    return bars


def daily_chart(arms: Sequence[ArmDailyTotals], *, layout_name: str) -> SafeString:
    """Draw the latest days."""
    bars = {arm.arm.key: day_bars(arm) for arm in arms}
    days = sorted({bar.day for arm_bars in bars.values() for bar in arm_bars})[-DAYS[layout_name] :]
    heights = [bar.people for arm_bars in bars.values() for bar in arm_bars if bar.day in days]
    step, top = _scale(max(heights, default=0.0))
    left = LEFT[layout_name]
    slot = (100 - left) / max(len(days), 4)
    labels = [date_format(day, "MONTH_DAY_FORMAT") for day in days]
    long = layout_name == "phone" and max(map(len, labels), default=0) > LONG_LABEL
    interval = max(ceil(len(days) / (LONG_DAY_LABELS if long else DAY_LABELS[layout_name])), 1)
    labelled = {*range(0, len(days) - interval, interval), len(days) - 1}
    parts = list(_grid(left, step, top))
    for index, day in enumerate(days):
        parts += [
            _bar(arm, bar, left + slot * (index + 0.1 + 0.8 * lane / len(arms)), 0.8 * slot / len(arms), top)
            for lane, arm in enumerate(arms)
            for bar in bars[arm.arm.key]
            if bar.day == day
        ]
        if index in labelled:
            # On a phone, keep the first and the last label within the plot.
            is_last = layout_name == "phone" and index == len(days) - 1 and index > 0
            is_first = layout_name == "phone" and index == 0
            offset, anchor = (1.0, "end") if is_last else (0.0, "start") if is_first else (0.5, "middle")
            x = f"{left + slot * (index + offset):.2f}%"
            parts.append(svg_text(x, HEIGHT + 20, labels[index], "tick", anchor))
    title = gettext("How many people saw each message, day by day")
    return svg_document(f"days-{layout_name}", title, _description(days, bars, arms), HEIGHT + 28, parts)


def _scale(most: float) -> tuple[float, float]:
    """Return a step of 1, 2 or 5 times a power of ten, and the number at the top of the plot."""
    rough = max(most, 10.0) / _TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough - 1e-9)
    return step, step * max(ceil(most / step - 1e-9), 1)


def _grid(left: float, step: float, top: float) -> Iterator[SafeString]:
    for n in range(round(top / step) + 1):
        y = _y(n * step, top)
        line = '<line class="{}" x1="{}%" x2="100%" y1="{}" y2="{}"/>'
        yield format_html(line, "grid" if n else "zero", left, y, y)
        yield svg_text(f"{left - 1:.2f}%", y + 4, wording.number(n * step), "tick", "end")


def _bar(arm: ArmDailyTotals, bar: DayBar, x: float, width: float, top: float) -> SafeString:
    y, kind = _y(bar.people, top), " average" if bar.is_average else ""
    left, width_in_percent = f"{x:.2f}", f"{max(width - 0.15, 0.2):.2f}"
    drawing = '<rect class="day frame-{}{}" x="{}%" width="{}%" y="{}" height="{}"/>'
    return format_html(drawing, arm.arm.frame, kind, left, width_in_percent, y, round(HEIGHT - y, 1))


def _y(people: float, top: float) -> float:
    """Return the vertical position of a number of people, with a margin at the top."""
    return round(8 + (HEIGHT - 8) * (1 - people / top), 1)


def _description(days: Sequence[date], bars: dict[str, list[DayBar]], arms: Sequence[ArmDailyTotals]) -> str:
    if not days:
        return gettext("No day can be shown yet.")
    sums = [
        gettext("%(name)s: %(people)s")
        % {
            "name": arm.arm.name,
            "people": wording.number(sum(bar.people for bar in bars[arm.arm.key] if bar.day in days)),
        }
        for arm in arms
    ]
    span = {"from": date_format(days[0], "DATE_FORMAT"), "to": date_format(days[-1], "DATE_FORMAT")}
    return gettext("From %(from)s to %(to)s. %(sums)s.") % {**span, "sums": "; ".join(sums)}
