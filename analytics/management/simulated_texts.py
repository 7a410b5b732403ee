"""Sections of `manage.py simulate` about arms of several texts."""

from analytics.comparison.inputs import Monitoring
from analytics.simulation_study.network_holds import found_beside_one_network
from analytics.simulation_study.stopped_texts import calls_after_stop
from analytics.simulation_study.texts import LOOKS, RATE, TextCampaign, call_rates
from analytics.simulation_study.unequal_texts import UnequalCampaign
from analytics.simulation_study.unequal_texts import call_rates as unequal_call_rates
from analytics.stats.power import units_in_all
from analytics.stats.texts.sizing import Design, people_needed, power

_SPREADS = {"none": 0.0, "small: 1 point": 0.01, "large: 3 points": 0.03}
_DESIGNS: tuple[tuple[Design, int], ...] = (
    *(("nested", 1), ("nested", 3), ("nested", 6)),
    *(("matched", 3), ("matched", 4), ("matched", 6)),
)
_NAMES = {"nested": "texts of each arm's own", "matched": "matched sets"}
# Sets, by how much they differ, and the difference.
_PLANS = ((1, 0.0, 0.05), (4, 0.01, 0.05), (5, 0.02, 0.06), (8, 0.03, 0.05))
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
        *_unequal_numbers(trials),
        *_after_a_stop(trials),
        *_power_by_texts(trials),
    ]


# Texts of each arm, the contrast, and the share of an even part that the first text of each arm is shown.
_UNEQUAL: dict[str, tuple[tuple[int, ...], tuple[float, ...], float]] = {
    "2 against 8": ((2, 8), (1.0, -1.0), 1.0),
    "2 against 8, one text of each shown a tenth as often": ((2, 8), (1.0, -1.0), 0.1),
    "2 against 3": ((2, 3), (1.0, -1.0), 1.0),
    "3 against 6": ((3, 6), (1.0, -1.0), 1.0),
    "3 against 12": ((3, 12), (1.0, -1.0), 1.0),
    "interaction of 2, 2, 8 and 8": ((2, 2, 8, 8), (1.0, -1.0, -1.0, 1.0), 1.0),
    "main effect of 4, 4, 4 and 3": ((4, 4, 4, 3), (-0.5, 0.5, -0.5, 0.5), 1.0),
}


def _unequal_numbers(trials: int) -> list[str]:
    lines = [
        "### Unequal numbers of texts",
        "",
        "Texts of each arm's own, but not as many in each; 20,000 people an arm, whose texts share them evenly. In",
        "what share of campaigns is a difference ever called for texts of their kind? First by Welch's test whatever",
        "the numbers, then as the product judges. All calls are false. With one text in an arm nothing is said.",
        "",
        "| looking | texts | " + " | ".join(_SPREADS) + " | 3 points in the arms with fewest |",
        "|---|---|" + "---|" * (len(_SPREADS) + 1),
    ]
    for monitoring in LOOKS:
        for number, (name, (texts, weights, first)) in enumerate(_UNEQUAL.items()):
            cells = []
            alone = tuple(0.03 if each == min(texts) else 0.0 for each in texts)
            for place, spreads in enumerate([*((each,) * len(texts) for each in _SPREADS.values()), alone]):
                campaign = UnequalCampaign(texts, spreads, weights, people=20_000, first=first)
                count = trials if monitoring == "fixed" else trials // 2
                welch, judged = unequal_call_rates(campaign, monitoring, count=count, seed=1_400 + 10 * number + place)
                cells.append(f"{welch.in_percent()}; {judged.in_percent()}")
            lines.append(f"| {_LOOKING[monitoring]} | {name} | " + " | ".join(cells) + " |")
    return [
        *lines,
        "",
        "Two texts that are alike by luck lend Welch's test the degrees of freedom of the other arm. Banerjee's",
        "interval lets each arm keep its own, and costs power: take as many texts in each arm.",
        "",
    ]


def _after_a_stop(trials: int) -> list[str]:
    lines = [
        "### After a text was stopped",
        "",
        "Four matched sets that differ by 5 points in what their texts have in common, and appeals that work alike in",
        "each. One text of one arm is stopped, and the arm goes on with the others. In what share of campaigns is a",
        "difference called by people alone, and for texts of their kind? One look; 40 of 100, in the last row 45 at",
        "first and 35 in the end.",
        "",
        "| one text is stopped | 4,000 people an arm | 16,000 people an arm |",
        "|---|---|---|",
    ]
    for name, at, trend in (
        ("not at all", 1.0, 0.0),
        ("after a half of the people", 0.5, 0.0),
        ("after a quarter", 0.25, 0.0),
        ("after a quarter, and rates fall", 0.25, 0.1),
    ):
        cells = []
        for people in (4_000, 16_000):
            campaign = TextCampaign("matched", 4, 0.0, people=people)
            calls = calls_after_stop(campaign, at=at, trend=trend, count=trials, seed=1100)
            cells.append(f"{calls.these.in_percent()}; {calls.kind.in_percent()}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return [
        *lines,
        "",
        "People alone take what a set has of its own for the appeal, the surer the more they are. So what they say is",
        "held once an arm has lost a text that the other kept. Sets are compared one by one, and stay right.",
        "",
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
        "",
        *_held_by_one_network(trials),
    ]


def _held_by_one_network(trials: int) -> list[str]:
    lines = [
        "### What one network holds back",
        "",
        "Two arms, matched sets, 40 of 100, one look, as many people as the wizard names for a power of 80%, and",
        "twice as many. A verdict that [one network alone](statistics.md#one-network) could have turned is not",
        "called. How often is the difference found by the statistics alone, and how often is it called?",
        "",
        "| texts | difference | people in all | these texts: found; called | texts of their kind: found; called |",
        "|---|---|---|---|---|",
    ]
    for number, (sets, spread, gain) in enumerate(_PLANS):
        if sets > 1:
            per_text = people_needed(difference=gain, control=RATE, texts=sets, spread=spread)
            assert isinstance(per_text, int)
            planned = per_text * sets
        else:
            planned = units_in_all(control=RATE, treated=RATE + gain, shares=(0.5, 0.5), power=0.8) // 2
        for factor in (1, 2):
            campaign = TextCampaign("matched", sets, spread, people=planned * factor, gain=gain)
            these, kinds = found_beside_one_network(campaign, count=trials // 4, seed=1000 + number)
            about = f"{sets} sets that differ by {spread * 100:.0f}" if sets > 1 else "one text each"
            told = f"{kinds.alone.in_percent()}; {kinds.clear.in_percent()}" if kinds else "not said"
            cells = (about, f"{gain * 100:.0f} more", f"{2 * planned * factor:,}")
            lines.append(f"| {' | '.join(cells)} | {these.alone.in_percent()}; {these.clear.in_percent()} | {told} |")
    return [
        *lines,
        "",
        "So 80% become some 60% for these texts, and some 40% for texts of their kind. What one network may count",
        "for shrinks beside more people, and slowly: plan on half as many people again for these texts, and on more",
        "than twice as many for texts of their kind.",
    ]
