"""Tables of a look to take away: CSV files and the data package."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it comes without stubs
import pytest
from django.db.models import F
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from analytics.export.look_tables import look_tables
from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, Tally
from campaign.lifecycle import transitions
from campaign.models import Campaign
from tests import world
from tests.analytics.export.golden_files import assert_golden

pytestmark = pytest.mark.django_db
COUNTS = {"neutral": (5012, 1354), "victim": (4987, 1596), "user": (5020, 1541), "both": (4981, 1798)}
PROFILE = Path(__file__).with_name("profiles") / "datapackage.json"
FILES = ("estimates.csv", "counts.csv", "counts-by-placement.csv", "data-package.zip")


@pytest.fixture
def analyst(client: Client) -> Client:
    world.sign_in(client, world.person("ana", "analyst"))
    return client


@world.cached_rows
def with_look(counts: Mapping[str, tuple[int, int]] = COUNTS, **options: Any) -> Campaign:
    campaign = world.launched(**options)
    world.tally(campaign, counts)
    evaluate(campaign, now=world.NOON)
    return campaign


def url(name: str, look: int = 1) -> str:
    return f"/campaigns/pilot/results/{look}/{name}"


def fetch(client: Client, name: str) -> bytes:
    response = client.get(url(name))
    assert response.status_code == 200
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    return response.content


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize("name", ["estimates.csv", "counts.csv", "counts-by-placement.csv"])
def test_each_table_is_as_it_was(analyst: Client, name: str) -> None:
    with_look()
    assert_golden(name, fetch(analyst, name).replace(Campaign.objects.get().plan.fingerprint.encode(), b"FINGERPRINT"))


def test_every_row_names_its_look_its_plan_and_whether_it_was_planned(analyst: Client) -> None:
    campaign = with_look()
    for name in FILES[:3]:
        for row in rows(fetch(analyst, name)):
            assert (row["campaign"], row["look"], row["plan"]) == ("pilot", "1", campaign.plan.fingerprint)
            assert row["status"] in {"as planned", "exploratory"}


def test_the_difference_is_given_absolutely_and_relatively_each_with_its_interval(analyst: Client) -> None:
    with_look()
    found = {
        row["measure"]: (float(row["low"]), float(row["estimate"]), float(row["high"]))
        for row in rows(fetch(analyst, "estimates.csv"))
        if (row["arm"], row["control"], row["outcome"]) == ("both", "neutral", "turned_back")
    }
    assert set(found) == {"difference", "ratio", "relative difference"}
    assert all(low < estimate < high for low, estimate, high in found.values())
    # 1798/4981 - 1354/5012 and 1798/4981 / (1354/5012), by hand
    assert found["difference"][1] == pytest.approx(0.0908197, abs=1e-6)
    assert found["ratio"][1] == pytest.approx(1.3361818, abs=1e-6)


def test_a_name_that_is_a_formula_stays_a_text(analyst: Client) -> None:
    campaign = world.draft()
    campaign.arms.filter(key="both").update(name='=HYPERLINK("https://evil.example")')
    transitions.submit(campaign, by=world.person("mara", "manager"))
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara", "manager"), now=world.NOON)
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    names = {row["arm_name"] for row in rows(fetch(analyst, "counts.csv"))}
    assert "'=HYPERLINK(\"'https://evil.example\")" in names or '\'=HYPERLINK("https://evil.example")' in names
    for name in FILES[:3]:
        cells = [cell for row in rows(fetch(analyst, name)) for cell in row.values()]
        assert not [cell for cell in cells if cell[:1] in tuple("=+@\t\r＝＋－＠")]


def test_counts_say_the_difference_from_the_control_and_the_relative_one_with_their_intervals(analyst: Client) -> None:
    with_look()
    estimates = {
        row["measure"]: [row["estimate"], row["low"], row["high"]]
        for row in rows(fetch(analyst, "estimates.csv"))
        if (row["outcome"], row["arm"], row["control"]) == ("turned_back", "both", "neutral")
    }
    counts = {row["arm"]: row for row in rows(fetch(analyst, "counts.csv")) if row["outcome"] == "turned_back"}
    both, neutral = counts["both"], counts["neutral"]
    assert both["control"] == "neutral"
    difference = [both[name] for name in ("difference", "difference_low", "difference_high")]
    relative = [both[name] for name in ("relative_difference", "relative_low", "relative_high")]
    assert difference == estimates["difference"]
    assert relative == estimates["relative difference"]
    assert float(difference[0]) == pytest.approx(1798 / 4981 - 1354 / 5012)
    assert float(relative[0]) == pytest.approx((1798 / 4981) / (1354 / 5012) - 1)
    assert [neutral[name] for name in ("control", "difference", "relative_difference")] == ["", "", ""]


def test_a_negative_number_is_a_number(analyst: Client) -> None:
    with_look(COUNTS | {"both": (4981, 998)})
    low = next(
        row["estimate"]
        for row in rows(fetch(analyst, "estimates.csv"))
        if row["measure"] == "difference" and row["arm"] == "both"
    )
    assert float(low) < 0


def test_a_small_count_is_empty_in_every_file(analyst: Client) -> None:
    with_look(COUNTS | {"both": (2000, 3)})
    hidden = [
        row for row in rows(fetch(analyst, "counts.csv")) if row["arm"] == "both" and row["outcome"] == "turned_back"
    ]
    assert [row["did"] for row in hidden] == [""]
    assert all(
        row["estimate"] == ""
        for row in rows(fetch(analyst, "estimates.csv"))
        if "both" in (row["arm"], row["control"]) and row["outcome"] == "turned_back"
    )
    with zipfile.ZipFile(io.BytesIO(fetch(analyst, "data-package.zip"))) as package:
        packed = rows(package.read("counts.csv"))
    assert packed == rows(fetch(analyst, "counts.csv"))


def test_before_the_first_planned_look_there_is_nothing_to_download(analyst: Client) -> None:
    with_look(plan={"planned_per_arm": 100_000})
    for name in FILES:
        assert analyst.get(url(name)).headers["Location"] == "/campaigns/pilot/results/"
    assert b'id="download"' not in analyst.get("/campaigns/pilot/results/").content


def test_an_early_look_is_not_handed_out_even_to_who_asked_for_it(analyst: Client) -> None:
    campaign = world.launched(plan={"planned_per_arm": 100_000})
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON, embargo_exception="ana: the partner asks")
    for name in FILES:
        assert analyst.get(url(name)).status_code == 302


def test_a_broken_split_leaves_counts_and_no_estimate(analyst: Client) -> None:
    with_look(COUNTS | {"both": (3000, 1200)})
    assert rows(fetch(analyst, "estimates.csv")) == []
    assert {row["status"] for row in rows(fetch(analyst, "counts.csv"))} == {"withheld"}


def test_a_look_that_is_not_there_is_not_found(analyst: Client) -> None:
    with_look()
    assert analyst.get(url("counts.csv", look=7)).status_code == 404


def test_an_earlier_look_keeps_its_numbers(analyst: Client) -> None:
    campaign = with_look(plan={"monitoring": "always-valid", "planned_per_arm": 2000})
    before = fetch(analyst, "counts.csv")
    Tally.objects.update(count=2 * F("count"))
    evaluate(campaign, now=world.NOON.replace(day=3))
    assert fetch(analyst, "counts.csv") == before


def test_the_page_lists_each_file_and_who_it_is_for(analyst: Client) -> None:
    with_look()
    html = " ".join(analyst.get("/campaigns/pilot/results/").content.decode().split())
    for name in FILES:
        assert f'href="{url(name)}"' in html
    assert "for analysts and archives" in html


def test_the_data_package_is_one_by_its_published_schema(analyst: Client) -> None:
    with_look()
    with zipfile.ZipFile(io.BytesIO(fetch(analyst, "data-package.zip"))) as package:
        descriptor = json.loads(package.read("datapackage.json"))
        files = {name: package.read(name) for name in package.namelist()}
    jsonschema.validate(descriptor, json.loads(PROFILE.read_text(encoding="utf-8")))
    assert {resource["path"] for resource in descriptor["resources"]} | {"datapackage.json"} == set(files)
    for resource in descriptor["resources"]:
        content = files[resource["path"]]
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert resource["bytes"] == len(content)
        header = next(csv.reader(io.StringIO(content.decode())))
        assert header == [field["name"] for field in resource["schema"]["fields"]]
    assert descriptor["licenses"] == [{"name": "CC-BY-4.0", "path": "https://spdx.org/licenses/CC-BY-4.0"}]


def test_every_cell_is_of_the_type_that_its_column_declares(analyst: Client) -> None:
    with_look(COUNTS | {"both": (2000, 3)})
    types: dict[str, tuple[type, ...]] = {
        "string": (str,),
        "integer": (int,),
        "number": (float, int),
        "boolean": (bool,),
    }
    for table in look_tables(Analysis.objects.get()).tables:
        for record in table.records():
            for field in table.fields:
                cell = record[field.name]
                assert cell is None or type(cell) in types[field.type], (field, cell)


def test_the_same_look_makes_the_same_package(analyst: Client) -> None:
    with_look()
    assert fetch(analyst, "data-package.zip") == fetch(analyst, "data-package.zip")


def test_a_file_takes_a_fixed_number_of_queries(
    analyst: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with_look()
    with django_assert_max_num_queries(40):
        fetch(analyst, "data-package.zip")
