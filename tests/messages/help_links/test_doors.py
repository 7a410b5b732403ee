from dataclasses import dataclass

from messages.help_links.doors import PARTS, crisis_lines, links_for_part


@dataclass(frozen=True)
class Link:
    name: str
    lane: str = "affected"
    audience: str = "adult"
    country: str = "*"
    language: str = "en"


def names(*links: Link, part: str = "adult", countries: tuple[str, ...] = ("GB",), language: str = "en") -> list[str]:
    found = links_for_part(links, door="affected", part=part, countries=countries, language=language)
    return [link.name for link in found]


def test_only_what_is_made_for_this_part_or_for_anyone_stands_in_it() -> None:
    assert names(Link("a"), Link("b", audience="under18"), Link("c", audience="anyone"), Link("d", lane="self")) == [
        *("a", "c")
    ]


def test_the_visitors_language_goes_before_their_country_and_both_before_the_audience() -> None:
    links = [
        Link("for anyone", audience="anyone"),
        Link("everywhere"),
        Link("here for anyone", audience="anyone", country="GB"),
        Link("here", country="GB"),
        Link("here, in Spanish", country="GB", language="es"),
    ]
    in_english = ["here", "here for anyone", "everywhere", "for anyone", "here, in Spanish"]
    assert names(*links) == in_english
    assert names(*reversed(links)) == in_english
    assert names(*links, language="es")[0] == "here, in Spanish"


def test_without_a_country_what_serves_everywhere_goes_first_and_nothing_is_left_out() -> None:
    links = [Link("britain", country="GB"), Link("everywhere"), Link("spain", country="ES")]
    assert names(*links, countries=()) == ["everywhere", "spain", "britain"]
    assert names(*links) == ["britain", "everywhere"]


def test_of_pages_of_one_service_the_one_in_the_visitors_language_is_shown() -> None:
    links = [Link("Take"), Link("Take", language="es"), Link("Other")]
    assert names(*links, language="es") == ["Take", "Other"]
    assert names(*links, language="ar") == ["Other", "Take", "Take"]


def test_a_crisis_line_for_anyone_goes_before_one_for_under_18s() -> None:
    links = [
        Link("young", lane="crisis", audience="under18", country="GB"),
        Link("all", lane="crisis", audience="anyone"),
        Link("elsewhere", lane="crisis", audience="anyone", country="US"),
    ]
    assert [link.name for link in crisis_lines(links, countries=["GB"], language="en")] == ["all", "young"]


def test_who_is_under_18_comes_first_behind_each_door_that_asks_for_an_age() -> None:
    assert [parts[0] for door, parts in PARTS.items() if door != "worried"] == ["under18", "under18"]
