"""Every operation of the staff API: what it answers, to whom, in which pages, and whether it changed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, cast

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it comes without stubs

from analytics.learned.record import record_result
from analytics.looks.evaluate import evaluate
from campaign.api.schema_views import SCHEMA_FILES, api_description
from campaign.lifecycle import transitions
from campaign.lifecycle.approval import approval_fingerprint
from campaign.models import Campaign
from messages.accounts import api_tokens
from messages.models import ApiToken
from tests import world
from tests.campaign.api.test_views import PASSWORD, ana, analyst, error, manager, reviewer, sign_in, step

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
VALUES = {"slug": "pilot", "look": "1", "name": "results.xlsx"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and description of each operation of staff."""
    for path, methods in api_description()["paths"].items():
        for method, operation in methods.items():
            if operation.get("tags") and operation["tags"][0] in {*ApiToken.Scope.values, "signing in"}:
                yield path, method, operation


def reads() -> list[str]:
    return [path for path, method, _ in operations() if method == "get"]


def lists() -> list[str]:
    """The addresses whose answer is an array, or a page of one."""
    shapes = {path: shape_of(operation) for path, method, operation in operations() if method == "get"}
    return [path for path, shape in shapes.items() if "Paginated" in str(shape) or shape.get("type") == "array"]


def shape_of(operation: dict[str, Any]) -> dict[str, Any]:
    """The schema of the answer; empty for a file."""
    (answer,) = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    return cast("dict[str, Any]", answer["content"].get("application/json", {}).get("schema", {}))


@cache
def answer_schemas() -> dict[str, Any]:
    """The JSON Schema, as the site serves it."""
    reply = Client().get("/api/schema/", {"format": "jsonschema"})
    assert (reply.status_code, reply["Content-Type"]) == (200, "application/schema+json")
    return cast("dict[str, Any]", reply.json())


def hold(value: Any, schema: dict[str, Any]) -> None:
    """Assert that a value is what the served JSON Schema says."""
    served = answer_schemas()
    here = {key: text.replace("#/components/schemas/", "#/$defs/") for key, text in schema.items()}
    Draft202012Validator(here | {"$defs": served["$defs"]}).validate(value)


def filled(path: str, **values: str) -> str:
    return path.format(**VALUES | values)


def one_of_everything() -> None:
    """A closed campaign with a look and what was learned of it, one of another place that waits for it, and a draft."""
    campaign = world.launched()
    world.tally(campaign, {"neutral": (2000, 700), "victim": (2000, 760), "user": (2000, 780), "both": (2000, 880)})
    evaluate(campaign, now=world.NOON)
    waits = world.draft("waits", at=campaign.placements.get())
    transitions.submit(waits, by=world.person("mara", "manager"))
    world.approve(waits)
    assert step(manager(), "queue", "waits").status_code == 200
    world.draft("draft", at=world.placement("elsewhere"))


def close_and_learn() -> None:
    campaign = Campaign.objects.get(slug="pilot")
    transitions.close(campaign, by=world.person("mara", "manager"), now=world.NOON)
    assert record_result(Campaign.objects.get(slug="pilot"))


def with_scopes(*scopes: str, role: str = "analyst") -> Client:
    user = world.person(f"of {role}", role)
    world.second_factor(user)
    token = api_tokens.create(user, " ".join(scopes), today=timezone.localdate(), scopes=scopes)
    return Client(headers={"Authorization": f"Token {token}"})


def test_the_schema_has_an_identifier_and_a_version_that_changes_with_it() -> None:
    schema = answer_schemas()
    Draft202012Validator.check_schema(schema)
    digest = schema["$id"].rsplit(":", 1)[1]
    assert schema["version"] == f"1+{digest}"
    assert schema["$id"].startswith("urn:second-thought:api:1:")
    from campaign.api.schema import answer_schemas as made  # imports development packages

    changed = {"components": {"schemas": api_description()["components"]["schemas"] | {"One more": {}}}}
    assert made(api_description())["$id"] == schema["$id"]
    assert made(changed)["$id"] != schema["$id"]
    assert SCHEMA_FILES["jsonschema"].is_file()


