"""Section of `manage.py simulate` about a page that shows one arm a day."""

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
