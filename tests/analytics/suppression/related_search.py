"""Search generated campaigns and plans for groups of people that all releases together disclose.

    python -m tests.analytics.suppression.related_search --campaigns 10000
    python -m tests.analytics.suppression.related_search --campaigns 1000 --texts

Visitors are generated one by one, looks and days between them released by the project, and then attacked by integer
programs over what each visitor may have done: one unknown for each combination of recorded outcomes, column, text of
the arm and moment.
Derived outcomes are defined here anew. Exits with status 1 if a single group of 1 to 9 people is known exactly.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, partial
from itertools import combinations, product
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, eye_array, kron

from analytics.disclosure.daily_counts import DayTotal, releasable_days
from analytics.suppression import suppress
from analytics.suppression.cells import ExactCells, RelatedOutcomes, ReleasedCells

LEAST = 10
ARMS = ("neutral", "both")
_AT_ONCE = 4
View = frozenset[str]  # the recorded outcomes of one visitor
Where = tuple[str, str, View]  # column and text
Groups = Callable[[tuple[str, ...]], list[RelatedOutcomes]]

RECORDED = ("left", "continued", "help_self", "help_affected", "help_worried", "annoyed", "upset")
ANSWERS = ("left", "continued", "help_self", "help_affected", "help_worried")


def contains(outcome: str, view: View) -> bool:
    """Whether a visitor did it."""
    return outcome in view


def turned_back(view: View) -> bool:
    """Whether a visitor pressed leave and did not go on after all."""
    return "left" in view and "continued" not in view


def gave_no_answer(view: View) -> bool:
    """Whether a visitor neither chose nor asked for help."""
    return not view & {*ANSWERS}


DEFINITIONS: dict[str, Callable[[View], bool]] = {
    **{outcome: partial(contains, outcome) for outcome in RECORDED},
    "turned_back": turned_back,
    "no_answer": gave_no_answer,
}
PLANS = (
    ("turned_back", "left"), ("left", "turned_back"), ("turned_back", "continued"), ("annoyed", "left"),
    ("continued", "left", "turned_back"), ("turned_back", "left", "continued"), ("turned_back", "annoyed", "left"),
    ("turned_back", "left", "help_self"), ("help_self", "turned_back", "continued", "left"),
    ("turned_back", "help_self", "annoyed"), ("turned_back", "annoyed", "upset"), ("left", "upset"),
)  # fmt: skip
EXTRAS = ("no_answer", "continued", "left", "help_affected")  # that an analyst may ask for beside the plan


@dataclass(frozen=True, slots=True)
class Moment:
    """One look of one arm as released, or the end of a day that the daily chart shows, and the truth at that time.

    A table by text is one more moment at the same time.
    """

    shown: ReleasedCells
    views: Mapping[Where, int]


@dataclass(slots=True)
class Found:
    """What a search found."""

    campaigns: int = 0
    moments: int = 0
    shown: int = 0
    small: int = 0
    exact: list[str] = field(default_factory=list)
    narrow: list[str] = field(default_factory=list)

    def add(self, other: Found) -> None:
        """Add the findings of another search."""
        self.campaigns += other.campaigns
        self.moments += other.moments
        self.shown += other.shown
        self.small += other.small
        self.exact += other.exact
        self.narrow += other.narrow

    def __str__(self) -> str:
        return (
            f"{self.campaigns:,} campaigns, {self.moments:,} looks and days, {self.shown:,} counts shown, "
            f"{self.small:,} small groups attacked in whole numbers: {len(self.exact)} known exactly, "
            f"{len(self.narrow)} more closely than to ten people"
        )


def released_moments(
    chance: random.Random, groups: Groups, *, many_looks: bool = False, texts: bool = False
) -> dict[str, list[Moment]]:
    """Generate a campaign with its plan, release its looks and days, and return what each arm shows, in order.

    With `texts` arms have two to four of them, seen alike or one of them stopped early, of which some looks tell.
    """
    plan = chance.choice(PLANS)
    columns = [f"place-{at} en" for at in range(chance.randint(1, 3))]
    busy = {column: chance.choice([6, 25, 90, 400]) for column in columns}
    rates = {key: chance.choice([0.0, 0.01, 0.04, 0.3, 0.9]) for key in RECORDED}
    again = chance.choice([0.0, 0.02, 0.1, 0.5])  # those who pressed leave and went on after all
    shares = [1.0] * chance.randint(1, 3) + [chance.choice([0.03, 0.3, 1.0])] if texts else []
    sums: dict[str, Counter[Where]] = {arm: Counter() for arm in ARMS}
    past: list[dict[str, ReleasedCells]] = []
    looks: list[tuple[int, dict[str, ReleasedCells]]] = []
    ends: dict[str, list[DayTotal]] = {arm: [] for arm in ARMS}
    truth: list[dict[str, dict[Where, int]]] = []
    asked: tuple[str, ...] = ()
    number_of_looks = chance.choice([3, 6] if many_looks else [1, 2, 2, 3])
    for look in range(number_of_looks):
        pace = 1.0 if look == 0 else chance.choice([0.04, 0.3, 1.0])
        for _ in range(chance.choice([1, 1, 2])):  # days
            for arm, column in product(ARMS, columns):
                for _ in range(round(busy[column] * pace * chance.uniform(0.2, 1.0))):
                    sums[arm][column, _text(chance, shares), _visitor(chance, rates, again)] += 1
            for arm in ARMS:
                ends[arm].append(DayTotal(date(2026, 3, 1) + timedelta(days=len(truth)), sums[arm].total()))
            truth.append({arm: dict(sums[arm]) for arm in ARMS})
        asked = chance.choice([asked, asked, (chance.choice(EXTRAS),)])
        outcomes = () if look == 0 and chance.random() < 0.2 else tuple(dict.fromkeys((*plan, *asked)))
        for arm in ARMS:  # some hours of the next day
            for _ in range(chance.choice([0, 3, 30])):
                sums[arm][chance.choice(columns), _text(chance, shares), _visitor(chance, rates, again)] += 1
        ever = tuple(dict.fromkeys((*outcomes, *(key for each in past for arm in each.values() for key in arm.totals))))
        rule = suppress.SuppressionPolicy(plan[0], groups(ever), LEAST, is_final_look=look == number_of_looks - 1)
        cells = {arm: _exact_cells(sums[arm], columns, outcomes) for arm in ARMS}
        truth.append({arm: dict(sums[arm]) for arm in ARMS})
        if shown := suppress.suppress_cells(cells, past, rule):
            looks.append((len(truth) - 1, shown))
            by_text = None
            if shares and outcomes and chance.random() < 0.8:
                cells = {arm: _exact_cells(sums[arm], _names(shares), outcomes, at=1) for arm in ARMS}
                by_text = suppress.suppress_texts(cells, shown, past, rule)
            past += [each for each in (shown, by_text) if each]
            looks += [(len(truth) - 1, by_text)] if by_text else []
    moments: dict[str, list[Moment]] = {}
    for arm in ARMS:
        at_looks = [shown[arm].n for _, shown in looks]
        days = releasable_days(ends[arm], looks=at_looks, now=sums[arm].total(), least=LEAST)
        told = {((each.day - date(2026, 3, 1)).days, False): ReleasedCells(each.people, {}) for each in days}
        told |= {(at, shown[arm].by_text): shown[arm] for at, shown in looks}
        moments[arm] = [Moment(shown, truth[at][arm]) for (at, _), shown in sorted(told.items())]
    return moments


def _names(shares: Sequence[float]) -> list[str]:
    return [str(number + 1) for number in range(len(shares))]


def _text(chance: random.Random, shares: Sequence[float]) -> str:
    return chance.choices(_names(shares), shares)[0] if shares else ""


def _visitor(chance: random.Random, rates: Mapping[str, float], again: float) -> View:
    pressed = {key for key, rate in rates.items() if rate and chance.random() < rate}
    if {"left", "continued"} <= pressed and chance.random() > again:
        pressed.remove(chance.choice(["left", "continued"]))
    return frozenset(pressed)


def _exact_cells(
    views: Mapping[Where, int], columns: Sequence[str], outcomes: Sequence[str], *, at: int = 0
) -> ExactCells:
    def count(column: str, has: Callable[[View], bool]) -> int:
        return sum(number for where, number in views.items() if where[at] == column and has(where[2]))

    seen = {column: count(column, lambda view: True) for column in columns}
    had = {outcome: {column: count(column, DEFINITIONS[outcome]) for column in columns} for outcome in outcomes}
    return ExactCells(seen, {key: {c: (n, seen[c] - n) for c, n in row.items()} for key, row in had.items()})


# The judge: an attacker who counts in whole people


def judge(moments: Sequence[Moment], name: str = "", *, only_exact: bool = False) -> Found:
    """Attack everything that one arm shows. Groups are known exactly, or more closely than to LEAST people."""
    outcomes = sorted({outcome for moment in moments for outcome in moment.shown.totals})
    views = [frozenset(each) for each in _subsets(_sources(outcomes))]
    columns, texts = (
        sorted({c for moment in moments if moment.shown.by_text is by_text for c in moment.shown.seen}) or ["all"]
        for by_text in (False, True)
    )
    cells = list(product(columns, texts))
    system = _System(moments, cells, views)
    found = Found(moments=len(moments), shown=len(system.rights))
    groups = _groups(tuple(views), tuple(outcomes))
    members = np.array([each for each, _, _ in groups])
    came = system.truth.reshape(len(moments), len(cells), len(views))
    rows, names, plain = [], [], []
    margins = [*([c] for c in columns), columns, *([text] for text in texts if len(texts) > 1)]
    for (since, at), places in product(combinations(range(-1, len(moments)), 2), margins):
        inside = np.zeros((len(moments), len(cells), 1))
        inside[since + 1 : at + 1, [n for n, cell in enumerate(cells) if {*cell} & {*places}]] = 1.0
        people = members @ (came * inside).sum(axis=(0, 1))
        for group in np.flatnonzero((people > 0) & (people < LEAST)):
            rows.append((inside * members[group]).ravel())
            plain.append(groups[group][2] and not only_exact)
            names.append(f"{name}: {people[group]:.0f} with {groups[group][1]}, {places}, after {since} by {at}")
    found.small = len(rows)
    if rows:
        exact, narrow = system.closely_known(np.array(rows), np.array(plain))
        found.exact += [names[at] for at in exact]
        found.narrow += [names[at] for at in narrow]
    return found


def _sources(outcomes: Sequence[str]) -> list[str]:
    """The recorded outcomes on which these depend."""
    needed = {"turned_back": ("left", "continued"), "no_answer": ANSWERS}
    return sorted({source for outcome in outcomes for source in needed.get(outcome, (outcome,))})


def _subsets(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for size in range(len(names) + 1):
        yield from combinations(names, size)


@cache
def _groups(views: tuple[View, ...], outcomes: tuple[str, ...]) -> list[tuple[Any, str, bool]]:
    """Who did some things and did not do others; and any other set of people, where there are few combinations.

    The last says whether the group is one of the first.
    """
    of = {name: np.array([DEFINITIONS[name](view) for view in views]) for name in {*outcomes, *_sources(outcomes)}}
    found: dict[bytes, tuple[Any, str, bool]] = {}
    for wanted in product([None, True, False], repeat=len(of)):
        members = np.ones(len(views), dtype=bool)
        for has, want in zip(of.values(), wanted, strict=True):
            members &= has == want if want is not None else True
        what = " ".join(f"{name}={want}" for name, want in zip(of, wanted, strict=True) if want is not None)
        if members.any():
            found.setdefault(members.tobytes(), (members, what, True))
    if len(views) <= 8:
        for number in range(1, 2 ** len(views)):
            members = (number >> np.arange(len(views)) & 1).astype(bool)
            what = " or ".join(
                "+".join(sorted(view)) or "nothing" for view, has in zip(views, members, strict=True) if has
            )
            found.setdefault(members.tobytes(), (members, what, False))
    return list(found.values())


class _System:
    """Everything shown of one arm as equations between whole numbers: who came between one moment and the next."""

    def __init__(self, moments: Sequence[Moment], cells: Sequence[tuple[str, str]], views: Sequence[View]) -> None:
        shape = (len(moments), len(cells), len(views))
        self._size = int(np.prod(shape))
        known: list[Any] = []
        self.rights: list[int] = []

        def told(moment: int, value: int, *, column: str = "", outcome: str = "") -> None:
            row = np.zeros(shape)
            row[: moment + 1, [n for n, cell in enumerate(cells) if not column or column in cell]] = 1.0
            known.append((row * [not outcome or DEFINITIONS[outcome](view) for view in views]).ravel())
            self.rights.append(value)

        for at, moment in enumerate(moments):
            shown = moment.shown
            told(at, shown.n)
            for column, count in shown.seen.items():
                if count is not None:
                    told(at, count, column=column)
            for outcome, total in shown.totals.items():
                if total is not None:
                    told(at, total[0], outcome=outcome)
            for outcome, row in shown.parts.items():
                for column, parts in row.items():
                    if parts is not None:
                        told(at, parts[0], column=column, outcome=outcome)
        self._equal = csr_array(np.array(known))
        counts = np.zeros(shape)
        sources = frozenset().union(*views)
        for at, moment in enumerate(moments):
            for (*cell, view), count in moment.views.items():
                column, text = (name if any(name in each for each in cells) else "all" for name in cell)
                where = cells.index((column, text)) if (column, text) in cells else 0
                counts[at, where, views.index(view & sources)] += count
        self.truth = np.diff(counts, axis=0, prepend=0).ravel()
        assert (self.truth >= 0).all()
        assert (self._equal @ self.truth == self.rights).all(), "the attack must hold the truth possible"

    def closely_known(self, rows: Any, plain: Any) -> tuple[list[int], list[int]]:
        """Rows that are known exactly, and plain ones that are known to fewer than LEAST people."""
        low = rows @ self.truth
        high, whole_low, whole_high = low.copy(), low.copy(), low.copy()

        def note(tables: Any) -> None:
            values = rows @ tables.T
            whole = values[:, np.abs(tables - np.round(tables)).max(axis=1) < 1e-6]
            for some, lowest, highest in ((values, low, high), (whole, whole_low, whole_high)):
                np.minimum(lowest, some.min(axis=1, initial=np.inf), out=lowest)
                np.maximum(highest, some.max(axis=1, initial=-np.inf), out=highest)

        note(self._solve(np.random.default_rng(1).standard_normal((_AT_ONCE, self._size))))
        asked = np.zeros(len(rows), dtype=bool)
        while len(open_ := np.flatnonzero(~asked & (high - low < np.where(plain, LEAST, 1)))[:_AT_ONCE]):
            asked[open_] = True
            note(self._solve(np.vstack([rows[open_], -rows[open_]])))
        exact = []
        for at in np.flatnonzero(whole_high - whole_low < 0.5):
            for sign in (1.0, -1.0):
                if high[at] - low[at] > 0.5 > whole_high[at] - whole_low[at]:
                    note(self._solve_in_whole_numbers(sign * rows[at])[None, :])
            exact += [int(at)] if whole_high[at] - whole_low[at] < 0.5 else []
        return exact, np.flatnonzero(plain & (high - low < LEAST - 1e-4)).tolist()

    def _solve(self, costs: Any) -> Any:
        """A table for each row of costs that fits everything shown, by one program."""
        equal: Any = kron(eye_array(len(costs)), self._equal, format="csr")
        bounds: Any = (0, max(self.rights))
        solution = linprog(
            costs.ravel(),
            A_eq=equal,
            b_eq=self.rights * len(costs),
            bounds=bounds,
            method="highs",
            options={"presolve": False},  # which takes longer than it saves in programs as small as these
        )
        assert solution.status == 0, solution.message
        return np.asarray(solution.x).reshape(costs.shape)

    def _solve_in_whole_numbers(self, costs: Any) -> Any:
        rule = LinearConstraint(self._equal, self.rights, self.rights)
        bounds = Bounds(0, max(self.rights))
        solution = milp(costs, constraints=rule, bounds=bounds, integrality=np.ones(self._size, dtype=np.uint8))
        assert solution.status == 0, solution.message
        return np.round(solution.x)


def search(
    numbers: Sequence[int],
    groups: Groups,
    *,
    seed: int = 1,
    only_exact: bool = False,
    many_looks: bool = False,
    texts: bool = False,
) -> Found:
    """Generate, release and attack campaigns."""
    found = Found()
    for number in numbers:
        found.campaigns += 1
        chance = random.Random(f"{seed} {number}")
        for arm, moments in released_moments(chance, groups, many_looks=many_looks, texts=texts).items():
            if moments:
                found.add(judge(moments, f"campaign {number} {arm}", only_exact=only_exact))
    return found


def main(arguments: Sequence[str]) -> int:
    """Attack the given number of campaigns and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.analytics.suppression.related_search", description=__doc__)
    parser.add_argument("--campaigns", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--many-looks", action="store_true", help="three or six looks each, which takes longer")
    parser.add_argument("--texts", action="store_true", help="arms of several texts")
    asked = parser.parse_args(arguments)
    os.environ["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
    import django

    import tests.environment  # a place of its own, before the settings are read  # noqa: F401

    django.setup()
    from analytics.disclosure.released_cells import joint_tables

    begun = time.monotonic()
    numbers = range(asked.first, asked.first + asked.campaigns)
    found = search(numbers, joint_tables, seed=asked.seed, many_looks=asked.many_looks, texts=asked.texts)
    sys.stdout.write(f"{found} ({time.monotonic() - begun:.0f} s)\n")
    sys.stdout.writelines(
        f"{line}\n" for line in [*found.exact[:20], *(f"narrow {each}" for each in found.narrow[:20])]
    )
    return 1 if found.exact else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