def test_every_answer_is_as_the_versioned_schema_says() -> None:
    one_of_everything()
    seen: set[tuple[str, str]] = set()
    nonempty: set[str] = set()
    readers = analyst()

    def look_at(paths: list[str]) -> None:
        for path in paths:
            reply = readers.get(filled(path, name="counts.csv"))
            assert reply.status_code == 200, path
            schema = shape_of(described["get", path])
            if schema:
                hold(reply.json(), schema)
                if path in lists() and reply.json()["results"]:
                    nonempty.add(path)
            seen.add(("get", path))

    described = {(method, path): operation for path, method, operation in operations()}
    look_at(reads())
    asked = readers.post(
        filled("/api/v1/campaigns/{slug}/analyses/{look}/files/{name}/"), content_type="application/json"
    )
    taken = [("files/{name}/", "analyses/{look}/files/{name}/", asked)]
    assert step(manager(), "leave_queue", "waits").status_code == 200
    for slug, verb, who in (
        ("draft", "submit", manager),
        ("draft", "approve", reviewer),
        ("draft", "launch", manager),
        ("draft", "pause", manager),
        ("draft", "resume", manager),
        ("draft", "close", manager),
        ("waits", "queue", manager),
        ("waits", "leave_queue", manager),
    ):
        body = {"fingerprint": approval_fingerprint(Campaign.objects.get(slug=slug))} if verb == "approve" else {}
        taken.append((verb, f"{verb}/", step(who(), verb, slug, **body)))
    for verb, tail, reply in taken:
        path = f"/api/v1/campaigns/{{slug}}/{tail}"
        assert reply.status_code in (200, 202), (verb, reply.content)
        hold(reply.json(), shape_of(described["post", path]))
        seen.add(("post", path))
    close_and_learn()
    look_at(lists())
    seen.add(("post", "/api/v1/token/"))  # tests/campaign/api/test_views.py signs in
    assert seen == set(described)
    assert nonempty | {"/api/v1/learned/averages/"} == set(lists())


def test_every_list_comes_in_pages() -> None:
    one_of_everything()
    close_and_learn()
    assert len(lists()) >= 6
    for path in lists():
        page = analyst().get(filled(path), {"page_size": 1}).json()
        assert set(page) == {"count", "next", "previous", "results"}, path
        assert len(page["results"]) == min(page["count"], 1), path
        assert (page["next"] is not None) == (page["count"] > 1), path


def test_whatever_is_read_says_when_it_has_not_changed() -> None:
    one_of_everything()
    program = analyst()
    for path in reads():
        address = filled(path, name="counts.csv")
        tag = program.get(address).headers["ETag"]
        unchanged = program.get(address, headers={"if-none-match": tag})
        assert (unchanged.status_code, unchanged.content) == (304, b""), path
        assert program.get(address, headers={"if-none-match": '"another"'}).status_code == 200, path
    before = program.get("/api/v1/campaigns/draft/").headers["ETag"]
    Campaign.objects.filter(slug="draft").update(name="Another name")
    assert program.get("/api/v1/campaigns/draft/", headers={"if-none-match": before}).status_code == 200


@pytest.mark.parametrize("scope", ApiToken.Scope.values)
def test_a_token_is_used_for_its_scope_and_nothing_else(scope: str) -> None:
    one_of_everything()
    program = with_scopes(scope, role="manager")
    for path, method, operation in operations():
        tag = operation["tags"][0]
        if tag == "signing in":
            continue
        reply = getattr(program, method)(filled(path, name="counts.csv"), content_type="application/json")
        if tag != scope:
            assert tag in error(reply, 403, "scope_missing")["message"], path
        else:
            assert b"scope_missing" not in reply.content, path
        assert {"tokenAuth": [tag]} in operation["security"]


def test_a_token_asked_for_by_a_program_has_the_scopes_that_it_named() -> None:
    ana()
    body = {"username": "ana", "password": PASSWORD, "code": world.code()}
    assert error(sign_in(body | {"scopes": ["all"]}), 400, "invalid_field")["fields"]
    token = sign_in(body | {"scopes": ["results"]}).json()["token"]
    assert ApiToken.objects.get().scopes == "results"
    program = Client(headers={"Authorization": f"Token {token}"})
    assert error(program.get("/api/v1/campaigns/"), 403, "scope_missing")


def staff_routes(patterns: list[URLPattern | URLResolver] | None = None, prefix: str = "/") -> Iterator[str]:
    """Each route below /api/ that Django knows."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from staff_routes(pattern.url_patterns, path)
        elif path.startswith("/api/") and "docs" not in path:
            yield path


def test_every_refusal_by_every_method_of_every_route_has_one_shape() -> None:
    one_of_everything()
    clients = {"nobody": Client(), "no role": with_scopes("results", role="administrator"), "analyst": analyst()}
    routes = sorted(set(staff_routes()))
    assert len(routes) > 20
    refused = set()
    for route in routes:
        address = route
        for argument, value in {"<slug:slug>": "nowhere", "<int:look>": "9", "<str:name>": "none"}.items():
            address = address.replace(argument, value)
        for who, client in clients.items():
            for method in METHODS:
                if (route, method) == ("/api/v1/token/", "post") and who != "nobody":
                    continue
                reply = getattr(client, method)(address, content_type="application/json")
                if reply.status_code >= 400 and method != "head":
                    hold(reply.json(), {"$ref": "#/$defs/ErrorReply"})
                    refused.add((reply.status_code, reply.json()["error"]["code"]))
                assert reply.status_code < 500, (method, address)
    assert {status for status, _ in refused} >= {400, 401, 403, 404, 405}
