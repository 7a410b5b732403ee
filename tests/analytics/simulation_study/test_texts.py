"""The short, seeded version of the arms of several texts in `make simulate`."""

import pytest

from analytics.comparison.inputs import Monitoring
from analytics.simulation_study.texts import TextCampaign, call_rates
from analytics.simulation_study.unequal_texts import UnequalCampaign
from analytics.simulation_study.unequal_texts import call_rates as unequal_call_rates

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("monitoring", ["fixed", "group-sequential", "always-valid"])
@pytest.mark.parametrize(
    "campaign",
    [
        TextCampaign("nested", 3, 0.03),
        TextCampaign("nested", 6, 0.0),
        TextCampaign("matched", 3, 0.0),
        TextCampaign("matched", 6, 0.03),
    ],
    ids=lambda campaign: f"{campaign.texts} {campaign.design}, {campaign.spread}",
)
def test_few_false_calls_are_made_of_texts_of_a_kind(campaign: TextCampaign, monitoring: Monitoring) -> None:
    _, kind = call_rates(campaign, monitoring, count=60, seed=4)
    # At most 5%: Binomial(60, 0.05) is above 8 with a chance of under 1%.
    assert kind.share * 60 <= 8


@pytest.mark.parametrize("monitoring", ["fixed", "group-sequential", "always-valid"])
def test_people_alone_call_a_difference_between_texts_one_between_appeals(monitoring: Monitoring) -> None:
    these, kind = call_rates(TextCampaign("nested", 1, 0.03), monitoring, count=60, seed=5)
    assert these.share > 0.4
    assert kind.share == 0.0


@pytest.mark.parametrize("monitoring", ["fixed", "group-sequential", "always-valid"])
def test_unequal_numbers_of_texts_make_few_false_calls_where_welch_makes_many(monitoring: Monitoring) -> None:
    campaign = UnequalCampaign((2, 8), (0.03, 0.01), people=40_000)
    welch, judged = unequal_call_rates(campaign, monitoring, count=150, seed=8)
    # At most 5%: Binomial(150, 0.05) is above 15 with a chance of 0.5%.
    assert judged.share * 150 <= 15
    assert welch.share > judged.share


def test_one_text_in_an_arm_says_nothing_of_its_kind() -> None:
    campaign = UnequalCampaign((1, 8), (0.03, 0.03))
    assert [found.share for found in unequal_call_rates(campaign, "fixed", count=20, seed=9)] == [0.0, 0.0]


def test_more_sets_find_more_than_more_people_do() -> None:
    _, two = call_rates(TextCampaign("matched", 2, 0.03, gain=0.05), "fixed", count=100, seed=6)
    _, eight = call_rates(TextCampaign("matched", 8, 0.03, gain=0.05), "fixed", count=100, seed=6)
    assert eight.share > two.share + 0.3
