"""The staff API about campaigns: who may read and step, and one shape for every error."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaign.api.exceptions import handle_api_exception
from campaign.api.parsers import BODY_LIMIT
from campaign.api.transition_views import TRANSITION_VIEWS
from campaign.lifecycle.approval import approval_fingerprint
from campaign.lifecycle.frozen_plan import canonical_json
from campaign.models import AnalysisPlan, Campaign
from messages.accounts import api_tokens, step_up
from messages.review.workflow import ReviewRefused
from tests import permissions, world

CAMPAIGNS = "/api/v1/campaigns/"
TOKEN = "/api/v1/token/"


def as_(user: User, **options: Any) -> Client:
    """A client that sends this person's token."""
    world.second_factor(user)
    name = f"token {user.api_tokens.count()}"  # else the one before would end
    token = api_tokens.create(user, name, today=timezone.localdate())
    return Client(headers={"Authorization": f"Token {token}"}, **options)


def analyst() -> Client:
    return as_(world.person("ana", "analyst"))


def manager() -> Client:
    return as_(world.person("mara", "manager"))


def reviewer() -> Client:
    return as_(world.person("rafael", "reviewer"))


def step(client: Client, verb: str, slug: str = "pilot", **body: str) -> Any:
    """What a campaign's step answers; who comes with a token sends a code of their app along."""
    if verb == "approve" and not body:
        body = {"fingerprint": approval_fingerprint(Campaign.objects.get(slug=slug))}
    return client.post(
        f"{CAMPAIGNS}{slug}/{verb}/", body or None, content_type="application/json", headers=confirmation_of(client)
    )


def confirmation_of(client: Client) -> dict[str, str]:
    token = client.defaults.get("HTTP_AUTHORIZATION", "").removeprefix("Token ")
    user = api_tokens.authenticate(token, today=timezone.localdate())
    return {"Second-Factor": world.fresh_code(user)} if user else {}


def error(reply: Any, status: int, code: str) -> dict[str, Any]:
    """The error of a reply, once its status, code and shape are as promised."""
    assert reply["Content-Type"] == "application/json"
    body = reply.json()
    assert (reply.status_code, body["error"]["code"]) == (status, code), body
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "fields"}
    assert body["error"]["message"]
    assert isinstance(body["error"]["fields"], dict)
    said: dict[str, Any] = body["error"]
    return said


# Reading


@pytest.mark.django_db
def test_an_analyst_reads_a_campaign_with_its_arms_placements_and_frozen_plan() -> None:
    launched = world.launched()
    body = analyst().get(f"{CAMPAIGNS}pilot/").json()
    assert body["state"] == "running"
    assert [len(arm["texts"]) for arm in body["arms"]] == [1, 1, 1, 1]
    assert [(arm["key"], arm["frame"], arm["is_control"]) for arm in body["arms"]][:2] == [
        ("neutral", "neutral", True),
        ("victim", "victim", False),
    ]
    assert body["placements"] == ["quiet-page"]
    assert body["plan"]["fingerprint"] == launched.plan.fingerprint
    assert body["plan"]["frozen_at"] == "2026-03-01T12:20:00Z"
    assert body["plan"]["comparisons"][0] == {"treated": "victim", "control": "neutral"}
    assert body["plan"]["outcomes"][0] == {
        "outcome": "turned_back",
        "role": "primary",
        "smallest_difference": None,
        "harm_margin": None,
    }
    assert (body["created_by"], body["approved_by"]) == ("mara", "rafael")


@pytest.mark.django_db
def test_the_salt_of_a_campaign_is_never_told() -> None:
    world.launched()
    assert b"a-salt-for-tests" not in analyst().get(CAMPAIGNS).content


@pytest.mark.django_db
def test_the_fingerprint_can_be_checked_from_the_plan_as_told() -> None:
    world.launched()
    plan = analyst().get(f"{CAMPAIGNS}pilot/plan/").json()
    assert hashlib.sha256(plan["canonical"].encode()).hexdigest() == plan["fingerprint"]


