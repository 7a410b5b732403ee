"""Count what a backtracking matcher does for a regular expression: the steps, which unlike seconds are always the same.

It walks the parsed expression as Python's own engine does, without its short cuts, and needs a short text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

names: Any = vars(re)["_constants"]  # no stubs name these two
parser: Any = vars(re)["_parser"]
After = Callable[[int], bool]
_CATEGORIES = {
    names.CATEGORY_DIGIT: r"\d",
    names.CATEGORY_NOT_DIGIT: r"\D",
    names.CATEGORY_SPACE: r"\s",
    names.CATEGORY_NOT_SPACE: r"\S",
    names.CATEGORY_WORD: r"\w",
    names.CATEGORY_NOT_WORD: r"\W",
}
MOST_STEPS = 40_000  # a short text takes a few hundred
_RECURSION_LIMIT = 20_000
_ONE_CHARACTER = {names.LITERAL, names.NOT_LITERAL, names.ANY, names.IN}


def steps_of_search(pattern: re.Pattern[str], text: str, *, from_the_start_alone: bool = False) -> int:
    """The steps of finding all matches, or, as `fullmatch` does, of looking at the start alone; at most MOST_STEPS."""
    matcher, usual_limit = _Matcher(text, pattern.flags), sys.getrecursionlimit()
    sys.setrecursionlimit(_RECURSION_LIMIT)
    try:
        _search(matcher, pattern, text, from_the_start_alone=from_the_start_alone)
    except _TooManySteps:
        return MOST_STEPS
    finally:
        sys.setrecursionlimit(usual_limit)
    return matcher.steps


def _search(matcher: _Matcher, pattern: re.Pattern[str], text: str, *, from_the_start_alone: bool) -> None:
    items = list(parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))
    start = 0
    while start <= len(text):
        ends: list[int] = []

        def take(end: int, ends: list[int] = ends) -> bool:
            ends.append(end)
            return not from_the_start_alone or end == len(text)

        found = matcher.run(items, 0, start, take)
        if from_the_start_alone:
            break
        start = max(ends[-1], start + 1) if found else start + 1


def literal_characters(pattern: re.Pattern[str]) -> Iterator[str]:
    """Each character that stands in the expression."""
    yield from dict.fromkeys(chr(code) for code in _literals(list(parser.parse(pattern.pattern, pattern.flags))))


def _literals(tree: Any) -> Iterator[int]:
    if isinstance(tree, tuple) and len(tree) == 2 and tree[0] in (names.LITERAL, names.NOT_LITERAL):
        yield tree[1]
    elif isinstance(tree, tuple | list | parser.SubPattern):
        for part in tree:
            yield from _literals(part)


class _TooManySteps(Exception):
    pass


class _Matcher:
    def __init__(self, text: str, flags: int) -> None:
        self.text, self.flags, self.steps, self.groups = text, flags, 0, dict[int, str]()

    def run(self, items: Sequence[Any], index: int, position: int, after: After) -> bool:
        """Whether the items from this index on match here, and what comes after them, too."""
        self.steps += 1
        if self.steps >= MOST_STEPS:
            raise _TooManySteps
        if index == len(items):
            return after(position)
        kind, value = items[index]

        def onward(end: int) -> bool:
            return self.run(items, index + 1, end, after)

        if kind in _ONE_CHARACTER:
            return self._is_one(kind, value, position) and onward(position + 1)
        if kind is names.BRANCH:
            return any(self.run(part, 0, position, onward) for part in value[1])
        if kind is names.SUBPATTERN:
            return self._group(value, position, onward)
        if kind in (names.MAX_REPEAT, names.MIN_REPEAT):
            return self._repeat(value, position, onward, greedy=kind is names.MAX_REPEAT)
        if kind in (names.ASSERT, names.ASSERT_NOT):
            return self._looks(value, position) is (kind is names.ASSERT) and onward(position)
        if kind is names.GROUPREF:
            again = self.groups.get(value)
            return again is not None and self.text.startswith(again, position) and onward(position + len(again))
        assert kind is names.AT, kind
        return self._is_at(value, position) and onward(position)

    def _is_one(self, kind: Any, value: Any, position: int) -> bool:
        self.steps += 1
        if position >= len(self.text):
            return False
        sign = self.text[position]
        if kind is names.ANY:
            return sign != "\n" or bool(self.flags & re.DOTALL)
        if kind is names.IN:
            return self._is_in(value, sign)
        return self._same(sign, value) is (kind is names.LITERAL)

    def _is_in(self, parts: Sequence[Any], sign: str) -> bool:
        negated = parts[0][0] is names.NEGATE
        return any(self._fits(part, sign) for part in parts[negated:]) is not negated

    def _fits(self, part: Any, sign: str) -> bool:
        kind, value = part
        if kind is names.CATEGORY:
            return bool(re.match(_CATEGORIES[value], sign))
        if kind is names.RANGE:
            return any(value[0] <= ord(form) <= value[1] for form in self._forms(sign))
        return self._same(sign, value)

    def _same(self, sign: str, code: int) -> bool:
        return chr(code) in self._forms(sign)

    def _forms(self, sign: str) -> set[str]:
        forms = {sign, sign.lower(), sign.upper()} if self.flags & re.IGNORECASE else {sign}
        return {form for form in forms if len(form) == 1}

    def _group(self, value: Any, position: int, onward: After) -> bool:
        number, added, removed, part = value
        before, self.flags = self.flags, (self.flags | added) & ~removed
        old = self.groups.get(number)

        def leave(end: int) -> bool:
            inside, self.flags = self.flags, before
            self.groups[number] = self.text[position:end]
            if onward(end):
                return True
            self.flags = inside
            return False

        found = self.run(part, 0, position, leave)
        self.flags = before
        if not found and old is not None:
            self.groups[number] = old
        return found

    def _repeat(self, value: Any, position: int, onward: After, *, greedy: bool) -> bool:
        least, most, part = value
        most = len(self.text) + 1 if most is names.MAXREPEAT else most
        if len(part) == 1 and part[0][0] in _ONE_CHARACTER:
            count = 0
            while count < most and self._is_one(part[0][0], part[0][1], position + count):
                count += 1
            counts = range(count, least - 1, -1) if greedy else range(least, count + 1)
            return any(onward(position + taken) for taken in counts)

        def again(taken: int, here: int) -> bool:
            def further(end: int) -> bool:
                return end > here and again(taken + 1, end)

            if taken >= least and not greedy and onward(here):
                return True
            if taken < most and self.run(part, 0, here, further):
                return True
            return taken >= least and greedy and onward(here)

        return again(0, position)

    def _looks(self, value: Any, position: int) -> bool:
        direction, part = value
        start = position if direction > 0 else position - part.getwidth()[0]
        return start >= 0 and self.run(part, 0, start, lambda end: direction > 0 or end == position)

    def _is_at(self, where: Any, position: int) -> bool:
        text, end = self.text, len(self.text)
        if where in (names.AT_BEGINNING, names.AT_BEGINNING_STRING):
            lines = where is names.AT_BEGINNING and self.flags & re.MULTILINE
            return position == 0 or bool(lines and text[position - 1] == "\n")
        if where in (names.AT_END, names.AT_END_STRING):
            lines = where is names.AT_END and self.flags & re.MULTILINE
            last = where is names.AT_END and position == end - 1 and text[position] == "\n"
            return position == end or last or bool(lines and text[position] == "\n")
        sides = [0 <= side < end and bool(re.match(r"\w", text[side])) for side in (position - 1, position)]
        return (sides[0] != sides[1]) is (where is names.AT_BOUNDARY)
