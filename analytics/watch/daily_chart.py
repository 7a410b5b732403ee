"""How many saw each message, day by day, as accessible SVG: a bar for each arm side by side, in the order of the key.

Positions across are percentages and text keeps its own size, as in analytics.results.charts. A day that is told with a
later one has the average of both, with a dashed edge.
"""

from __future__ import annotations

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

HEIGHT = 170.0  # of the plot, px
DAYS = {"wide": 14, "phone": 7}  # the last so many
LEFT = {"wide": 5.0, "phone": 12.0}  # percent, beside the numbers
NAMES = {"wide": 7, "phone": 3}  # of days, as many as have room
LONG, LONG_NAMES = 13, 2  # a name of more signs is long: on a phone so many have room
_TICKS = 3


@dataclass(frozen=True, slots=True)
class DayBar:
    """One arm on one day: how many saw it, or the average of the days that were told together."""

    day: date
    people: float
    days_covered: int  # days

    @property
    def is_average(self) -> bool:
        return self.days_covered > 1


def day_bars(arm: ArmDailyTotals) -> list[DayBar]:
    """A bar for each day that is told of one arm."""
    found, before, last = [], 0, None
    for end in arm.days:
        first = last + timedelta(days=1) if last else end.day
        together = (end.day - first).days + 1
        average = (end.people - before) / together
        found += [DayBar(first + timedelta(days=n), average, together) for n in range(together)]
        before, last = end.people, end.day
    return found


def daily_chart(arms: Sequence[ArmDailyTotals], *, layout_name: str) -> SafeString:
    """The last days as a chart."""
    told = {arm.arm.key: day_bars(arm) for arm in arms}
    days = sorted({bar.day for each in told.values() for bar in each})[-DAYS[layout_name] :]
    shown = [bar.people for each in told.values() for bar in each if bar.day in days]
    step, top = _scale(max(shown, default=0.0))
    left = LEFT[layout_name]
    slot = (100 - left) / max(len(days), 4)
    names = [date_format(day, "MONTH_DAY_FORMAT") for day in days]
    long = layout_name == "phone" and max(map(len, names), default=0) > LONG
    room = LONG_NAMES if long else NAMES[layout_name]
    apart = max(ceil(len(days) / room), 1)  # every so many days one has its name, and so has the last
    named = {*range(0, len(days) - apart, apart), len(days) - 1}
    parts = list(_grid(left, step, top))
    for at, day in enumerate(days):
        parts += [
            _bar(arm, bar, left + slot * (at + 0.1 + 0.8 * lane / len(arms)), 0.8 * slot / len(arms), top)
            for lane, arm in enumerate(arms)
            for bar in told[arm.arm.key]
            if bar.day == day
        ]
        if at in named:
            # On a phone the names at both ends keep within the plot.
            end = layout_name == "phone" and at == len(days) - 1 and at > 0
            start = layout_name == "phone" and at == 0
            across, anchor = (1.0, "end") if end else (0.0, "start") if start else (0.5, "middle")
            where = f"{left + slot * (at + across):.2f}%"
            parts.append(svg_text(where, HEIGHT + 20, names[at], "tick", anchor))
    title = gettext("How many people saw each message, day by day")
    return svg_document(f"days-{layout_name}", title, _in_words(days, told, arms), HEIGHT + 28, parts)


def _scale(most: float) -> tuple[float, float]:
    """A step of 1, 2 or 5 times a power of ten, and the number at the top of the plot."""
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
    y = _y(bar.people, top)
    return format_html(
        '<rect class="day frame-{}{}" x="{}%" width="{}%" y="{}" height="{}"/>',
        arm.arm.frame,
        " average" if bar.is_average else "",
        f"{x:.2f}",
        f"{max(width - 0.15, 0.2):.2f}",
        y,
        round(HEIGHT - y, 1),
    )


def _y(people: float, top: float) -> float:
    """Down from the top, with a little air for the highest number."""
    return round(8 + (HEIGHT - 8) * (1 - people / top), 1)


def _in_words(days: Sequence[date], told: dict[str, list[DayBar]], arms: Sequence[ArmDailyTotals]) -> str:
    if not days:
        return gettext("No day can be told yet.")
    sums = [
        gettext("%(name)s: %(people)s")
        % {
            "name": arm.arm.name,
            "people": wording.number(sum(bar.people for bar in told[arm.arm.key] if bar.day in days)),
        }
        for arm in arms
    ]
    span = {"from": date_format(days[0], "DATE_FORMAT"), "to": date_format(days[-1], "DATE_FORMAT")}
    return gettext("From %(from)s to %(to)s. %(sums)s.") % {**span, "sums": "; ".join(sums)}
