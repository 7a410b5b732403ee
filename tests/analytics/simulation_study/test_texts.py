"""The short, seeded version of the arms of several texts in `make simulate`."""

import pytest

from analytics.comparison.inputs import Monitoring
from analytics.simulation_study.texts import TextCampaign, call_rates

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


def test_more_sets_find_more_than_more_people_do() -> None:
    _, two = call_rates(TextCampaign("matched", 2, 0.03, gain=0.05), "fixed", count=100, seed=6)
    _, eight = call_rates(TextCampaign("matched", 8, 0.03, gain=0.05), "fixed", count=100, seed=6)
    assert eight.share > two.share + 0.3
