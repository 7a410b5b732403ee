"""Who is a machine, by the name it gives itself."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from campaign.serving import bots

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


def test_the_work_for_a_long_name_is_bounded() -> None:
    seen: list[int] = []

    class Regex:
        def search(self, text: str) -> None:
            seen.append(len(text))

    known = bots.BotList(["a certain bot"])
    known._regex = Regex()  # type: ignore[assignment]  # it counts what it is asked to look at
    assert not known.matches("/" * 8_000 + " a certain bot")
    assert known.matches("a certain bot " + "/" * 8_000)
    assert max(seen) == 512
