"""Results page, files, public page, shared link, bundle and what was learned of one campaign, attacked as one."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext
from pytest_django import Settings

from analytics.export.bundle import make_bundle
from analytics.learned.record import record_result
from analytics.looks.evaluate import evaluate
from analytics.models import Analysis
from campaign.lifecycle import transitions
from campaign.models import Campaign
from campaign.outcomes import OUTCOMES
from tests import permissions, world
from tests.analytics.disclosure.attacker import EVERY, Cell, Recovered, attacked, from_api
from tests.analytics.disclosure.staff_output import open_shared_link
from tests.analytics.disclosure.test_gate import COUNTS, _truth, also

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
RESULTS = "/campaigns/pilot/results/"
Published = dict[Cell, int | None]


class _Tables(HTMLParser):
    """The tables of a page, each as rows of texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self._in_cell = True
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.tables[-1][-1][-1] += data


def counts_on(page: str, arms: Mapping[str, str]) -> set[tuple[str, str, int]]:
    """Each count in the tables of a page that name messages: the arm, what the column says, and the number."""
    parser, found = _Tables(), set()
    parser.feed(page)
    for head, *rows in (table for table in parser.tables if table):
        for row in rows:
            arm = next((key for name, key in arms.items() if row and name in row[0] and "–" not in row[0]), None)
            for title, text in zip(head[1:], row[1:], strict=False):
                if arm and re.fullmatch(r"[\d,]+", text.strip()):
                    found.add((arm, title.strip(), int(text.replace(",", ""))))
    return found


def totals_in(rows: Iterable[Mapping[str, str]]) -> Iterator[tuple[Cell, int | None]]:
    """The cells of counts.csv."""
    for row in rows:
        look, arm = int(row["look"]), row["arm"]
        yield Cell(look, arm, EVERY, EVERY, EVERY), _number(row["seen"])
        yield Cell(look, arm, row["outcome"], "0", EVERY), _number(row["did"])


def placements_in(rows: Iterable[Mapping[str, str]]) -> Iterator[tuple[Cell, int | None]]:
    """The cells of counts-by-placement.csv."""
    for row in rows:
        outcome, part = (EVERY, EVERY) if row["outcome"] == "exposed" else (row["outcome"], row["value"])
        column = f"{row['placement']} {row['locale']}"
        yield Cell(int(row["look"]), row["arm"], outcome, part, column), _number(row["count"])


