"""The section of the simulation page about the harm stop of single texts."""

from analytics.simulation_study.text_harm_stops import text_stops

# Harm in the control, what is allowed on top, texts an arm.
_ON_THE_MARGIN = ((0.03, 0.01, 4), (0.03, 0.01, 12), (0.003, 0.003, 4), (0.003, 0.003, 12))
# What the first of four texts adds to 3 of 100, and what the others add.
_BEYOND_THE_MARGIN = ((0.10, 0.01), (0.10, 0.0), (0.27, 0.01))


def text_harm_section(trials: int) -> list[str]:
    """Simulate texts on the margin, where every stop is false, and one text beyond it beside others on the margin."""
    lines = [
        "## The harm stop of one text",
        "",
        "Three messages of several texts each, whose harm beside the control is exactly what the plan allows, looked",
        f"at each hour of 28 days. In what share of {trials // 4:,} campaigns is any text or any message ever stopped?",
        "At most 5% are promised.",
        "",
        "| harm in the control | allowed | texts of each message | people a text an hour | stopped |",
        "|---|---|---|---|---|",
    ]
    for number, (control, margin, texts) in enumerate(_ON_THE_MARGIN):
        found = text_stops(
            control=control,
            harms=(margin,) * texts,
            margin=margin,
            per_text_a_look=5,
            looks_a_day=24,
            count=trials // 4,
            seed=900 + number,
        )
        lines.append(f"| {control:.2%} | {margin:.2%} more | {texts} | 5 | {found.false.in_percent(2)} |")
    lines += [
        "",
        "One of the four texts of each message does more harm than the 1 in 100 that is allowed on top of 3 of 100 in",
        "the control. On which day is it stopped alone, that of half the messages, and of nine in ten? And in what",
        "share of campaigns is a text or a message stopped whose harm is allowed? 25 people a text a day, daily looks;",
        f"{trials // 4:,} campaigns.",
        "",
        "| that text adds | the others add | stopped alone on day | another stopped falsely |",
        "|---|---|---|---|",
    ]
    for number, (harm, others) in enumerate(_BEYOND_THE_MARGIN):
        found = text_stops(
            control=0.03,
            harms=(harm, others, others, others),
            margin=0.01,
            per_text_a_look=25,
            looks_a_day=1,
            count=trials // 4,
            seed=920 + number,
        )
        days = f"{_day(found.first.half)}; {_day(found.first.nine_tenths)}"
        lines.append(f"| {harm:.0%} | {others:.0%} | {days} | {found.false.in_percent(2)} |")
    return [*lines, ""]


def _day(day: int | None) -> str:
    return "not within 28" if day is None else str(day)
