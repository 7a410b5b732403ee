"""The layout of the apps keeps its rules, and its map shows what there is."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests import architecture
from tests.architecture import APPS, ROOT

# Strings that look like an import and are none, each with the reason.
NOT_IMPORTS = {
    "campaign/apps.py: campaign.staff_site.admin_site.SupportSite": "AdminConfig.default_site is a string in Django",
    "campaign/api/schema.py: campaign.api.authentication.SecondFactorSessionAuthentication": (
        "the target_class of a drf-spectacular extension is a string"
    ),
    "messages/exchange/views.py: messages.exchange": "a salt",
}


@pytest.mark.parametrize("app", APPS)
def test_no_rooms_import_each_other_or_in_a_circle(app: str) -> None:
    layout = architecture.layout(app)
    assert layout.mutual_imports == set()
    assert layout.circles == ()


def test_nothing_is_imported_by_a_string() -> None:
    assert architecture.dotted_strings() == set(NOT_IMPORTS)


def test_an_import_by_string_is_found() -> None:
    assert architecture.module_names('import_string(f"analytics.stats.power.{name}")') == {"analytics.stats.power."}
    assert architecture.module_names('path("", include("campaign.overview.urls"))') == set()


# Past participles that once named an action or its result.
PARTICIPLES = frozenset(
    {
        *("answered", "asked", "counted", "decided", "departed", "done", "drawn", "felt", "found", "given", "gone"),
        *("held", "judged", "kept", "known", "left", "looked", "made", "opened", "reckoned", "said", "seen", "sent"),
        *("served", "shown", "spoken", "stored", "taken", "tested", "thrown", "told", "veiled", "written"),
    }
)
# A statistic and its row in the database are the same thing: analytics.stats.Estimate and analytics.models.Estimate.
SHARED_CLASS_NAMES = {"Command", "Estimate"}


def _trees() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the three apps, without migrations."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def test_no_two_classes_share_a_name() -> None:
    files: defaultdict[str, list[str]] = defaultdict(list)
    for path, tree in _trees():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                files[node.name].append(path)
    assert {name: paths for name, paths in files.items() if len(paths) > 1 and name not in SHARED_CLASS_NAMES} == {}


def test_no_function_is_named_by_a_past_participle_alone() -> None:
    assert {
        f"{path}:{node.lineno} {node.name}"
        for path, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.strip("_") in PARTICIPLES
    } == set()


ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
MAP = ARCHITECTURE.partition("## The map")[2].partition("\n## ")[0]


def _mapped_rooms() -> dict[str, list[set[str]]]:
    """The lines of the map by app: the rooms that each names."""
    lines: dict[str, list[set[str]]] = {}
    app = ""
    for line in re.findall(r"```\n(.*?)```", MAP, re.S)[0].splitlines():
        if line.startswith("  "):
            lines[app].append({name.rstrip("/") for name in re.split(r" {2,}", line)[1].split()})
        else:
            app = line.rstrip("/")
            lines[app] = []
    return lines


@pytest.mark.parametrize("app", APPS)
def test_every_folder_is_in_the_map_and_every_room_of_the_map_exists(app: str) -> None:
    mapped = {room for line in _mapped_rooms()[app] for room in line}
    folders = {path.name for path in (ROOT / app).iterdir() if any(path.glob("*.py"))} - {"migrations"}
    assert folders <= mapped
    assert {room for room in mapped if not (ROOT / app / room).exists()} == set()


@pytest.mark.parametrize("app", APPS)
def test_the_arrows_of_the_map_point_down(app: str) -> None:
    height = {room.removesuffix(".py"): number for number, line in enumerate(_mapped_rooms()[app]) for room in line}
    arrows = architecture.layout(app).arrows
    assert {(a, b) for a, b in arrows if a in height and b in height and height[a] > height[b]} == set()


def _walk() -> list[tuple[str, str]]:
    """The steps of the walks through one decision and one event, as (file, function)."""
    return re.findall(r"^\| `([\w/.]+\.py)` \| `(\w+)` \|", ARCHITECTURE, re.M)


def test_every_step_of_the_walks_is_a_function_of_its_file() -> None:
    assert len(_walk()) > 20
    defined = {step: re.search(rf"\bdef {step[1]}\b", (ROOT / step[0]).read_text(encoding="utf-8")) for step in _walk()}
    assert [step for step, definition in defined.items() if definition is None] == []