def tables_of_the_bundle(content: bytes) -> Iterator[tuple[Cell, int | None]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if name.endswith("counts.csv"):
                yield from totals_in(_rows(archive.read(name).decode()))
            elif name.endswith("counts-by-placement.csv"):
                yield from placements_in(_rows(archive.read(name).decode()))


def test_together_they_give_no_small_count_away() -> None:
    found = attack_all_roads()
    assert (found.exact, found.narrow) == (0, 0)
    assert found.small > 10


@pytest.mark.proof
def test_where_small_counts_are_not_hidden_the_attack_finds_them(settings: Settings) -> None:
    """A deliberate fault."""
    settings.SMALL_CELL = 2
    assert attack_all_roads().exact > 0


def attack_all_roads() -> Recovered:
    """Read a campaign of two looks by every road; check that pages add nothing to files, and attack all of it."""
    plan = {"monitoring": "always-valid", "planned_per_arm": 500, "looks": [0.1, 1.0]}
    campaign = world.launched(plan=plan, places=["side-page"], locales=("en", "ar"))
    staff, reader, anybody = Client(), Client(), Client()
    world.sign_in(staff, world.person("ana", "analyst"))
    permissions.share_with_a_person(campaign)
    open_shared_link(reader)
    link = f"/shared/{permissions.SHARED_TOKEN}/results/"
    arms = dict(campaign.arms.values_list("name", "key"))
    truth: dict[Cell, int] = {}
    roads: dict[str, list[tuple[Cell, int | None]]] = {"files": [], "public files": [], "bundle": [], "learned": []}
    seen: dict[str, set[tuple[str, str, int]]] = {"page": set(), "link": set(), "public page": set()}
    seen |= {"Arabic link": set(), "Arabic public page": set()}
    looks, tables = [], []
    for number, more in enumerate([(120, 40), (300, 90)], start=1):
        for at, key in enumerate(COUNTS):
            for place, share in (("quiet-page", 1.0), ("side-page", 0.1)):
                also(campaign, "exposed", {key: round(more[0] * share)}, place=place)
                also(campaign, "turned_back", {key: round(more[1] * share) - (at == 3)}, place=place)
                also(campaign, "annoyed", {key: number % 2}, place=place)
        evaluate(campaign, now=world.NOON)
        looks.append(staff.get(f"/api/v1/campaigns/pilot/analyses/{number}/").json())
        tables.append(staff.get("/api/v1/campaigns/pilot/tallies/", {"page_size": 200}).json()["results"])
        roads["files"] += totals_in(_rows(_text(staff, f"{RESULTS}{number}/counts.csv")))
        roads["files"] += placements_in(_rows(_text(staff, f"{RESULTS}{number}/counts-by-placement.csv")))
        seen["page"] |= counts_on(_text(staff, RESULTS), arms)
        seen["link"] |= counts_on(_text(reader, link), arms)
        seen["Arabic link"] |= counts_on(_in_arabic(reader, link), arms)
        truth |= _truth(number)
    transitions.close(Campaign.objects.get(), by=world.person("mara", "manager"), now=world.NOON)
    assert record_result(Campaign.objects.get())
    permissions.publish_for_everybody(campaign, look=Analysis.objects.count())
    seen["public page"] = counts_on(_text(anybody, "/published/pilot/"), arms)
    seen["Arabic public page"] = counts_on(_in_arabic(anybody, "/published/pilot/"), arms)
    roads["learned"] += learned_cells(staff.get("/api/v1/learned/").json()["results"], arms)
    roads["public files"] += totals_in(_rows(_text(anybody, "/published/pilot/counts.csv")))
    roads["bundle"] += tables_of_the_bundle(make_bundle(Campaign.objects.get()))

    published: Published = from_api(looks, tables)
    for road, cells in roads.items():
        assert [cell for cell, count in cells if count is not None], road
        for cell, count in cells:
            assert published.get(cell) in (None, count), (road, cell)
            published[cell] = published.get(cell) if count is None else count
    # Pages are read to the last number: each is one that a file has, so they add nothing to the attack.
    titles = {"Saw it": EVERY} | {outcome.name: key for key, outcome in OUTCOMES.items()}
    with translation.override("ar"):
        titles |= {gettext(name): key for name, key in titles.items()}
    known = {(cell.arm, cell.outcome, count) for cell, count in published.items() if cell.column == EVERY}
    for page, counts in seen.items():
        told = {(arm, titles[str(title)], count) for arm, title, count in counts if title in titles}
        assert told, page
        assert told <= known, page
    told_looks = {cell.look for cell in published}
    return attacked(published, {cell: count for cell, count in truth.items() if cell.look in told_looks})


def _text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return (b"".join(response) if response.streaming else response.content).decode()


def _in_arabic(client: Client, path: str) -> str:
    html = _text(client, f"{path}?language=ar")
    assert '<html lang="ar" dir="rtl">' in html
    return html


def learned_cells(results: Iterable[Mapping[str, Any]], arms: Mapping[str, str]) -> Iterator[tuple[Cell, int | None]]:
    """The cells of what the API says was learned; here the key of each arm is its frame."""
    for result in results:
        for row in result["comparisons"]:
            for side in ("treated", "control"):
                assert row[side] in arms.values()
                yield Cell(result["look"], row[side], EVERY, EVERY, EVERY), row[f"{side}_n"]
                yield Cell(result["look"], row[side], result["outcome"], "0", EVERY), row[f"{side}_events"]


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def _number(text: str) -> int | None:
    return int(text) if text else None
