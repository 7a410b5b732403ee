"""Sections of `manage.py simulate` about arms of several texts."""

from analytics.comparison.compare import Monitoring
from analytics.simulation_study.texts import LOOKS, RATE, TextCampaign, call_rates
from analytics.stats.texts.sizing import Design, power

_SPREADS = {"none": 0.0, "small: 1 point": 0.01, "large: 3 points": 0.03}
_DESIGNS: tuple[tuple[Design, int], ...] = (
    *(("nested", 1), ("nested", 3), ("nested", 6)),
    *(("matched", 3), ("matched", 4), ("matched", 6)),
)
_NAMES = {"nested": "texts of each arm's own", "matched": "matched sets"}
_LOOKING: dict[Monitoring, str] = {
    "fixed": "once, at the end",
    "group-sequential": "five planned looks",
    "always-valid": "at any time",
}


def texts_section(trials: int) -> list[str]:
    """Simulate arms whose texts differ: how often is a difference of the appeals called that is one of the texts?"""
    lines = [
        "",
        "## Arms of several texts",
        "",
        "Two appeals that truly work alike, 40 of 100, 4,000 people an arm. Each arm has 1 to 6 texts, which differ",
        "not at all, by 1 point or by 3 points (standard deviation). In what share of campaigns is one appeal ever",
        "called better or worse? First by the analysis of people alone, which holds for these texts; then by the one",
        "that takes the texts for a sample, which is to stay at or under 5%. Looking at any time goes on after the",
        "plan, up to four times the people.",
        "",
        "| looking | arms | " + " | ".join(_SPREADS) + " |",
        "|---|---|" + "---|" * len(_SPREADS),
    ]
    for monitoring in LOOKS:
        for number, (design, texts) in enumerate(_DESIGNS):
            cells = []
            for place, spread in enumerate(_SPREADS.values()):
                these, kind = call_rates(
                    TextCampaign(design, texts, spread),
                    monitoring,
                    count=trials if monitoring == "fixed" else trials // 2,
                    seed=900 + 10 * number + place,
                )
                said = kind.in_percent() if texts > 1 else "not said"
                cells.append(f"{these.in_percent()}; {said}")
            arms = "one text each" if texts == 1 else f"{texts} {_NAMES[design]}"
            lines.append(f"| {_LOOKING[monitoring]} | {arms} | " + " | ".join(cells) + " |")
    return [
        *lines,
        "",
        "More people make it worse for the analysis of people alone: the surer it is of these texts, the oftener it",
        "takes a difference between texts for one between appeals. With one text each, nothing can be said of appeals.",
        "",
        *_power_by_texts(trials),
    ]


def _power_by_texts(trials: int) -> list[str]:
    lines = [
        "### People and texts",
        "",
        "45 against 40 of 100, 4,000 people an arm, matched sets, one look. How often is the difference called for",
        "texts of this kind: as computed for planning, and as simulated?",
        "",
        "| sets | people for each text | " + " | ".join(_SPREADS) + " |",
        "|---|---|" + "---|" * len(_SPREADS),
    ]
    for sets in (2, 4, 5, 6, 8, 12):
        cells = []
        for place, spread in enumerate(_SPREADS.values()):
            people = 4_000 // sets
            planned = power(difference=0.05, control=RATE, people_per_text=people, texts=sets, spread=spread)
            campaign = TextCampaign("matched", sets, spread, gain=0.05)
            _, found = call_rates(campaign, "fixed", count=trials // 2, seed=980 + place)
            cells.append(f"{planned:.0%}; {found.in_percent()}")
        lines.append(f"| {sets} | {people:,} | " + " | ".join(cells) + " |")
    return [
        *lines,
        "",
        "Six sets find less than five: from six on the exact sign-flip test decides, and with six it claims only if",
        "all agree. Eight lose nothing.",
    ]
