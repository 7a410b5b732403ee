"""What a campaign cost: entered by a manager, on the record, and divided by what was released alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from analytics.models import Analysis, CampaignCost
from analytics.report_rows import EffectRange
from analytics.results.build import build
from analytics.results.certainty import against_control
from analytics.results.costs import cost_per_additional, cost_sentences
from messages.models import AuditEntry
from tests import world
from tests.analytics.results.test_views import COUNTS, campaign_with_look, page

pytestmark = pytest.mark.django_db
COST = "/campaigns/pilot/results/cost/"


@pytest.fixture
def manager(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


def sentences() -> list[str]:
    return [sentence.replace("\u00a0", " ") for sentence in cost_sentences(build(Analysis.objects.get()))]


def test_one_more_person_costs_the_cost_of_one_divided_by_the_difference_and_by_the_ends_of_its_interval() -> None:
    campaign_with_look()
    row = replace(against_control(build(Analysis.objects.get()))[0], effect=0.1, low=0.05, high=0.2)
    # 0.5 for each person: 0.5 / 0.1 = 5, 0.5 / 0.2 = 2.5, 0.5 / 0.05 = 10.
    assert cost_per_additional(0.5, row, fewer_is_better=False) == EffectRange(effect=5.0, low=2.5, high=10.0)


def test_the_interval_has_no_upper_end_where_there_may_be_no_difference() -> None:
    campaign_with_look()
    row = replace(against_control(build(Analysis.objects.get()))[0], effect=0.1, low=-0.05, high=0.2)
    assert cost_per_additional(0.5, row, fewer_is_better=False) == EffectRange(effect=5.0, low=2.5, high=None)


def test_there_is_no_cost_of_one_more_where_there_are_fewer() -> None:
    campaign_with_look()
    row = replace(against_control(build(Analysis.objects.get()))[0], effect=-0.1, low=-0.2, high=-0.05)
    assert cost_per_additional(0.5, row, fewer_is_better=False) is None
    assert cost_per_additional(0.5, row, fewer_is_better=True) == EffectRange(effect=5.0, low=2.5, high=10.0)


def test_the_best_message_comes_first_with_the_control_beside_it() -> None:
    CampaignCost.objects.create(campaign=campaign_with_look(), amount=4200, currency="EUR")
    # 4,200 / 20,000 people = 0.21 each; 36.10 − 27.01 = 9.08 of 100, so 0.21 / 0.0908 = 2.31.
    assert sentences()[0] == "The campaign cost EUR 4,200 in all. That is EUR 0.21 for each person who saw a message."
    assert sentences()[1].startswith("With “Both”, each additional person who turned back cost EUR 2.31 (")


def test_a_message_of_which_we_cannot_tell_yet_has_a_lower_end_alone() -> None:
    few = {name: (400, 100 + 3 * number) for number, name in enumerate(COUNTS)}
    CampaignCost.objects.create(campaign=campaign_with_look(few), amount=4200, currency="EUR")
    assert sentences()[1].endswith(" or more, if it works at all.")


def test_with_a_broken_split_nothing_is_divided_by_a_difference() -> None:
    campaign = campaign_with_look(COUNTS | {"both": (3000, 1200)})
    CampaignCost.objects.create(campaign=campaign, amount=4200, currency="EUR")
    assert sentences() == ["The campaign cost EUR 4,200 in all."]


def test_a_manager_enters_it_and_it_is_on_the_record(manager: Client) -> None:
    campaign_with_look()
    assert "Nobody has entered the cost of this campaign yet." in page(manager)
    response = manager.post(COST, {"amount": "4200", "currency": " eur "})
    assert response.headers["Location"] == "/campaigns/pilot/results/#cost"
    assert CampaignCost.objects.get().currency == "EUR"
    assert "The campaign cost EUR" in page(manager)
    manager.post(COST, {"amount": "5000", "currency": "EUR"})
    assert CampaignCost.objects.get().amount == 5000
    assert AuditEntry.objects.filter(action="campaign-cost").count() == 2


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"amount": "", "currency": "EUR"}, "Enter an amount, such as 1200."),
        ({"amount": "-5", "currency": "EUR"}, "greater than or equal to 0"),
        ({"amount": "1" * 14, "currency": "EUR"}, "less than or equal to"),
        ({"amount": "NaN", "currency": "EUR"}, "Enter a whole number, such as 1200."),
        ({"amount": "12.50", "currency": "EUR"}, "Enter a whole number, such as 1200."),
        ({"amount": "5", "currency": "euro"}, "A currency has three letters, such as EUR."),
        ({"amount": "5", "currency": ""}, "Enter the currency, such as EUR."),
    ],
)
def test_what_is_wrong_stands_beside_the_field_and_what_was_typed_is_kept(
    manager: Client, typed: dict[str, str], sentence: str
) -> None:
    campaign_with_look()
    response = manager.post(COST, typed)
    html = response.content.decode()
    assert response.status_code == 200
    assert sentence in html
    assert all(f'value="{value}"' in html or f'value="{value.upper()}"' in html for value in typed.values() if value)
    assert not CampaignCost.objects.exists()


def test_an_analyst_reads_it_and_cannot_enter_it(client: Client) -> None:
    CampaignCost.objects.create(campaign=campaign_with_look(), amount=4200, currency="EUR")
    world.sign_in(client, world.person("ana", "analyst"))
    assert "The campaign cost EUR" in page(client)
    assert "Change the cost" not in page(client)
    assert client.post(COST, {"amount": "5", "currency": "EUR"}).status_code == 403
