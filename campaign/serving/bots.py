"""Recognise bots by their user agent, in memory; the user agent itself is not kept.

The list is that of the package crawler-user-agents. Nearly all of its 1,500 patterns are plain words. Recent verdicts
are cached under a hash whose key differs in each process.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_MAX_VERDICTS = 4096
_LONGEST = 512  # characters that are looked at: browsers send 80 to 350
_ESCAPE = re.compile(r"\\(\W)")
_REGEX_SYNTAX = re.compile(r"[\\\[\](){}.*+?^$|]")
_ANYTHING = r"[\s\S]*"
_START = 4  # letters by which words are looked up


class BotList:
    """The patterns of a list, with a cache of recent verdicts; the work grows with the length of a name, no faster."""

    def __init__(self, patterns: Iterable[str]) -> None:
        words, regexes = set[str](), list[str]()
        self._sequences: list[list[re.Pattern[str]]] = []  # to be found one behind the other
        for pattern in patterns:
            if not _REGEX_SYNTAX.search(_ESCAPE.sub("", pattern)):
                words.add(_ESCAPE.sub(r"\1", pattern))
            elif _ANYTHING in pattern:
                self._sequences.append([re.compile(_bound_repeats(part)) for part in pattern.split(_ANYTHING)])
            else:
                regexes.append(_bound_repeats(pattern))
        # Those that belong to the beginning are apart, because they are tried there alone.
        self._regex = _any_of(regex for regex in regexes if not regex.startswith("^"))
        self._first_regex = _any_of(regex for regex in regexes if regex.startswith("^"))
        self._short_words = tuple(word for word in words if len(word) < _START)
        self._words: dict[str, tuple[str, ...]] = {}  # by their first letters: asking for each takes 20 times as long
        for word in words.difference(self._short_words):
            self._words[word[:_START]] = (*self._words.get(word[:_START], ()), word)
        self._verdicts: dict[int, bool] = {}

    def matches(self, user_agent: str | None) -> bool:
        """Whether the list names this user agent; an empty one is not on it."""
        if not user_agent:
            return False
        user_agent = user_agent[:_LONGEST]
        key = hash(user_agent)
        verdict = self._verdicts.get(key)
        if verdict is None:
            if len(self._verdicts) >= _MAX_VERDICTS:
                self._verdicts.clear()
            verdict = self._verdicts[key] = self._search(user_agent)
        return verdict

    def _search(self, text: str) -> bool:
        if any(word in text for word in self._short_words):
            return True
        for at in range(len(text) - _START + 1):
            words = self._words.get(text[at : at + _START])
            if words is not None and text.startswith(words, at):
                return True
        if self._first_regex.match(text) or self._regex.search(text):
            return True
        return any(_in_order(parts, text) for parts in self._sequences)


def _any_of(regexes: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(regexes) or "(?!)")


def _bound_repeats(regex: str) -> str:
    """The regex with a limit to each repetition: without one, matching can take the square of the length."""
    return re.sub(r"(?<!\\)([*+])", lambda sign: "{0,32}" if sign[1] == "*" else "{1,32}", regex)


def _in_order(parts: Iterable[re.Pattern[str]], text: str) -> bool:
    at = 0
    for part in parts:
        found = part.search(text, at)
        if found is None:
            return False
        at = found.end()
    return True


@cache
def load_bot_list() -> BotList:
    """The installed list. Importing its package would keep 2 MB of examples in memory, so only the file is read."""
    package = find_spec("crawleruseragents")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("crawler-user-agents is not installed")
    text = (Path(package.origin).parent / "crawler-user-agents.json").read_text(encoding="utf-8")
    return BotList(json.loads(text, object_hook=lambda item: item["pattern"]))  # drops the examples while parsing
