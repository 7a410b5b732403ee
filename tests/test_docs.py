"""The documents are true: links lead somewhere, files and commands exist, every setting is described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.M | re.S)
_LOCAL_PATH = re.compile(r"(?<![\w.])/(?:work|home|root|tmp|Users|opt)/\S*|\b[A-Z]:\\\S+")
_FOLDERS = "analytics|campaign|messages|tests|docs|templates|benchmarks|deploy|locale|examples|requirements"
_FILE = re.compile(rf"`((?:{_FOLDERS})/[\w./-]+)(?:::\w+)?`")
_RECIPES = re.findall(r"^### (Add .+)$", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.M)
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.M)


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in _LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in _anchors(target), f"{link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_no_page_names_a_path_of_one_machine(page: Path) -> None:
    match = _LOCAL_PATH.search(page.read_text(encoding="utf-8"))
    assert match is None, match


def test_every_make_target_in_a_page_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {
        target
        for page in PAGES
        for target in re.findall(r"(?:^|`)make ([a-z-]{2,})", page.read_text(encoding="utf-8"), re.M)
    }
    assert {"demo", "test"} <= named <= targets


def test_every_setting_is_described_and_no_other() -> None:
    source = (ROOT / "campaign" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r"""(?:environ\.get|environ\[|_flag|_list|_database)\(?\s*"([A-Z_]+)\"""", source))
    assert {"DATA_DIRECTORY", "DATABASE_URL", "DEBUG", "ALLOWED_HOSTS"} <= read
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", operations, re.M)) == read


def test_every_document_stands_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")} - {"index.md"}
    assert pages <= set(_LINK.findall(index))


# Files that a page tells its reader to make, and a name in the history of changes.
_NOT_THERE = {"locale/fr/LC_MESSAGES/django.po", "analytics/privacy_schema.toml"}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = set(_FILE.findall(page.read_text(encoding="utf-8"))) - _NOT_THERE
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_every_management_command_is_named_in_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    commands = {path.stem for path in ROOT.glob("*/management/commands/[a-z]*.py")}
    assert {name for name in commands if not re.search(rf"(?:manage\.py|second-thought|make) {name}\b", text)} == set()


_VIEW_EVENTS = re.findall(r"^\| (?!event |---)(.+) \|$", (ROOT / "docs/views.md").read_text(encoding="utf-8"), re.M)
_HOSTS = re.search(r"^\| on \| .+\n\|---.+\n((?:\|.+\n)+)", (ROOT / "docs/checks.md").read_text(encoding="utf-8"), re.M)
_ROWS = [*_VIEW_EVENTS, *(_HOSTS[1].splitlines() if _HOSTS else ["docs/checks.md has no table of hosts"])]


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: str(row).strip("| ").partition(" |")[0])
def test_each_event_of_a_view_and_each_host_of_the_embed_names_tests_that_exist(row: str) -> None:
    tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row.strip("| ").rpartition("|")[2])
    assert tests
    for path, name in tests:
        assert re.search(rf"^ *def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.M), f"{path}::{name}"


@pytest.mark.parametrize("recipe", _RECIPES)
def test_a_recipe_says_what_to_write_and_shows_what_is_missing(recipe: str) -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = re.split(r"^##", page.partition(f"### {recipe}\n")[2], maxsplit=1, flags=re.M)[0]
    assert re.search(r"\bpytest tests/|--check|\bmake \w+|manage\.py \w+", section), "no command shows what is missing"
