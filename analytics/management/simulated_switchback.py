"""Section of `manage.py simulate` about a page that shows one arm a day."""

from analytics.simulation_study.period_harm_stops import HarmByDay, stops
from analytics.simulation_study.switchback import PeriodCampaign, call_rates

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
    return lines


def _day(day: int | None) -> str:
    return "not within 56" if day is None else str(day)
