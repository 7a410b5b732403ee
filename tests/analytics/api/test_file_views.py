"""The staff API for files: listed, asked for, handed out, and unchanged ones answered without their bytes."""

from __future__ import annotations

import pytest

from analytics.export.files import FILES
from analytics.models import Analysis
from tests import world
from tests.analytics.api.test_views import PILOT, campaign_with_look
from tests.analytics.export.test_worker_files import run_worker_step
from tests.campaign.api.test_views import analyst, error

pytestmark = pytest.mark.django_db
LIST = f"{PILOT}analyses/1/files/"


def test_every_file_of_the_page_is_listed_with_what_to_do_for_it() -> None:
    campaign_with_look()
    listed = {row["name"]: row for row in analyst().get(LIST).json()["results"]}
    assert list(listed) == [file.name for file in FILES]
    assert (listed["counts.csv"]["state"], listed["bundle.zip"]["state"]) == ("ready", "not asked")
    assert listed["counts.csv"]["url"] == f"{LIST}counts.csv/"


def test_a_table_is_handed_out_as_the_page_does() -> None:
    campaign_with_look()
    response = analyst().get(f"{LIST}counts.csv/")
    file = next(file for file in FILES if file.name == "counts.csv")
    assert response.content == file.make(Analysis.objects.get())
    assert response.headers["Content-Disposition"] == 'attachment; filename="pilot-look-1-counts.csv"'


def test_a_file_that_takes_long_is_asked_for_made_and_handed_out() -> None:
    campaign_with_look()
    program = analyst()
    assert error(program.get(f"{LIST}results.xlsx/"), 409, "step_refused")["message"]
    asked = program.post(f"{LIST}results.xlsx/", content_type="application/json")
    assert (asked.status_code, asked.json()["state"]) == (202, "asked")
    assert run_worker_step() == "1 files of results made"
    assert program.get(f"{LIST}results.xlsx/").content.startswith(b"PK")


@pytest.mark.parametrize("address", ["analyses/", "analyses/1/", "tallies/", "analyses/1/files/counts.csv/"])
def test_what_has_not_changed_is_answered_without_its_bytes(address: str) -> None:
    campaign_with_look()
    program = analyst()
    tag = program.get(PILOT + address).headers["ETag"]
    unchanged = program.get(PILOT + address, headers={"if-none-match": tag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert program.get(PILOT + address, headers={"if-none-match": '"another"'}).status_code == 200


@pytest.mark.parametrize("address", [f"{LIST}passwords.csv/", f"{PILOT}analyses/9/files/"])
def test_what_is_not_there_is_not_found(address: str) -> None:
    campaign_with_look()
    assert error(analyst().get(address), 404, "not_found")


def test_a_table_need_not_be_asked_for() -> None:
    campaign_with_look()
    assert error(analyst().post(f"{LIST}counts.csv/", content_type="application/json"), 409, "step_refused")


def test_a_body_is_refused() -> None:
    campaign_with_look()
    refused = analyst().post(f"{LIST}results.xlsx/", {"language": "es"}, content_type="application/json")
    assert error(refused, 400, "unknown_field")


def test_before_the_first_planned_look_there_is_nothing() -> None:
    campaign = world.launched(plan={"planned_per_arm": 100_000})
    world.tally(campaign, dict.fromkeys(("neutral", "victim", "user", "both"), (2000, 700)))
    assert analyst().get(LIST).status_code == 404
