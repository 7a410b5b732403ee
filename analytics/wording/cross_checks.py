"""Sentences of the cross-checks and of the tests of all arms, each with the method that its p-value is of."""

from django.utils.translation import gettext, gettext_lazy, ngettext

from analytics.wording.numbers import PeopleScale, at_most, number, p_value

MANY_NETWORKS = 100


def tipping_sentence(tips_at: int | None, *, was_significant: bool) -> str:
    """State how many people would have to change their outcome to turn one comparison."""
    if tips_at is None:
        return gettext("No change in what this message’s readers did would change the result.")
    sentence = (
        ngettext(
            "If %(number)s person had acted differently, there would no longer be a clear difference.",
            "If %(number)s people had acted differently, there would no longer be a clear difference.",
            tips_at,
        )
        if was_significant
        else ngettext(
            "If %(number)s person had acted differently, there would be a clear difference.",
            "If %(number)s people had acted differently, there would be a clear difference.",
            tips_at,
        )
    )
    return sentence % {"number": number(tips_at)}


def one_network_sentence(move: float, networks: int | None, scale: PeopleScale) -> str:
    """State how far one network could have moved a difference, and how many it would take to turn the verdict."""
    if not move:
        return ""
    moved = gettext("One network could have changed it by at most %(number)s of %(people)s people.") % {
        "number": at_most(move, scale),
        "people": scale.people,
    }
    if networks is None:
        return moved
    if networks == 1:
        return f"{moved} " + gettext("That could change the answer, so there is no verdict yet.")
    if networks > MANY_NETWORKS:
        return f"{moved} " + gettext("More than 100 hostile networks would be needed to change the answer.")
    needed = ngettext(
        "About %(number)s hostile network would be needed to change the answer.",
        "About %(number)s hostile networks would be needed to change the answer.",
        networks,
    )
    return f"{moved} " + needed % {"number": number(networks)}


def omnibus_sentence(statistic: float, df: int, p: float, method: str) -> str:
    """State the test of all arms at once, with the method that its p-value is of; empty if that is not on record.

    An exact p-value is not that of chi-square, so the two are not put beside each other.
    """
    values = {"p": p_value(p, 4), "statistic": number(statistic, 3), "degrees": number(df)}
    if method == "pearson":
        words = ngettext(
            "chi-square %(statistic)s with %(degrees)s degree of freedom, p %(p)s",
            "chi-square %(statistic)s with %(degrees)s degrees of freedom, p %(p)s",
            df,
        )
    elif method == "fisher-freeman-halton":
        words = gettext("p %(p)s by Freeman and Halton’s exact test, because an expected count is small")
    elif method == "fisher-freeman-halton-simulated":
        words = gettext(
            "p %(p)s by Freeman and Halton’s exact test on simulated tables, because an expected count is small"
        )
    else:
        words = gettext("p %(p)s, by a method that is not on record")
    return words % values


_SPLIT_TESTS = {
    "pearson": gettext_lazy("The split is checked with a chi-square test of the counts against the planned shares."),
    "exact": gettext_lazy(
        "The split is checked with an exact multinomial test of the counts against the planned shares."
    ),
    "always-valid": gettext_lazy(
        "The split is checked with Lindon and Malek’s test of the counts against the planned "
        "shares, which holds however often you look."
    ),
    "texts": gettext_lazy("The split is checked with the texts of each message, which are assigned equally often."),
}


def split_test_sentence(method: str) -> str:
    """Name the method of the check of the split; empty if it is not on record."""
    return str(_SPLIT_TESTS.get(method, ""))
