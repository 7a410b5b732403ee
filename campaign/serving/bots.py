"""Recognise bots by their user agent, in memory; the user agent itself is not kept.

The list is that of the package crawler-user-agents. Nearly all of its 1,500 patterns are plain words, yet searching for
them takes a tenth of a millisecond, so recent verdicts are cached under a hash whose key differs in each process.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_MAX_VERDICTS = 4096
_LONGEST = 512  # characters that are looked at: browsers send 80 to 350, and matching takes longer than linear time
_ESCAPE = re.compile(r"\\(\W)")
_REGEX_SYNTAX = re.compile(r"[\\\[\](){}.*+?^$|]")


class BotList:
    """The patterns of a list, with a cache of recent verdicts."""

    def __init__(self, patterns: Iterable[str]) -> None:
        patterns = list(patterns)
        regexes = [pattern for pattern in patterns if _REGEX_SYNTAX.search(_ESCAPE.sub("", pattern))]
        self._words = tuple(_ESCAPE.sub(r"\1", pattern) for pattern in patterns if pattern not in regexes)
        self._regex = re.compile("|".join(regexes) or "(?!)")
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
            verdict = any(word in user_agent for word in self._words) or bool(self._regex.search(user_agent))
            self._verdicts[key] = verdict
        return verdict


@cache
def load_bot_list() -> BotList:
    """The installed list. Importing its package would keep 2 MB of examples in memory, so only the file is read."""
    package = find_spec("crawleruseragents")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("crawler-user-agents is not installed")
    text = (Path(package.origin).parent / "crawler-user-agents.json").read_text(encoding="utf-8")
    return BotList(json.loads(text, object_hook=lambda item: item["pattern"]))  # drops the examples while parsing
