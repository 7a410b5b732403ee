"""Section of `manage.py simulate` about a message in use with a holdout."""

from collections.abc import Callable

from analytics.simulation_study.holdouts import use_calls

_HOLDOUTS = (0.1, 0.05)
_PEOPLE = (2_000, 10_000, 50_000)
_MONTHS = 12
_EFFECTS: dict[str, Callable[[int], float]] = {
    "nothing": lambda month: 0.0,
    "9 points, month after month": lambda month: 0.09,
    "9 points at first, 1 less each month": lambda month: max(0.09 - 0.01 * month, 0.0),
    "9 points at first, 2 from the third month on": lambda month: 0.09 if month < 2 else 0.02,
}


def use_section(trials: int) -> list[str]:
    """Simulate a year of use: is fading said where nothing fades, and found where it does?"""
    lines = [
        "",
        "## In use, with a holdout",
        "",
        "A message in use for a year, beside a holdout in which 30 of 100 turn back. In what share of uses is any",
        "month said to work, to do worse, and to work less than the first?",
        "",
        "| effect | people a month | holdout | works | worse | less than at first |",
        "|---|---|---|---|---|---|",
    ]
    for number, (name, effect) in enumerate(_EFFECTS.items()):
        for people in _PEOPLE:
            for holdout in _HOLDOUTS:
                seed = 2_000 + 100 * number + people // 1_000 + round(holdout * 1_000)
                calls = use_calls(
                    a_month=people, holdout=holdout, effect=effect, months=_MONTHS, count=trials // 2, seed=seed
                )
                told = " | ".join(share.in_percent() for share in (calls.works, calls.worse, calls.fades))
                lines.append(f"| {name} | {people:,} | {round(holdout * 100)} of 100 | {told} |")
    return [
        *lines,
        "",
        "In at most one use of twenty is fading said of an effect that does not fade. Each month's interval holds at",
        "all looks of that month, so a year of months that may each err by 5% errs far less. A small place learns",
        "little about fading: few people keep the control there.",
    ]
