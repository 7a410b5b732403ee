"""Measure the layout of the three apps: `make architecture` prints the figures.

A room is a folder or a module directly below an app, an arrow says that one room imports another. import-linter holds
the direction of the arrows (pyproject.toml); these figures say how many there are, and whether any goes in a circle.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
APPS = ("analytics", "campaign", "messages")
_DOTTED = re.compile(rf"({'|'.join(APPS)})\.(\w+)[\w.]*")


@dataclass(frozen=True, slots=True)
class Layout:
    """One app: its rooms, the arrows between them, the sets of rooms that import each other, its lines of Python."""

    rooms: frozenset[str]
    arrows: frozenset[tuple[str, str]]
    circles: tuple[frozenset[str], ...]
    lines: int

    @property
    def mutual_imports(self) -> set[tuple[str, str]]:
        """Pairs of rooms that import each other."""
        return {(a, b) for a, b in self.arrows if a < b and (b, a) in self.arrows}


@cache
def import_graph() -> grimp.ImportGraph:
    """Every import between modules of the three apps."""
    return grimp.build_graph(*APPS, cache_dir=None)


def layout(app: str) -> Layout:
    """Measure one app."""
    graph, rooms, arrows = import_graph(), set(), set()
    for module in graph.find_descendants(app):
        room = module.split(".")[1]
        rooms.add(room)
        for other in graph.find_modules_directly_imported_by(module):
            if other.startswith(f"{app}.") and other.split(".")[1] != room:
                arrows.add((room, other.split(".")[1]))
    return Layout(
        rooms=frozenset(rooms), arrows=frozenset(arrows), circles=tuple(_circles(rooms, arrows)), lines=count_lines(app)
    )


def _circles(rooms: set[str], arrows: set[tuple[str, str]]) -> Iterator[frozenset[str]]:
    """Rooms that can be reached from each other."""
    reached = {room: {b for a, b in arrows if a == room} for room in rooms}
    for middle in rooms:
        for room in rooms:
            if middle in reached[room]:
                reached[room] |= reached[middle]
    while rooms:
        room = min(rooms)
        circle = frozenset({room, *(other for other in reached[room] if room in reached[other])})
        rooms = rooms - circle
        if len(circle) > 1:
            yield circle


def count_lines(folder: str) -> int:
    """Lines of Python in a folder, blank ones and comments too."""
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py"))


def dotted_strings() -> set[str]:
    """Imports that no contract sees: strings that name a module of the project, each as "file: string".

    Settings and the `include()` of a URLconf are Django's way to wire modules, and are left out.
    """
    return {
        f"{path.relative_to(ROOT)}: {name}"
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if path.name != "settings.py" and "migrations" not in path.parts
        for name in module_names(path.read_text(encoding="utf-8"))
    }


def module_names(source: str) -> set[str]:
    """The strings in a module that name a module of the project or something in it."""
    tree = ast.parse(source)
    included = {
        argument
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "include"
        for argument in node.args
    }
    strings = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in included
    ]
    return {
        match[0]
        for match in filter(None, map(_DOTTED.fullmatch, strings))
        if f"{match[1]}.{match[2]}" in import_graph().modules and match[0] != "campaign.settings"
    }


def main() -> None:
    """Print the figures of each app."""
    write = sys.stdout.write
    for app in APPS:
        own = layout(app)
        mutual = ", ".join(f"{a} and {b}" for a, b in sorted(own.mutual_imports)) or "none"
        circles = "; ".join(", ".join(sorted(circle)) for circle in own.circles) or "none"
        write(f"{app}: {len(own.rooms)} rooms, {len(own.arrows)} arrows, {own.lines:,} lines\n")
        write(f"  circles: {circles}\n  import each other: {mutual}\n")
    write(f"lines together: {sum(map(count_lines, APPS)):,}\n")
    write("".join(f"an import by string in {name}\n" for name in sorted(dotted_strings())))


if __name__ == "__main__":
    main()