@pytest.mark.django_db
def test_a_campaign_without_a_plan_says_so() -> None:
    Campaign.objects.create(slug="bare", name="Bare", created_by=world.person("mara"))
    assert analyst().get(f"{CAMPAIGNS}bare/").json()["plan"] is None
    assert "no plan" in error(analyst().get(f"{CAMPAIGNS}bare/plan/"), 404, "not_found")["message"]


@pytest.mark.django_db
def test_a_list_of_campaigns_takes_the_same_number_of_queries_however_long_it_is(
    django_assert_max_num_queries: Any,
) -> None:
    client = analyst()
    for name in ("one", "two", "three"):
        world.draft(name)
    with django_assert_max_num_queries(12):
        assert client.get(CAMPAIGNS).json()["count"] == 3


@pytest.mark.django_db
def test_pages_hold_fifty_rows_and_at_most_two_hundred() -> None:
    Campaign.objects.bulk_create(
        [Campaign(slug=f"c{n}", name=str(n), created_by=world.person("mara")) for n in range(201)]
    )
    client = analyst()
    first = client.get(CAMPAIGNS).json()
    assert (first["count"], len(first["results"])) == (201, 50)
    assert first["next"].endswith("?page=2")
    assert len(client.get(CAMPAIGNS, {"page_size": 100_000}).json()["results"]) == 200


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30, "9" * 5000, "1.5", "²"])
def test_a_page_that_does_not_exist_is_not_found(page: str) -> None:
    error(analyst().get(CAMPAIGNS, {"page": page}), 404, "not_found")


@pytest.mark.django_db
@pytest.mark.parametrize("size", ["0", "-1", "x", "9" * 5000])
def test_a_page_size_that_makes_no_sense_is_the_usual_one(size: str) -> None:
    assert analyst().get(CAMPAIGNS, {"page_size": size}).status_code == 200


# Who may


READABLE = [CAMPAIGNS, f"{CAMPAIGNS}pilot/", f"{CAMPAIGNS}pilot/plan/"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", [*READABLE, f"{CAMPAIGNS}pilot/approve/", "/api/v1/token/", "/api/v1/analyses/"])
@pytest.mark.parametrize("body", ["[" * 5_000, '{"a":' * 3_000])
def test_a_body_that_is_nested_too_deeply_is_no_error_of_ours_at_any_address(path: str, body: str) -> None:
    world.launched()
    signed_in, stranger = Client(enforce_csrf_checks=True), Client()
    world.sign_in(signed_in, world.person("ana", "analyst"))
    for client in (signed_in, stranger):
        assert client.post(path, body, content_type="application/json").status_code < 500


@pytest.mark.django_db
@pytest.mark.parametrize("path", READABLE)
def test_a_stranger_is_asked_to_sign_in(path: str) -> None:
    reply = Client().get(path)
    error(reply, 401, "not_authenticated")
    assert reply["WWW-Authenticate"] == "Token"


@pytest.mark.django_db
@pytest.mark.parametrize("path", READABLE)
def test_a_person_without_a_role_sees_nothing(path: str) -> None:
    world.launched()
    error(as_(world.person("nobody")).get(path), 403, "permission_denied")


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Token wrong", "Token", "Token a b", "Token \xff", "Token " + "x" * 5000])
def test_a_token_that_is_not_ours_is_refused(header: str) -> None:
    error(Client(headers={"Authorization": header}).get(CAMPAIGNS), 401, "authentication_failed")


@pytest.mark.django_db
def test_the_token_of_someone_who_left_is_refused() -> None:
    client = analyst()
    User.objects.filter(username="ana").update(is_active=False)
    error(client.get(CAMPAIGNS), 401, "authentication_failed")


@pytest.mark.django_db
def test_a_signed_in_browser_reads_without_a_token() -> None:
    client = Client()
    world.sign_in(client, world.person("ana", "analyst"))
    assert client.get(CAMPAIGNS).status_code == 200


@pytest.mark.django_db
def test_a_signed_in_browser_needs_its_csrf_token_to_take_a_step() -> None:
    world.launched()
    client = Client(enforce_csrf_checks=True)
    world.sign_in(client, world.person("mara", "manager"))
    error(step(client, "pause"), 403, "permission_denied")
    assert Campaign.objects.get().state == "running"


# Steps


@pytest.mark.django_db
def test_a_campaign_goes_from_draft_to_closed_by_steps() -> None:
    world.draft()
    states = []
    for client, verb in [
        (manager(), "submit"),
        (reviewer(), "approve"),
        (manager(), "launch"),
        (manager(), "pause"),
        (manager(), "resume"),
        (manager(), "close"),
    ]:
        reply = step(client, verb)
        assert reply.status_code == 200, reply.content
        states.append(reply.json()["state"])
    assert states == ["submitted", "approved", "running", "paused", "running", "closed"]


@pytest.mark.django_db
def test_launching_answers_the_frozen_plan() -> None:
    world.draft()
    step(manager(), "submit")
    step(reviewer(), "approve")
    body = step(manager(), "launch").json()
    assert body["plan"]["fingerprint"] == AnalysisPlan.objects.get().fingerprint != ""


@pytest.mark.django_db
def test_a_step_out_of_turn_is_a_conflict_that_says_why() -> None:
    world.launched()
    said = error(step(manager(), "resume"), 409, "step_refused")
    assert "cannot resume" in said["message"]


@pytest.mark.django_db
def test_nobody_approves_their_own_campaign() -> None:
    world.draft()
    step(manager(), "submit")
    both = as_(world.person("mara", "manager", "reviewer"))
    error(step(both, "approve"), 409, "step_refused")
    assert Campaign.objects.get().approved_by is None


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["submit", "approve", "launch", "pause", "resume", "close"])
def test_an_analyst_takes_no_step(verb: str) -> None:
    world.launched()
    before = Campaign.objects.get().state
    error(step(analyst(), verb), 403, "permission_denied")
    assert Campaign.objects.get().state == before


