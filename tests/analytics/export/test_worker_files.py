"""Files that the worker makes: workbook, Parquet, charts and bundle."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from django.db.models import F
from django.test import Client
from PIL import Image
from pyarrow import parquet as arrow
from rocrate.rocrate import ROCrate

from analytics.bundle_check.archive import open_bundle
from analytics.bundle_check.check import check_bundle
from analytics.export import chart_files, files, look_tables, parquet, prepared_files, xlsx
from analytics.export.bundle import make_bundle
from analytics.export.table import LookTables
from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, PreparedFile, Tally
from analytics.worker.steps import STEPS
from campaign.lifecycle import transitions
from campaign.models import Campaign
from tests import world
from tests.analytics.export.golden_files import assert_golden
from tests.analytics.export.test_tables import COUNTS, url, with_look

pytestmark = pytest.mark.django_db
WORKER_FILES = [file for file in files.FILES if file.made_by_worker]
TOKENS = Path(__file__).parents[3] / "campaign" / "static" / "campaign" / "tokens.css"


@pytest.fixture
def analyst(client: Client) -> Client:
    world.sign_in(client, world.person("ana", "analyst"))
    return client


def run_worker_step() -> str:
    return next(step for step in STEPS if step.name == "files").run(world.NOON)


def tables() -> LookTables:
    return look_tables.look_tables(Analysis.objects.get())


def without_fingerprint(content: bytes) -> bytes:
    plan = Campaign.objects.get().plan.fingerprint
    return re.sub(rb'"(bytes|hash)": [^\n]*', b"", content.replace(plan.encode(), b"FINGERPRINT"))


class TestAskingForOne:
    @pytest.mark.parametrize("file", WORKER_FILES, ids=lambda file: file.name)
    def test_it_is_asked_for_made_by_the_worker_and_then_handed_out(
        self, analyst: Client, file: files.ResultFile
    ) -> None:
        with_look()
        assert analyst.get(url(file.name)).headers["Location"] == "/campaigns/pilot/results/"
        assert analyst.post(url(file.name)).headers["Location"] == "/campaigns/pilot/results/?look=1#download"
        assert b"This file is being created" in analyst.get("/campaigns/pilot/results/").content
        assert run_worker_step() == "1 files of results made"
        response = analyst.get(url(file.name))
        assert response.headers["Content-Disposition"].startswith("attachment; filename=")
        assert response.content == file.make(Analysis.objects.get())
        assert f'href="{url(file.name)}"' in analyst.get("/campaigns/pilot/results/").content.decode()

    def test_one_that_fails_says_so_and_is_not_tried_for_ever(
        self, analyst: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with_look()
        monkeypatch.setattr(prepared_files, "FILES", ())
        analyst.post(url("results.xlsx"))
        assert run_worker_step() == ""
        assert b"This file could not be created" in analyst.get("/campaigns/pilot/results/").content
        assert analyst.get(url("results.xlsx")).status_code == 302

    def test_one_made_when_smaller_counts_were_shown_is_not_handed_out(self, analyst: Client) -> None:
        with_look()
        analyst.post(url("results.xlsx"))
        run_worker_step()
        PreparedFile.objects.update(least=9)
        assert analyst.get(url("results.xlsx")).status_code == 302

    def test_after_a_week_it_is_gone(self, analyst: Client) -> None:
        with_look()
        analyst.post(url("results.xlsx"))
        asked = PreparedFile.objects.get().asked_at
        assert prepared_files.delete_old_files(now=asked + timedelta(days=6)) == 0
        assert prepared_files.delete_old_files(now=asked + timedelta(days=8)) == 1

    def test_without_pyarrow_there_is_no_parquet_on_the_page(
        self, analyst: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with_look()
        assert b"parquet.zip" in analyst.get("/campaigns/pilot/results/").content
        monkeypatch.setattr(parquet, "find_spec", lambda name: None)
        assert b"parquet.zip" not in analyst.get("/campaigns/pilot/results/").content


class TestTheWorkbook:
    def test_each_sheet_holds_its_table_in_the_types_of_its_columns(self) -> None:
        with_look(COUNTS | {"both": (4981, 3)})
        book = openpyxl.load_workbook(io.BytesIO(xlsx.workbook(tables())))
        assert book.sheetnames == ["about", "counts", "counts-by-placement", "estimates"]
        for table in tables().tables:
            first, *rest = book[table.name].iter_rows(values_only=True)
            assert list(first) == [field.name for field in table.fields]
            for written, row in zip(rest, table.rows, strict=True):
                for cell, value in zip(written, row, strict=True):
                    # A workbook holds 16 digits of a number.
                    assert cell == (pytest.approx(value, rel=1e-14) if isinstance(value, float) else value)

    def test_it_says_which_look_and_plan_it_is_of(self) -> None:
        campaign = with_look()
        about = openpyxl.load_workbook(io.BytesIO(xlsx.workbook(tables())))["about"]
        values = {row[0]: row[1] for row in about.iter_rows(values_only=True)}
        assert (values["look"], values["plan (SHA-256)"], values["status"]) == (
            1,
            campaign.plan.fingerprint,
            "as planned",
        )

    def test_a_name_that_is_a_formula_is_a_text_that_stays_one_in_a_csv_made_of_it(self) -> None:
        campaign = world.draft()
        campaign.arms.filter(key="both").update(name="=1+1")
        transitions.submit(campaign, by=world.person("mara", "manager"))
        world.approve(campaign)
        transitions.launch(campaign, by=world.person("mara", "manager"), now=world.NOON - timedelta(days=1))
        world.tally(campaign, COUNTS)
        evaluate(campaign, now=world.NOON)
        sheet = openpyxl.load_workbook(io.BytesIO(xlsx.workbook(tables())))["counts"]
        cells = [cell for row in sheet.iter_rows() for cell in row]
        assert "'=1+1" in {cell.value for cell in cells}
        assert {cell.data_type for cell in cells} <= {"s", "n", "b"}

    def test_the_same_look_makes_the_same_workbook(self) -> None:
        with_look()
        assert xlsx.workbook(tables()) == xlsx.workbook(tables())


def test_parquet_holds_each_table_in_the_types_of_its_columns() -> None:
    with_look(COUNTS | {"both": (4981, 3)})
    content = parquet.parquet_package(tables())
    assert content == parquet.parquet_package(tables())
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        descriptor = json.loads(package.read("datapackage.json"))
        for table in tables().tables:
            read = arrow.read_table(io.BytesIO(package.read(f"{table.name}.parquet")))
            assert read.to_pylist() == list(table.records())
    assert [each["mediatype"] for each in descriptor["resources"]] == ["application/vnd.apache.parquet"] * 3


class TestCharts:
    def test_each_chart_of_the_page_is_there_as_svg_and_png(self) -> None:
        with_look()
        content = chart_files.chart_package(Analysis.objects.get())
        assert content == chart_files.chart_package(Analysis.objects.get())
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            assert sorted(package.namelist()) == [
                f"{kind}-{outcome}.{extension}"
                for kind in ("differences", "rates")
                for outcome in ("annoyed", "turned_back")
                for extension in ("png", "svg")
            ]
            for name in package.namelist():
                if name.endswith(".png"):
                    assert Image.open(io.BytesIO(package.read(name))).width == 1600
                else:
                    assert ET.fromstring(package.read(name)).get("width") == "800"

    def test_a_drawing_is_as_it_was(self) -> None:
        with_look()
        drawings = dict(chart_files.chart_drawings(Analysis.objects.get()))
        for name in ("rates-turned_back", "differences-turned_back"):
            assert_golden(f"{name}.svg", without_fingerprint(drawings[name].encode()))

    def test_a_drawing_says_of_which_look_and_plan_it_is(self) -> None:
        campaign = with_look()
        for _, drawing in chart_files.chart_drawings(Analysis.objects.get()):
            assert f"pilot · look 1 · as planned · plan {campaign.plan.fingerprint}" in drawing

    def test_its_colours_are_those_of_the_pages(self) -> None:
        light = TOKENS.read_text(encoding="utf-8").partition("@media")[0]
        colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", light))
        assert {name: colours[name] for name in chart_files.COLOURS} == chart_files.COLOURS


class TestTheBundle:
    def test_its_metadata_is_a_research_object_crate(self, tmp_path: Path) -> None:
        with_look()
        with zipfile.ZipFile(io.BytesIO(make_bundle(Campaign.objects.get()))) as archive:
            archive.extractall(tmp_path)
        crate = ROCrate(tmp_path)
        assert crate.version == "1.3"
        named = {entity.id for entity in crate.data_entities}
        there = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
        assert there - named == {"ro-crate-metadata.json", "checksums.sha256", "signature.json"}
        assert crate.root_dataset["license"].id == "https://spdx.org/licenses/CC-BY-4.0"

    def test_its_readme_and_its_description_are_as_they_were(self) -> None:
        with_look()
        with zipfile.ZipFile(io.BytesIO(make_bundle(Campaign.objects.get()))) as archive:
            readme = re.sub(rb"    ([0-9a-f]{4} ){15}[0-9a-f]{4}", b"    KEY", archive.read("README.md"))
            assert_golden("README.md", without_fingerprint(readme))
            assert_golden("datapackage.json", without_fingerprint(archive.read("datapackage.json")))

    def test_one_of_an_earlier_look_ends_there_and_holds(self) -> None:
        campaign = with_look(plan={"monitoring": "always-valid", "planned_per_arm": 2000})
        first = make_bundle(campaign, last_look=1)
        Tally.objects.update(count=2 * F("count"))
        evaluate(campaign, now=world.NOON.replace(day=3))
        assert make_bundle(campaign, last_look=1) == first
        assert check_bundle(open_bundle(first)).looks == 1
