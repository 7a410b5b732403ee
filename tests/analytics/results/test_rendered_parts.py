"""Parts of the results page that are rendered once: for equal values alone, and whatever changes shows at once."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.template import loader
from django.test import Client
from django.utils import timezone

from analytics.looks.evaluate import evaluate
from analytics.results import rendered_parts
from campaign.lifecycle import deviations
from campaign.models import Campaign
from tests import world
from tests.analytics.disclosure.test_look_seals import FORGERIES
from tests.analytics.results.test_views import COUNTS, URL, page

pytestmark = pytest.mark.django_db
VERDICT = "36 turned back"


@pytest.fixture(autouse=True)
def nothing_rendered_before() -> Iterator[None]:
    rendered_parts.forget_parts()
    yield
    rendered_parts.forget_parts()


@pytest.fixture
def analyst(client: Client) -> Client:
    world.sign_in(client, world.person("ana", "analyst"))
    return client


@pytest.fixture
def campaign() -> Campaign:
    campaign = world.launched()
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    return campaign


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The templates that were rendered."""
    names: list[str] = []
    render = loader.render_to_string

    def note(name: str, *values: Any, **options: Any) -> str:
        if name.startswith("analytics/results/") and "request" in values[0] and not options:
            names.append(name)
        return render(name, *values, **options)

    monkeypatch.setattr(loader, "render_to_string", note)
    return names


def test_the_same_page_is_rendered_once_and_reads_the_same(
    campaign: Campaign, analyst: Client, rendered: list[str]
) -> None:
    first = page(analyst)
    assert rendered == ["analytics/results/findings.html", "analytics/results/method.html"]
    second = page(analyst)
    assert len(rendered) == 2
    main = [html[html.index("<main") : html.index('id="download"')] for html in (first, second)]
    assert main[0] == main[1]


def test_another_reader_of_the_same_rights_is_shown_the_same_part_without_what_is_theirs(
    campaign: Campaign, analyst: Client, rendered: list[str]
) -> None:
    page(analyst)
    world.sign_in(manager := Client(), world.person("mara", "manager"))
    html = page(manager)
    assert len(rendered) == 2
    assert "Enter the cost" in html
    assert "Enter the cost" not in page(analyst)


def _alter(statement: str) -> Callable[[Campaign], None]:
    def change(_: Campaign) -> None:
        world.drop_triggers()
        with connection.cursor() as cursor:
            cursor.execute(statement.format(json="::jsonb" if connection.vendor == "postgresql" else ""))

    return change


ALTERED = {**FORGERIES, "the plan": "UPDATE campaign_analysisplan SET smallest_difference = 0.3"}
del ALTERED["a count that is shown"]  # written for other counts


@pytest.mark.parametrize("what", ALTERED)
def test_what_was_altered_in_the_database_is_withheld_at_once(campaign: Campaign, analyst: Client, what: str) -> None:
    assert VERDICT in page(analyst)
    _alter(ALTERED[what])(campaign)
    html = page(analyst)
    assert VERDICT not in html
    assert "Withheld" in html


def test_a_deviation_is_shown_at_once_and_counted_in_the_table_of_what_was_planned(
    campaign: Campaign, analyst: Client
) -> None:
    assert "nothing was changed" in page(analyst)
    manager = world.person("mara", "manager")
    deviations.record_deviation(campaign, what="Two days less.", why="The server.", by=manager, now=timezone.now())
    html = page(analyst)
    assert "Two days less." in html
    assert "nothing was changed" not in html


def test_each_language_and_each_choice_of_terms_has_its_own_part(
    campaign: Campaign, analyst: Client, rendered: list[str]
) -> None:
    page(analyst)
    analyst.cookies["terms"] = "1"
    page(analyst)
    assert len(rendered) == 4
    spanish = page_in(analyst, "es")
    assert len(rendered) == 6
    assert 'lang="es"' in spanish
    assert VERDICT not in spanish


def page_in(client: Client, language: str) -> str:
    return client.get(URL, headers={"Accept-Language": language}).content.decode()


def test_a_term_is_explained_where_the_page_first_uses_it_also_the_second_time(
    campaign: Campaign, analyst: Client
) -> None:
    first, second = (re.findall(r'id="(term-[^"]+)"', page(analyst)) for _ in range(2))
    assert {"term-look", "term-p-value"} <= set(first)
    assert len(first) == len(set(first))
    assert second == first


def test_the_oldest_parts_are_forgotten(
    campaign: Campaign, analyst: Client, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendered_parts, "MOST_PARTS", 1)
    page(analyst)
    page(analyst)
    assert len(rendered) == 4
    assert len(rendered_parts._parts) == 1
