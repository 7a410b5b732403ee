"""The Python client reads what an installation hands out, and its example notebook runs."""

from __future__ import annotations

import ast
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.live_server_helper import LiveServer
from second_thought import ApiError, Look, Site, UnreadableFile, files, read_bytes, read_file

from analytics.export.bundle import make_bundle
from analytics.export.data_package import data_package
from analytics.export.look_tables import look_tables
from analytics.export.zip_file import pack
from analytics.models import Analysis
from messages.text import spreadsheet
from tests import world
from tests.analytics.export.test_tables import COUNTS, with_look
from tests.campaign.api.test_views import analyst

NOTEBOOK = Path(__file__).parents[2] / "clients" / "python" / "examples" / "results.ipynb"


def run_notebook() -> dict[str, Any]:
    """Run the cells in order, and return the value of the last line of each, by its number among the code cells."""
    names: dict[str, Any] = {}
    values: dict[str, Any] = {}
    cells = [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(cells):
        *before, last = ast.parse("".join(cell["source"])).body
        exec(compile(ast.Module(before, []), NOTEBOOK.name, "exec"), names)
        assert isinstance(last, ast.Expr), "each cell ends with what it shows"
        values[str(number)] = eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names)
    return values


@pytest.mark.django_db
class TestAFile:
    def test_each_table_is_read_in_the_types_of_its_columns(self) -> None:
        with_look(COUNTS | {"both": (4981, 3)})
        tables = look_tables(Analysis.objects.get())
        look = read_bytes(data_package(tables))
        for table in tables.tables:
            assert look.tables[table.name] == [
                {name: value if value is not None or kind != "string" else "" for (name, value), kind in
                 zip(record.items(), look.types[table.name].values(), strict=True)}
                for record in table.records()
            ]  # fmt: skip

    def test_pandas_and_polars_hold_the_same(self) -> None:
        with_look(COUNTS | {"both": (4981, 3)})
        look = read_bytes(make_bundle(Analysis.objects.get().campaign))
        counts, same = look.pandas("counts"), look.polars("counts")
        assert counts["did"].sum() == same["did"].sum() == 1354 + 1596 + 1541
        assert counts["did"].isna().sum() == same["did"].null_count() > 0

    def test_a_table_that_was_changed_is_not_read(self) -> None:
        with_look()
        with zipfile.ZipFile(io.BytesIO(data_package(look_tables(Analysis.objects.get())))) as archive:
            content = {name: archive.read(name) for name in archive.namelist()}
        content["counts.csv"] = content["counts.csv"].replace(b"1798", b"1799")
        with pytest.raises(UnreadableFile, match=r"counts\.csv is not the file"):
            read_bytes(pack(content))

    @pytest.mark.parametrize("content", [b"", b"PK", pack({"a.txt": b""}), pack({"datapackage.json": b"[]"})])
    def test_another_file_is_refused_with_a_reason(self, content: bytes) -> None:
        with pytest.raises(UnreadableFile, match="no data package"):
            read_bytes(content)

    def test_the_notebook_reads_a_bundle(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with_look()
        path = tmp_path / "bundle.zip"
        path.write_bytes(make_bundle(Analysis.objects.get().campaign))
        monkeypatch.setenv("BUNDLE", str(path))
        shown = run_notebook()
        assert shown["0"].startswith("Of 100 people who saw the message with both harms")
        # 1,798 of 4,981 is 36.10 of 100.
        assert shown["2"].loc["both", "estimate"] == pytest.approx(36.097, abs=0.001)
        assert shown["4"] < 1e-12
        assert isinstance(read_file(path), Look)


@given(st.text(alphabet="'=+-@;\t\r\n\"a＝", max_size=12))
def test_an_apostrophe_against_formulas_is_taken_away_again(text: str) -> None:
    assert files._value(spreadsheet.escape_formulas(text), "string") == text


@pytest.mark.django_db(transaction=True)
class TestTheApi:
    def test_a_look_is_read_over_http_as_from_its_file(self, live_server: LiveServer) -> None:
        with_look()
        site = Site(live_server.url, token=token_of(analyst()))
        assert [each["slug"] for each in site.campaigns()] == ["pilot"]
        assert (
            site.look("pilot") == site.look("pilot", 1) == read_bytes(data_package(look_tables(Analysis.objects.get())))
        )

    def test_a_refusal_has_its_status_its_code_and_its_sentence(self, live_server: LiveServer) -> None:
        world.launched()
        with pytest.raises(ApiError, match="There is no look yet"):
            Site(live_server.url, token=token_of(analyst())).look("pilot")
        with pytest.raises(ApiError, match="This token is not ours") as refused:
            Site(live_server.url, token="wrong").campaigns()
        assert (refused.value.status, refused.value.code) == (401, "authentication_failed")


def test_a_token_is_not_printed() -> None:
    assert "secret" not in repr(Site("https://messages.example.org", token="secret"))


def test_an_address_that_is_no_web_address_is_refused() -> None:
    with pytest.raises(ValueError, match="https"):
        Site("file:///etc", token="").campaigns()


def token_of(client: Client) -> str:
    return str(client.defaults["HTTP_AUTHORIZATION"]).removeprefix("Token ")
