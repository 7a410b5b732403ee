"""The description of the API: valid, complete, public, and true of what is really answered."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.test import Client
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it comes without stubs

from analytics.ingest import endpoint as events_surface
from analytics.looks.evaluate import evaluate
from campaign.api import schema as api_schema
from campaign.api.audience_refusals import DECIDE_REFUSALS, EVENT_REFUSALS, EVENTS_REFUSALS
from campaign.api.schema_views import SCHEMA_FILES
from campaign.api.views import CampaignDetail
from campaign.models import Campaign
from campaign.serving import decide_endpoint
from campaign.serving.http import Refusal
from campaign.serving.preview_links import preview_url
from campaign.staff_site.middleware import STAFF_CSP
from tests import world
from tests.campaign.api.test_views import analyst, manager, step

BOTH = ["default", "audience"]


@cache
def description() -> dict[str, Any]:
    served: dict[str, Any] = json.loads(SCHEMA_FILES["json"].read_bytes())
    return served


def promised(method: str, path: str, status: int) -> dict[str, Any]:
    """The schema of one documented answer."""
    reply = description()["paths"][path][method]["responses"][str(status)]
    schema: dict[str, Any] = reply["content"]["application/json"]["schema"]
    return schema


def hold(value: Any, schema: dict[str, Any]) -> None:
    """Assert that a value is what the description promises."""
    Draft202012Validator(schema | {"components": description()["components"]}).validate(value)


@pytest.mark.slow
def test_what_is_served_is_what_the_code_says_in_valid_openapi_3_1() -> None:
    assert description()["openapi"].startswith("3.1")
    call_command("describe_api", "--check")


@pytest.mark.slow
def test_a_description_that_has_fallen_behind_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DECIDE_REFUSALS[500], "internal_error", "Something else.")
    with pytest.raises(CommandError, match="out of date"):
        call_command("describe_api", "--check")


def test_what_the_generator_has_to_guess_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_schema._OperationSchema, "get_operation_id", lambda operation: "the same for all")
    with pytest.raises(ValueError, match="warning"):
        api_schema.build_schema()


def test_an_operation_that_says_nothing_of_itself_cannot_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(CampaignDetail.get, "api_operation")
    with pytest.raises(AttributeError, match="api_operation"):
        api_schema.build_schema()


def test_every_schema_is_a_valid_json_schema() -> None:
    for schema in description()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_the_description_holds_audience_and_staff_addresses() -> None:
    paths = description()["paths"]
    assert {"/api/v1/decide", "/api/v1/events", "/m/{placement}/", "/api/v1/token/"} <= set(paths)
    assert {f"/api/v1/campaigns/{{slug}}/{part}/" for part in ("plan", "tallies", "analyses", "launch")} <= set(paths)


def test_only_audience_addresses_and_signing_in_need_no_credentials() -> None:
    open_ = {
        path
        for path, operations in description()["paths"].items()
        for operation in operations.values()
        if not operation.get("security")
    }
    assert {path for path in open_ if not path.startswith("/m/")} == {
        "/api/v1/decide",
        "/api/v1/events",
        "/api/v1/receipt",
        "/api/v1/text",
        "/api/v1/token/",
    }


def test_every_operation_has_a_summary_and_a_tag_that_is_explained() -> None:
    tags = {tag["name"] for tag in description()["tags"]}
    for operations in description()["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert set(operation["tags"]) <= tags


def test_the_limits_told_are_the_limits_kept() -> None:
    assert str(decide_endpoint.BODY_LIMIT) in DECIDE_REFUSALS[413]["body_too_large"]
    said = EVENTS_REFUSALS[413]
    assert {str(events_surface.SINGLE_BODY_LIMIT), str(events_surface.BODY_LIMIT)} <= set(
        re.findall(r"\d+", said["body_too_large"])
    )
    assert str(events_surface.MAX_EVENTS) in said["wrong_number_of_events"]
    schemas = description()["components"]["schemas"]
    assert schemas["Ask"]["properties"]["unit"]["maxLength"] == decide_endpoint.MAX_FIELD_LENGTH


def test_every_code_is_explained_in_the_handbook() -> None:
    handbook = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
    decide, events = handbook.split("## Which message")[1].split("## From a browser")[0].split("## What was done")
    for section, table in ((decide, DECIDE_REFUSALS), (events, EVENTS_REFUSALS)):
        told = {
            (int(status), code)
            for statuses, codes in re.findall(r"^\| ([\d, ]+) \| (.+?) \|", section, re.MULTILINE)
            for status in statuses.split(", ")
            for code in re.findall(r"`(\w+)`", codes)
        }
        assert told == {(status, code) for status, codes in table.items() for code in codes}


# What is answered is what is described


@pytest.mark.django_db(databases=BOTH)
def test_decide_answers_as_described() -> None:
    campaign = world.launched()
    site = world.AudienceSite()
    hold(site.decide().json, promised("post", "/api/v1/decide", 200))
    hold(site.decide(unit="x", locale="de").json, promised("post", "/api/v1/decide", 200))
    arm = campaign.arms.all()[0]
    url = preview_url(campaign.placements.get(), arm, by=world.person("mara"), now=world.NOON)
    token = url.split("preview=")[1].replace("%3A", ":")
    preview = site.decide(preview=token).json
    assert (preview["arm"], preview["receipt"]) == (arm.key, None)
    hold(preview, promised("post", "/api/v1/decide", 200))


@pytest.mark.django_db(databases=BOTH)
def test_decide_refuses_exactly_as_described(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = world.launched()
    world.placement("empty")
    site = world.AudienceSite()
    path = "/api/v1/decide"
    answers = [
        site.post(path, b"{"),
        site.post(path, {"placement": "quiet-page", "other": 1}),
        site.post(path, []),
        site.post(path, {"placement": "quiet-page"}, CONTENT_LENGTH="99"),
        site.post(path, {"placement": "quiet-page"}, HTTP_ORIGIN="https://no.example"),
        site.decide("nowhere"),
        site.decide(preview="nonsense"),
        site.decide(key="10000-0123456789abcdef"),
        site.get(path),
        site.decide("empty"),
        site.post(path, b" " * 5000),
    ]
    for state in (Campaign.State.PAUSED, Campaign.State.CLOSED, Campaign.State.APPROVED):
        Campaign.objects.filter(pk=campaign.pk).update(state=state)
        site.refresh()
        answers.append(site.decide())
    monkeypatch.setattr("campaign.serving.decide_endpoint.parse_json", lambda body: 1 / 0)
    answers.append(site.decide(unit="of one visitor's alone"))
    _are_exactly(answers, DECIDE_REFUSALS, path)


@pytest.mark.django_db(databases=BOTH)
def test_events_answer_as_described() -> None:
    world.launched()
    site = world.AudienceSite()
    receipt = site.new_receipt()
    hold(site.report_event(receipt).json, promised("post", "/api/v1/events", 200))
    good, bad = {"receipt": receipt, "outcome": "left"}, {"receipt": receipt, "outcome": "flew"}
    partly = site.post("/api/v1/events", [good, bad])
    assert (partly.status, partly.json["accepted"], partly.json["rejected"][0]["index"]) == (207, 1, 1)
    hold(partly.json, promised("post", "/api/v1/events", 207))


@pytest.mark.django_db(databases=BOTH)
def test_events_refuse_exactly_as_described(monkeypatch: pytest.MonkeyPatch) -> None:
    world.launched()
    site = world.AudienceSite()
    path = "/api/v1/events"
    receipt = site.new_receipt()
    event = {"receipt": receipt, "outcome": "exposed"}
    bad = [
        event | {"more": 1},
        {"receipt": receipt},
        event | {"outcome": "flew"},
        event | {"value": 1},
        event | {"receipt": "A" * 106},
    ]
    answers = [
        *(site.post(path, item) for item in bad),
        site.post(path, b"{"),
        site.post(path, []),
        site.post(path, [event] * 501),
        site.post(path, event, CONTENT_LENGTH="999"),
        site.post(path, event, HTTP_ORIGIN="https://no.example"),
        site.get(path),
        site.post(path, b" " * 200_000),
    ]
    listed = site.post(path, bad)
    assert [item["error"]["code"] for item in listed.json["rejected"]] == [a.code for a in answers[: len(bad)]]
    hold(listed.json, promised("post", path, 207))
    site.now += 4 * 3600
    answers.append(site.post(path, event))
    site.now -= 4 * 3600
    busy = Refusal(503, "not_recorded", "Later.")
    monkeypatch.setattr("analytics.ingest.writer.commit_events", lambda events, hour: [busy for _ in events])
    answers.append(site.post(path, event))
    monkeypatch.setattr("analytics.ingest.endpoint.parse_json", lambda body: 1 / 0)
    answers.append(site.post(path, event))
    _are_exactly(answers, EVENTS_REFUSALS, path)


def _are_exactly(answers: list[world.SurfaceReply], table: dict[int, dict[str, str]], path: str) -> None:
    for answer in answers:
        hold(answer.json, promised("post", path, answer.status))
    assert {(a.status, a.code) for a in answers} == {(status, code) for status in table for code in table[status]}


def test_what_can_befall_one_event_of_a_list_can_befall_it_alone() -> None:
    for status, codes in EVENT_REFUSALS.items():
        assert codes.items() <= EVENTS_REFUSALS[status].items()


@pytest.mark.django_db
def test_staff_addresses_answer_as_described() -> None:
    campaign = world.launched()
    world.tally(campaign, {"neutral": (2000, 700), "victim": (2000, 760), "user": (2000, 780), "both": (2000, 880)})
    evaluate(campaign, now=world.NOON)
    world.draft("draft", at=world.placement("elsewhere"))
    client = analyst()
    for part in ("", "{slug}/", "{slug}/plan/", "{slug}/tallies/", "{slug}/analyses/", "{slug}/analyses/{look}/"):
        path = f"/api/v1/campaigns/{part}"
        reply = client.get(path.format(slug="pilot", look=1))
        hold(reply.json(), promised("get", path, 200))
    hold(client.get("/api/v1/campaigns/draft/").json(), promised("get", "/api/v1/campaigns/{slug}/", 200))


@pytest.mark.django_db
def test_staff_refusals_are_as_described() -> None:
    world.launched()
    for status, reply in {
        401: step(Client(), "resume"),
        403: step(analyst(), "resume"),
        404: step(manager(), "resume", "nowhere"),
        409: step(manager(), "resume"),
    }.items():
        assert reply.status_code == status
        hold(reply.json(), promised("post", "/api/v1/campaigns/{slug}/resume/", status))


# The description and its page are public, and load nothing from elsewhere


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["", "?lang=../../x", "?version=%0aX", "?format=yaml", "?format=json"])
def test_the_description_is_readable_without_signing_in(query: str) -> None:
    reply = Client(headers={"Authorization": "Token wrong"}).get(f"/api/schema/{query}")
    assert reply.status_code == 200
    assert b"/api/v1/decide" in reply.content
    assert reply["Content-Type"] == ("application/vnd.oai.openapi" if "yaml" in query else "application/json")


@pytest.mark.django_db
@pytest.mark.parametrize(("asked", "status"), [("application/vnd.oai.openapi+json", 200), ("text/csv", 406)])
def test_the_description_comes_in_the_kind_that_is_asked_for(asked: str, status: int) -> None:
    reply = Client().get("/api/schema/", headers={"Accept": asked})
    assert reply.status_code == status
    assert (reply["Content-Type"] == asked) == (status == 200)


def test_the_yaml_says_the_same() -> None:
    assert yaml.safe_load(SCHEMA_FILES["yaml"].read_bytes()) == description()


@pytest.mark.django_db
def test_the_page_of_the_description_keeps_the_policy_of_every_staff_page() -> None:
    reply = Client().get("/api/docs/")
    assert reply.status_code == 200
    assert reply["Content-Security-Policy"] == STAFF_CSP
    page = reply.content.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert re.findall(r"<script(?![^>]* src=)", page) == []
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page) == []
    assert 'data-description="/api/schema/"' in page


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/docs/", "/api/docs/?lang=%0d&version=%0a%22"])
def test_the_page_does_not_stumble_over_its_query(path: str) -> None:
    assert Client().get(path).status_code == 200