@pytest.mark.django_db
def test_an_approval_names_the_fingerprint_of_what_the_api_has_shown() -> None:
    world.draft()
    step(manager(), "submit")
    shown = reviewer().get(f"{CAMPAIGNS}pilot/plan/").json()["approval"]
    assert hashlib.sha256(canonical_json(shown["content"]).encode()).hexdigest() == shown["fingerprint"]
    missing = step(reviewer(), "approve", other="field")
    assert set(error(missing, 400, "invalid_field")["fields"]) == {"fingerprint"}
    error(step(reviewer(), "approve", fingerprint="0" * 64), 409, "step_refused")
    assert step(reviewer(), "approve", fingerprint=shown["fingerprint"]).json()["state"] == "approved"


@pytest.mark.django_db
def test_a_manager_is_told_that_only_a_reviewer_approves() -> None:
    world.draft()
    assert "reviewer" in error(step(manager(), "approve"), 403, "permission_denied")["message"]


@pytest.mark.django_db
def test_a_step_with_a_body_is_refused_rather_than_misread() -> None:
    world.launched()
    later = {"at": "2030-01-01"}
    client = manager()
    reply = client.post(
        f"{CAMPAIGNS}pilot/pause/", later, content_type="application/json", headers=confirmation_of(client)
    )
    error(reply, 400, "unknown_field")
    assert Campaign.objects.get().state == "running"


@pytest.mark.django_db
def test_a_step_on_an_unknown_campaign_is_not_found() -> None:
    error(step(manager(), "launch", "nowhere"), 404, "not_found")


# What a token may do by itself, and what it may not


@pytest.mark.django_db
@pytest.mark.parametrize("verb", [view.transition for view in TRANSITION_VIEWS])
def test_a_token_alone_takes_no_step(verb: str) -> None:
    world.launched()
    both = as_(world.person("mara", "manager", "reviewer"))
    reply = both.post(f"{CAMPAIGNS}pilot/{verb}/", content_type="application/json")
    error(reply, 403, "confirm_first")
    assert Campaign.objects.get().state == "running"


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_route_of_the_api_changes_anything_for_a_token_alone(method: str) -> None:
    """Every route but the one that makes a token, asked by an administrator's token."""
    world.launched()
    client = as_(world.person("ada", "administrator"))
    routes = {route for route in permissions.staff_routes() if route.startswith("/api/v1/")} - {TOKEN}
    assert len(routes) > 10
    for route in routes:
        reply = getattr(client, method)(permissions.example_path(route), content_type="application/json")
        assert reply.status_code in (404, 405) or reply.json()["error"]["code"] == "confirm_first", route


