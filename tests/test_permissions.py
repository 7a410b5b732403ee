"""Every route answers every method and role as campaign/permissions.toml declares, and a planted fault is found."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from types import ModuleType

import pytest
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from analytics.export.files import FILES
from analytics.looks.evaluate import evaluate
from campaign import urls as real
from campaign.api import transition_views
from campaign.api import views as api_views
from campaign.models import Campaign
from messages.audit_pages import views
from tests import permissions, route_matrix, world

pytestmark = [pytest.mark.process, pytest.mark.slow]  # the plan as a PDF is drawn by a process
STAFF = sorted({route for route, _, _ in route_matrix.expected_outcomes()})
PARTS = {part: list(routes) for part, routes in groupby(STAFF, key=lambda route: route.split("/")[1])}  # one world each
AUDIENCE = sorted({route for route, _ in route_matrix.expected_audience_outcomes()})


@pytest.fixture
def running(db: None) -> Iterator[None]:
    """A running campaign with one planned look on record."""
    looked_at()
    with permissions.undrawn_plans():
        yield


@world.cached_rows
def looked_at() -> Campaign:
    running = world.launched()
    world.tally(running, dict.fromkeys(("neutral", "victim", "user", "both"), (500, 200)))
    evaluate(running, now=world.NOON)
    for file in FILES:
        if file.made_by_worker:
            running.prepared_files.create(
                look=1,
                name=file.name,
                language=file.language,
                asked_at=world.NOON,
                made_at=world.NOON,
                least=1_000,
                content=b"made",
            )
    return running


def test_every_route_is_declared_and_no_other() -> None:
    assert permissions.staff_routes() == set(STAFF)
    assert permissions.audience_routes() == set(AUDIENCE)


@pytest.mark.parametrize("part", PARTS)
def test_every_named_method_answers_every_role_as_declared(part: str, running: None) -> None:
    clients = permissions.clients_by_role()
    cells = {route: permissions.representative_cells(route) for route in PARTS[part]}
    assert [found for route in cells for found in permissions.differences(route, cells[route], clients)] == []


def test_every_role_is_asked_by_every_method_somewhere() -> None:
    asked = {(method, role) for route in STAFF for _, method, role in permissions.representative_cells(route)}
    assert asked == {(method, role) for _, method, role in route_matrix.expected_outcomes()}


def test_both_tiers_together_ask_each_permission_exactly_once() -> None:
    asked = [
        cell for route in STAFF for cell in [*permissions.representative_cells(route), *permissions.other_cells(route)]
    ]
    assert sorted(asked) == sorted(route_matrix.expected_outcomes())


@pytest.mark.proof
@pytest.mark.parametrize("part", PARTS)
def test_every_other_method_answers_every_role_as_declared(part: str, running: None) -> None:
    """All cells that `test_every_named_method_answers_every_role_as_declared` leaves to this one."""
    clients = permissions.clients_by_role()
    cells = {route: permissions.other_cells(route) for route in PARTS[part]}
    assert [found for route in cells for found in permissions.differences(route, cells[route], clients)] == []


@pytest.mark.django_db(databases=["default", "audience"])
@pytest.mark.parametrize("route", AUDIENCE)
def test_the_audience_surface_answers_every_method_as_declared(route: str) -> None:
    world.launched()
    declared = route_matrix.expected_audience_outcomes()
    for cell, answer in permissions.actual_audience_outcomes(route, world.AudienceSite()).items():
        assert answer == declared[cell], cell


def test_nothing_but_the_description_and_signing_in_lets_a_stranger_in() -> None:
    """Read from the matrix itself, so that a careless line in it is seen."""
    open_to_all = {
        route
        for (route, _, role), answer in route_matrix.expected_outcomes().items()
        if role == "stranger" and answer not in ("sign in", "not found", "no such method")
    }
    assert open_to_all == {
        "/language/",
        "/sign-in/",
        "/sign-in/second-step/",
        "/api/v1/token/",
        "/api/docs/",
        "/api/schema/",
        "/published/<slug:slug>/",
        "/published/<slug:slug>/<str:name>",
    }


def test_the_page_of_permissions_is_up_to_date() -> None:
    assert route_matrix.PAGE.read_text("utf-8") == route_matrix.permissions_page(), "run: python -m tests.route_matrix"


def test_a_route_declares_that_it_is_a_download_if_it_answers_with_a_file_to_keep(running: None) -> None:
    administrator, reasons = permissions.clients_by_role()["administrator"], route_matrix.reasons_not_a_page()
    for route in route_matrix.readable_routes():
        disposition = administrator.get(permissions.example_path(route)).headers.get("Content-Disposition", "")
        assert (reasons.get(route) == "download") == disposition.startswith("attachment"), route


class TestAFaultIsFound:
    def test_a_page_that_lost_its_check(self, running: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(views, "require_role", lambda user, *roles: None)
        assert permissions.differences("/audit/") == [
            f"{method} /audit/ as {role}: allowed, declared forbidden"
            for role in ("no role", "partner contact", "outside reviewer", "analyst", "reviewer")
            for method in ("GET", "HEAD")
        ]

    def test_an_api_that_asks_for_no_role(self, running: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(api_views.HasRole, "has_permission", lambda *arguments: True)
        found = permissions.differences("/api/v1/campaigns/")
        assert "GET /api/v1/campaigns/ as stranger: allowed, declared sign in" in found
        assert "GET /api/v1/campaigns/ as no role: allowed, declared forbidden" in found

    def test_a_step_that_anyone_with_a_role_may_take(self, running: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(transition_views, "has_role", lambda user, *roles: True)
        monkeypatch.setattr("campaign.lifecycle.transitions.has_role", lambda user, *roles: True)
        assert "POST /api/v1/campaigns/<slug:slug>/launch/ as analyst: allowed, declared forbidden" in (
            permissions.differences("/api/v1/campaigns/<slug:slug>/launch/")
        )

    def test_pages_that_ask_nobody_to_sign_in(self, running: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(LoginRequiredMiddleware, "process_view", lambda *arguments: None)
        assert "GET / as stranger: forbidden, declared sign in" in permissions.differences("/")

    def test_a_route_that_nobody_declared(self) -> None:
        def new(request: HttpRequest) -> HttpResponse:
            return HttpResponse()

        with_one_more = ModuleType("with_one_more")
        vars(with_one_more)["urlpatterns"] = [*real.urlpatterns, path("new/", new)]
        with override_settings(ROOT_URLCONF=with_one_more):
            assert permissions.staff_routes() - set(STAFF) == {"/new/"}
