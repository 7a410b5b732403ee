"""Sections of `manage.py simulate` about a page that shows one arm a day, or for some hours."""

from analytics.simulation_study import switchback_hours
from analytics.simulation_study.period_harm_stops import HarmByDay, stops
from analytics.simulation_study.switchback import PeriodCampaign, call_rates
from analytics.simulation_study.switchback_hours import HourCampaign

_WEEKS = (2, 4, 12)
_DAYS = {
    "days that are alike": PeriodCampaign(0),
    "weekends 7 points above working days": PeriodCampaign(0, swing=0.05),
    "days 3 points apart by chance": PeriodCampaign(0, spread=0.03),
    "the same, and each like the day before": PeriodCampaign(0, spread=0.03, kept=0.8),
    "all of it": PeriodCampaign(0, swing=0.05, spread=0.03, kept=0.8),
    "all of it, and 5 points more": PeriodCampaign(0, swing=0.05, spread=0.03, kept=0.8, gain=0.05),
}


def switchback_section(trials: int) -> list[str]:
    """Simulate days of one arm each: how often is a difference called that is one of the days?"""
    lines = [
        "",
        "## One arm a day",
        "",
        "One page that shows one of two arms each day, in balanced blocks of two weeks, to some 300 people a day with",
        "40 of 100. In what share of campaigns is a difference called? First as if people were strangers to each",
        "other; then by CR2 with days as clusters; then by the permutation test, as planned. But for the last row all",
        "calls are false.",
        "",
        "| | " + " | ".join(f"{weeks} weeks" for weeks in _WEEKS) + " |",
        "|---|" + "---|" * len(_WEEKS),
    ]
    for number, (name, days) in enumerate(_DAYS.items()):
        cells = []
        for place, weeks in enumerate(_WEEKS):
            campaign = PeriodCampaign(weeks, days.swing, days.spread, days.kept, days.gain)
            shares = call_rates(campaign, count=trials // 2, seed=1_000 + 10 * number + place)
            cells.append("; ".join(share.in_percent() for share in shares))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return [
        *lines,
        "",
        "Whoever counts people takes good days for a good message. Clusters are safe, but where weekdays differ they",
        "lose what the blocks gain, and with few days they are rough. The permutation test rests on the draw alone, so",
        "it keeps its level whatever the days are like.",
    ]


_LENGTHS = (1, 2, 4, 6, 12, 24)
_UNLIKE = {"night": 0.05, "swing": 0.05, "days": 0.03, "spread": 0.03, "kept": 0.8}
_HOURS: dict[str, dict[str, float]] = {
    "hours that are alike": {},
    "nights 7 points above days": {"night": 0.05},
    "hours 3 points apart by chance": {"spread": 0.03},
    "the same, and each like the hour before": {"spread": 0.03, "kept": 0.8},
    "days 3 points apart as well, and weekends 7 points": {**_UNLIKE, "night": 0.0},
    "all of it": _UNLIKE,
}
_TRAFFIC = ((30, 0.15), (300, 0.05), (3_000, 0.03))  # people a day, and what the second arm adds


def hours_section(trials: int) -> list[str]:
    """Simulate periods of hours: false calls, what they tell beside days, and what a lasting effect does."""
    count = trials // 4
    head = ["| | " + " | ".join(_length(hours) for hours in _LENGTHS) + " |", "|---|" + "---|" * len(_LENGTHS)]
    lines = [
        "",
        "## One arm for some hours",
        "",
        "The same page, which shows an arm for some hours instead of a day: blocks of two days, in which every hour",
        "of the day has each arm once, and each day both equally often. Nights bring a third of the people of days,",
        "traffic resembles that of the hour before, and the first 10 minutes of each period are not counted. Four",
        "weeks, 300 people a day.",
        f"In what share of {count:,} campaigns is a difference called? By people; by CR2 with an arm's part of a block",
        "as a cluster; by the permutation test over blocks, as planned. All calls are false.",
        "",
        *head,
    ]
    for number, (name, unlike) in enumerate(_HOURS.items()):
        cells = []
        for place, hours in enumerate(_LENGTHS):
            campaign = HourCampaign(hours, **unlike)  # type: ignore[arg-type]  # all of them are spreads
            shares = switchback_hours.call_rates(campaign, count=count, seed=1_200 + 10 * number + place)
            cells.append("; ".join(share.in_percent() for share in shares))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "And how often is a true difference found, in two weeks of all of it, by the permutation test?",
        "",
        *head,
    ]
    for number, (per_day, gain) in enumerate(_TRAFFIC):
        cells = []
        for place, hours in enumerate(_LENGTHS):
            campaign = HourCampaign(hours, weeks=2, per_day=per_day, gain=gain, **_UNLIKE)  # type: ignore[arg-type]
            shares = switchback_hours.call_rates(campaign, count=count, seed=1_300 + 10 * number + place)
            cells.append(shares[-1].in_percent())
        lines.append(f"| {per_day:,} people a day, {100 * gain:.0f} points more | " + " | ".join(cells) + " |")
    lines += [
        "",
        "A good day falls on both arms alike, so hours tell more than days wherever days are what limits a trial: the",
        "more people come, the more. With few people chance among them decides, and the length hardly matters.",
        "",
        "What if a message works on? One adds 5 points, but in the first hour of a period half of that is what was",
        "shown before. The mean of the estimate in points, 3,000 people a day, four weeks:",
        "",
        *head,
    ]
    for number, washout in enumerate((10, 60)):
        cells = []
        for place, hours in enumerate(_LENGTHS):
            if washout >= 60 * hours:
                cells.append("–")
                continue
            campaign = HourCampaign(hours, per_day=3_000, washout=washout, gain=0.05, carried=0.5)
            mean = switchback_hours.mean_effect(campaign, count=count // 5, seed=1_400 + 10 * number + place)
            cells.append(f"{100 * mean:.1f}")
        lines.append(f"| {washout} minutes not counted | " + " | ".join(cells) + " |")
    return [
        *lines,
        "",
        "What lasts falls on both arms equally often, so it makes a difference smaller and never turns it around; if",
        "the arms simply alternated, an hour each would show none. Longer periods and a longer wash-out lose less.",
    ]


def _length(hours: int) -> str:
    return "a day" if hours == 24 else f"{hours} h"


# Arms, harm in the control, allowed on top, people a day, and by how much of the rate days vary.
_ON_THE_MARGIN = (
    *((2, 0.03, 0.01, 300, 0.0), (2, 0.03, 0.01, 300, 0.3), (2, 0.03, 0.01, 1_000, 0.3)),
    *((2, 0.03, 0.01, 1_000, 0.6), (4, 0.03, 0.01, 1_000, 0.4), (2, 0.30, 0.05, 300, 0.2)),
)
_BEYOND_THE_MARGIN = ((2, 0.003, 0.10), (2, 0.03, 0.10), (2, 0.03, 0.27), (4, 0.03, 0.27))


def period_harm_section(trials: int) -> list[str]:
    """Simulate the harm stop where a page shows one arm a day: on the margin every stop is false."""
    count = trials // 10
    lines = [
        "",
        "## The harm stop with one arm a day",
        "",
        "One page that shows one arm a day for eight weeks; days vary by a part of their rate, resemble their",
        "neighbours, and weekends differ. Each message but the control does exactly the harm that the plan allows. In",
        f"what share of {count:,} campaigns is any of them stopped, in daily looks? First by people, as if they were",
        "strangers to each other; then by what their days are worth, as planned. At most 5% are promised.",
        "",
        "| arms | harm in the control | allowed | people a day | days vary by | by people | as planned |",
        "|---|---|---|---|---|---|---|",
    ]
    for number, (arms, control, margin, per_day, spread) in enumerate(_ON_THE_MARGIN):
        case = HarmByDay(arms, 8, control, margin, margin, per_day, spread)
        shares = [stops(case, by_people=by_people, count=count, seed=1_100 + number)[0] for by_people in (True, False)]
        cells = " | ".join(share.in_percent() for share in shares)
        lines.append(f"| {arms} | {control:.1%} | {margin:.0%} more | {per_day:,} | {spread:.0%} | {cells} |")
    lines += [
        "",
        "A message that does more harm than the 1 in 100 that is allowed is stopped on which day? That of half the",
        f"campaigns, and of nine in ten; 300 people a day, days that vary by 30%, {count:,} campaigns.",
        "",
        "| arms | harm in the control | the message adds | by people | as planned |",
        "|---|---|---|---|---|",
    ]
    for number, (arms, control, harm) in enumerate(_BEYOND_THE_MARGIN):
        case = HarmByDay(arms, 8, control, harm, 0.01, 300, 0.3)
        days = [stops(case, by_people=by_people, count=count, seed=1_120 + number)[1] for by_people in (True, False)]
        cells = " | ".join(f"{_day(each.half)}; {_day(each.nine_tenths)}" for each in days)
        lines.append(f"| {arms} | {control:.1%} | {harm:.0%} | {cells} |")
    lines += [
        "",
        "With periods of hours both arms share the luck of a day, which the rule does not count on: it takes an arm's",
        "part of a block for a day of its own. The same campaigns, by hours, as planned:",
        "",
        "| arms | harm in the control | the message adds | stopped | on day |",
        "|---|---|---|---|---|",
    ]
    for number, (arms, control, harm) in enumerate(((2, 0.03, 0.01), (4, 0.03, 0.01), *_BEYOND_THE_MARGIN[1:])):
        case = HarmByDay(arms, 8, control, harm, 0.01, 300, 0.3, by_hours=True)
        share, when = stops(case, by_people=False, count=count, seed=1_140 + number)
        told = f"{_day(when.half)}; {_day(when.nine_tenths)}"
        lines.append(f"| {arms} | {control:.1%} | {harm:.0%} | {share.in_percent()} | {told} |")
    return lines


def _day(day: int | None) -> str:
    return "not within 56" if day is None else str(day)