@pytest.mark.django_db
def test_a_code_confirms_one_step_and_no_other() -> None:
    world.launched()
    client, sent = manager(), {"Second-Factor": world.code()}
    first = client.post(f"{CAMPAIGNS}pilot/pause/", content_type="application/json", headers=sent)
    again = client.post(f"{CAMPAIGNS}pilot/close/", content_type="application/json", headers=sent)
    assert first.status_code == 200
    error(again, 403, "confirm_first")
    assert Campaign.objects.get().state == "paused"


@pytest.mark.django_db
def test_guessing_codes_with_a_token_is_slowed_down() -> None:
    world.launched()
    client, wrong = manager(), {"Second-Factor": "000000"}
    replies = [
        client.post(f"{CAMPAIGNS}pilot/pause/", content_type="application/json", headers=wrong) for _ in range(6)
    ]
    error(replies[-1], 429, "throttled")


@pytest.mark.django_db
def test_a_browser_confirms_again_after_ten_minutes() -> None:
    world.launched()
    client = Client()
    world.sign_in(client, world.person("mara", "manager"))
    session = client.session
    session[step_up.CONFIRMED_AT_KEY] -= step_up.FRESH_SECONDS + 1
    session.save()
    error(step(client, "pause"), 403, "confirm_first")
    world.sign_in(client, world.person("mara", "manager"))
    assert step(client, "pause").status_code == 200


@pytest.mark.django_db
def test_a_browser_without_a_second_factor_reads_nothing() -> None:
    client = Client()
    world.sign_in(client, world.person("ana", "analyst"))
    session = client.session
    session["second_factor"] = False
    session.save()
    error(client.get(CAMPAIGNS), 403, "second_factor_needed")


# Signing in


PASSWORD = "a long enough password"


def ana() -> User:
    """An analyst with a password and an app."""
    user = world.person("ana", "analyst")
    user.set_password(PASSWORD)
    user.save()
    world.second_factor(user)
    return user


def sign_in(body: Any, **options: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client().post(TOKEN, raw, content_type=options.pop("content_type", "application/json"), **options)


@pytest.mark.django_db
def test_a_name_a_password_and_a_code_get_a_token_that_works() -> None:
    ana()
    reply = sign_in({"username": "ana", "password": PASSWORD, "code": world.code()})
    assert reply.status_code == 200
    assert reply["Cache-Control"] == "no-store"
    client = Client(headers={"Authorization": f"Token {reply.json()['token']}"})
    assert client.get(CAMPAIGNS).status_code == 200


@pytest.mark.django_db
def test_a_wrong_password_an_unknown_name_and_a_wrong_code_get_the_same_answer() -> None:
    ana()
    wrong = sign_in({"username": "ana", "password": "no", "code": world.code()})
    unknown = sign_in({"username": "who", "password": "no"})
    no_code = sign_in({"username": "ana", "password": PASSWORD})
    wrong_code = sign_in({"username": "ana", "password": PASSWORD, "code": world.code(halves=9)})
    told = [error(reply, 401, "wrong_credentials") for reply in (wrong, unknown, no_code, wrong_code)]
    assert told == [told[0]] * 4


@pytest.mark.django_db
def test_whoever_has_no_second_factor_yet_gets_no_token() -> None:
    user = world.person("bo", "analyst")
    user.set_password(PASSWORD)
    user.save()
    error(sign_in({"username": "bo", "password": PASSWORD}), 401, "wrong_credentials")


@pytest.mark.django_db
def test_guessing_is_slowed_down_for_each_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.api.authentication.authenticate", lambda request, **credentials: None)
    replies = [sign_in({"username": "ana", "password": "no"}) for _ in range(6)]
    error(replies[-1], 429, "throttled")
    assert int(replies[-1]["Retry-After"]) > 0
    error(sign_in({"username": "other", "password": "no"}), 401, "wrong_credentials")


@pytest.mark.django_db
def test_missing_fields_are_named() -> None:
    said = error(sign_in({"username": "ana"}), 400, "invalid_field")
    assert said["fields"] == {"password": "This field is required."}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b"[" * 16_000,
        b'{"username": ' + b"9" * 5000 + b"}",
        b"[]",
        b"null",
        b"1",
        b'{"username": ["a"], "password": {}}',
        b'{"username": "a\\u0000", "password": "b"}',
        b'{"username": "\\ud800", "password": "b"}',
        b'{"username": "a", "password": "\\u0000"}',
    ],
)
def test_a_body_that_makes_no_sense_is_a_bad_request(body: bytes) -> None:
    reply = sign_in(body)
    error(reply, 400, reply.json()["error"]["code"])
    assert reply.json()["error"]["code"] in {"malformed_json", "invalid_field"}


