"""Is it a machine that asks? Judged by the name it gives itself, in memory; nothing of the name is kept.

The list is the one that the package crawler-user-agents keeps up to date. Nearly all of its 1,500 patterns are plain
words, yet to look for each takes a tenth of a millisecond: so the last verdicts are remembered under the name's hash,
which Python keys anew in each process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_REMEMBERED = 4096
_ESCAPE = re.compile(r"\\(\W)")
_MEANS_SOMETHING = re.compile(r"[\\\[\](){}.*+?^$|]")


class BotList:
    """Patterns of a list, and the verdicts on the names that came lately."""

    def __init__(self, patterns: Iterable[str]) -> None:
        listed = list(patterns)
        others = [pattern for pattern in listed if _MEANS_SOMETHING.search(_ESCAPE.sub("", pattern))]
        self._words = tuple(_ESCAPE.sub(r"\1", pattern) for pattern in listed if pattern not in others)
        self._pattern = re.compile("|".join(others) or "(?!)")
        self._verdicts: dict[int, bool] = {}

    def matches(self, agent: str | None) -> bool:
        """Whether the list knows a machine by this user agent; who gives no name is not on it."""
        if not agent:
            return False
        key = hash(agent)
        verdict = self._verdicts.get(key)
        if verdict is None:
            if len(self._verdicts) >= _REMEMBERED:
                self._verdicts.clear()
            verdict = self._verdicts[key] = any(word in agent for word in self._words) or bool(
                self._pattern.search(agent)
            )
        return verdict


@cache
def load_bot_list() -> BotList:
    """The list as installed. Its file is read without its package, which would keep 2 MB of examples in memory."""
    package = find_spec("crawleruseragents")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("crawler-user-agents is not installed")
    listed = (Path(package.origin).parent / "crawler-user-agents.json").read_text(encoding="utf-8")
    return BotList(json.loads(listed, object_hook=lambda item: item["pattern"]))  # each dropped once it is read
