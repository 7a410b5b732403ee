"""A route that lets counts out has to say so in the matrix, and is then read by the attack on small counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import ModuleType

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from analytics.models import Tally
from campaign import urls
from tests import route_matrix, world
from tests.analytics.disclosure import test_gate
from tests.analytics.disclosure.staff_output import read_routes

pytestmark = pytest.mark.slow

DOWNLOAD = "/campaigns/<slug:slug>/counts.csv"


def differing_routes(routes: Iterable[str], *makers: Callable[[], object]) -> set[str]:
    """The routes that do not answer alike for the campaigns that the two makers make."""
    answers = []
    for make in makers:
        with transaction.atomic():
            make()
            answers.append(read_routes(routes))
            transaction.set_rollback(True)
    return {route for route in answers[0] if answers[0][route] != answers[1][route]}


def with_events(people: int, events: int, effect: float) -> Callable[[], object]:
    """A campaign of which one arm had so many events, and another was paused for such an effect."""

    def make() -> None:
        campaign = test_gate.looked(test_gate.COUNTS | {"both": (people, events)})
        paused = campaign.arms.get(key="user")
        campaign.guard_events.create(
            arm=paused, outcome="annoyed", at=world.NOON, effect=effect, bound=effect - 0.01, margin=0.02
        )

    return make


FEW, MANY = with_events(2000, 880, 0.04), with_events(3100, 1400, 0.3)


@pytest.mark.only_on("sqlite", reason="PostgreSQL numbers the rows of the second world anew, and links name them")
@pytest.mark.django_db
def test_a_route_that_declares_no_counts_answers_alike_whatever_was_counted() -> None:
    undeclared = set(route_matrix.readable_routes()) - set(route_matrix.routes_with_counts())
    assert differing_routes(sorted(undeclared), FEW, MANY) == set()


def test_a_route_with_counts_is_one_that_staff_may_read() -> None:
    assert route_matrix.routes_with_counts()
    assert set(route_matrix.routes_with_counts()) <= set(route_matrix.readable_routes())


@pytest.mark.django_db
class TestANewDownload:
    """A download is added that writes exact tallies past the gate."""

    @pytest.fixture(autouse=True)
    def _add_route(self, request: pytest.FixtureRequest) -> Iterable[None]:
        def download(request: HttpRequest, slug: str) -> HttpResponse:
            rows = Tally.objects.filter(arm__campaign__slug=slug).order_by("pk").values_list("arm__key", "count")
            return HttpResponse("\n".join(f"{arm},{count}" for arm, count in rows), content_type="text/csv")

        with_one_more = ModuleType("with_one_more")
        vars(with_one_more)["urlpatterns"] = [path(DOWNLOAD.lstrip("/"), download), *urls.urlpatterns]
        with override_settings(ROOT_URLCONF=with_one_more):
            yield

    def test_that_declares_no_counts_is_found(self) -> None:
        assert differing_routes([DOWNLOAD], FEW, MANY) == {DOWNLOAD}

    def test_that_declares_them_is_found_by_the_attack_on_small_counts(self) -> None:
        assert differing_routes([DOWNLOAD], *test_gate.PAIRS["few did it"]) == {DOWNLOAD}
