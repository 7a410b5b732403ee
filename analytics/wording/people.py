"""Words about how many people there are, what of them is hidden, and how many more it takes."""

from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from analytics.wording.numbers import hidden_count_text, number, to_two_figures


def people_text(value: int | None) -> str:
    """Format a number of people, or the text in place of a suppressed one."""
    if value is None:
        return gettext("only a few people")
    return ngettext("%(number)s person", "%(number)s people", value) % {"number": number(value)}


def exposure_sentence(value: int | None) -> str:
    """State how many people have seen a message, in one sentence."""
    if value is None:
        return gettext("Only a few people have seen a message so far.")
    words = ngettext(
        "%(number)s person has seen a message so far.", "%(number)s people have seen a message so far.", value
    )
    return words % {"number": number(value)}


def small_counts_note() -> str:
    """Explain why small counts are suppressed."""
    return gettext("Small counts are hidden so that nobody can be identified.")


def hidden_reason(least: int) -> str:
    """Explain why a number is suppressed."""
    why = gettext(
        "In one of the groups, %(few)s people did it or did not do it, or the number would reveal "
        "so small a group when combined with others."
    ) % {"few": hidden_count_text(least)}
    return f"{why} {small_counts_note()}"


def hidden_note(least: int) -> str:
    """Explain the text in place of a suppressed count."""
    few = hidden_count_text(least)
    values = {"few": few[:1].upper() + few[1:]}
    return (
        gettext(
            "“%(few)s” means that so few people did it or did not do it, or that the number would "
            "reveal so small a group when combined with others."
        )
        % values
    )


def earlier_look_sentence(look: int, shown: int, least: int) -> str:
    """Explain why a look shows the numbers of an earlier one."""
    return gettext(
        "Since look %(shown)s, %(few)s people were added to one of the groups. So look %(look)s "
        "still shows the numbers of look %(shown)s."
    ) % {"look": look, "shown": shown, "few": hidden_count_text(least)}


@dataclass(frozen=True, slots=True)
class PeopleRange:
    """How many more people in all it takes to tell, and the middle half of what may come; None where not known."""

    likely: int
    low: int | None = None
    high: int | None = None


def people_range(likely: int, low: int | None, high: int | None, *, arms: int) -> PeopleRange:
    """People in all from means per arm."""
    return PeopleRange(likely * arms, low and low * arms, high and high * arms)


def more_people_sentence(more: PeopleRange) -> str:
    """State how many more people in all would tell, and how far that may change."""
    values = {"more": number(to_two_figures(more.likely))}
    if more.low is None or (more.high is not None and to_two_figures(more.low) == to_two_figures(more.high)):
        return gettext("If this continues, about %(more)s more people in all would be needed to tell.") % values
    if more.high is None:
        return (
            gettext(
                "If this continues, about %(more)s more people in all would be needed to tell. In one of "
                "four such cases, the plan cannot tell with any number."
            )
            % values
        )
    values |= {"low": number(to_two_figures(more.low)), "high": number(to_two_figures(more.high))}
    return (
        gettext(
            "If this continues, about %(more)s more people in all would be needed to tell. In half of "
            "such cases it is between %(low)s and %(high)s."
        )
        % values
    )