@pytest.mark.django_db
def test_a_body_beyond_the_limit_is_too_large() -> None:
    error(sign_in(b" " * (BODY_LIMIT + 1)), 413, "body_too_large")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ";", "x"])
def test_a_body_that_is_not_json_is_an_unsupported_media_type(kind: str) -> None:
    error(sign_in(b"username=ana", content_type=kind), 415, "unsupported_media_type")


# Addresses, methods, formats


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/v1/",
        "/api/v2/campaigns/",
        "/api/v1/campaigns",
        "/api/v1/campaigns/nowhere/",
        "/api/v1/campaigns/no%20where/",
        "/api/v1/campaigns/%2e%2e/",
        "/api/v1/campaigns/" + "x" * 5000 + "/",
        "/api/v1/campaigns/pilot/plan/more",
        "/api/v1/campaigns/%F0%9F%92%A9/",
        "/api/v1/campaigns/?format=xml",
    ],
)
def test_an_unknown_address_is_not_found(path: str) -> None:
    error(analyst().get(path), 404, "not_found")


@pytest.mark.django_db
def test_an_unknown_address_tells_a_stranger_no_more() -> None:
    error(Client().post("/api/v1/nothing/"), 404, "not_found")


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_campaigns_are_only_read(method: str) -> None:
    reply = getattr(manager(), method)(CAMPAIGNS)
    error(reply, 405, "method_not_allowed")
    assert "GET" in reply["Allow"]


@pytest.mark.django_db
def test_a_step_is_not_taken_by_reading() -> None:
    world.launched()
    error(manager().get(f"{CAMPAIGNS}pilot/close/"), 405, "method_not_allowed")


@pytest.mark.django_db
def test_only_json_is_spoken() -> None:
    error(analyst().get(CAMPAIGNS, headers={"Accept": "text/csv"}), 406, "not_acceptable")


@pytest.mark.django_db
@pytest.mark.parametrize("accept", [";;;", "a/b/c", "\xff", "*", "application/json; q=x", "," * 500])
def test_an_odd_accept_header_is_no_fault_of_ours(accept: str) -> None:
    assert analyst().get(CAMPAIGNS, headers={"Accept": accept}).status_code in {200, 406}


@pytest.mark.django_db
def test_a_fault_of_ours_has_the_same_shape_and_says_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("campaign.api.views.campaigns_with_plans", fail)
    reply = analyst().get(CAMPAIGNS)
    error(reply, 500, "internal_error")
    assert b"secret" not in reply.content


def test_words_that_are_refused_have_the_one_shape_and_name_their_fields() -> None:
    refused = ReviewRefused("Part of this text cannot be shown as it is.", {"renditions.en.body": "“creep”: ..."})
    response = handle_api_exception(refused, {})
    assert response.status_code == 409
    assert response.data == {
        "error": {"code": "step_refused", "message": str(refused), "fields": {"renditions.en.body": "“creep”: ..."}}
    }
