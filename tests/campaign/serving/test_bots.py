"""Who is a machine, by the name it gives itself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from campaign.serving import bots

parse_regex: Any = import_module("re._parser").parse

PEOPLE = [
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile "
    "Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 "
    "Edg/130.0.0.0",
    "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 "
    "Chrome/122.0.0.0 Mobile Safari/537.36",
]
MACHINES = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/8.5.0",
    "python-requests/2.32.3",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
]


@pytest.mark.parametrize("agent", PEOPLE)
def test_a_person_s_browser_is_no_machine(agent: str) -> None:
    assert not bots.load_bot_list().matches(agent)


@pytest.mark.parametrize("agent", MACHINES)
def test_machines_are_known_by_their_names(agent: str) -> None:
    assert bots.load_bot_list().matches(agent)


@pytest.mark.parametrize("agent", ["", None])
def test_who_gives_no_name_is_not_on_the_list(agent: str | None) -> None:
    assert not bots.load_bot_list().matches(agent)


def test_every_example_of_the_list_is_recognised() -> None:
    """The list brings examples of its patterns."""
    package = find_spec("crawleruseragents")
    assert package is not None
    assert package.origin is not None
    listed = json.loads((Path(package.origin).parent / "crawler-user-agents.json").read_text(encoding="utf-8"))
    examples = [example for item in listed for example in item["instances"]]
    assert len(examples) > 1_000
    assert [example for example in examples if not bots.load_bot_list().matches(example)] == []


def test_verdicts_are_remembered_and_names_are_not() -> None:
    known = bots.BotList(["Bot"])
    assert [known.matches(name) for name in ("A canary Bot", "A canary")] * 2 == [True, False] * 2
    assert all(isinstance(key, int) for key in known._verdicts)
    for number in range(10_000):
        known.matches(f"name {number}")
    assert len(known._verdicts) <= 4096


def test_what_stands_behind_the_512th_character_is_not_looked_at() -> None:
    known = bots.BotList(["a certain bot"])
    assert not known.matches("/" * 512 + " a certain bot")
    assert known.matches("a certain bot " + "/" * 8_000)


def test_patterns_of_every_kind_are_found() -> None:
    known = bots.BotList([r"Curl\/", "ab", "^Begin", "[Ww]get", r"Feed\/\d+", r"First[\s\S]*Last\.x"])
    for name in ("Curl/8", "xabx", "Begin x", "x Wget", "Feed/12345", "x First and Last.x", "First Last.x First"):
        assert known.matches(name), name
    for name in ("Curl", "a b", "x Begin", "get", "Feed/x", "Last.x First", "First Lastyx"):
        assert not known.matches(name), name


class CountedWords(dict[str, tuple[str, ...]]):
    """Counts how often it is asked, and for how many words."""

    asked = candidates = 0

    def get(self, key: str, default: Any = None) -> Any:
        found = super().get(key, default)
        self.asked += 1
        self.candidates += len(found or ())
        return found


@pytest.mark.parametrize("piece", ["/", "Goog", "Mozilla/5.0 (", "Current", "bo", "-"])
def test_twice_as_long_a_name_takes_at_most_twice_the_work(piece: str) -> None:
    known = bots.load_bot_list()
    work = []
    for length in (250, 500):
        one = bots.BotList([])
        one._words = counted = CountedWords(known._words)
        one._search((piece * length)[:length])
        work.append((counted.asked, counted.candidates))
    assert all(twice <= 2.1 * once + 1 for once, twice in zip(*work, strict=True)), work


def test_no_pattern_of_the_list_repeats_anything_without_a_limit() -> None:
    """With limits a pattern takes a bounded number of steps at each character."""
    known = bots.load_bot_list()
    regexes = [known._regex, known._first_regex, *(part for parts in known._sequences for part in parts)]
    assert len(regexes) > 4
    for regex in regexes:
        assert unlimited_repeats(parse_regex(regex.pattern)) == []


def test_a_repetition_without_a_limit_would_be_found() -> None:
    assert unlimited_repeats(parse_regex(r"a(?:b|[cd]+)*")) != []


def unlimited_repeats(parsed: Iterable[Any]) -> list[Any]:
    """The repetitions in a parsed regex that have no limit, or more than 32 rounds."""
    found = []
    for operation, argument in parsed:
        if str(operation).endswith("REPEAT"):
            found += [argument] if argument[1] > 32 else []
            found += unlimited_repeats(argument[2])
        elif str(operation) == "BRANCH":
            found += [hit for branch in argument[1] for hit in unlimited_repeats(branch)]
        elif str(operation) == "SUBPATTERN":
            found += unlimited_repeats(argument[3])
    return found
