"""Views of an arm with several texts are counted for the text, too."""

from collections import Counter

import pytest

from analytics.fold.fold import fold
from analytics.models import TextTally
from campaign.models import Campaign
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])


def text_counts(campaign: Campaign) -> Counter[tuple[str, int, str]]:
    rows = TextTally.objects.filter(text__arm__campaign=campaign)
    return Counter(
        {
            (key, position, outcome): count
            for key, position, outcome, count in rows.values_list(
                "text__arm__key", "text__position", "outcome", "count"
            )
        }
    )


def test_each_view_is_counted_for_its_text_and_together_they_are_the_arms() -> None:
    campaign = world.launched(arms={"neutral": 1, "victim": 1}, texts=2)
    site, expected = world.AudienceSite(), Counter[tuple[str, int, str]]()
    arms = {arm.pk: arm.key for arm in campaign.arms.all()}
    for number in range(60):
        receipt = site.new_receipt(unit=f"unit-{number}")
        read = site.read_receipt(receipt)
        if read.left_out:
            continue
        outcome = "left" if number % 3 else "continued"
        for key in ("exposed", outcome):
            assert site.report_event(receipt, key).status == 200
            expected[arms[read.arm], read.text, key] += 1
        if outcome == "left":
            expected[arms[read.arm], read.text, "turned_back"] += 1
    fold(hour=site.hour + 10)
    assert len({(arm, text) for arm, text, _ in expected}) == 4
    assert text_counts(campaign) == expected
    sums = Counter[tuple[str, str]]()
    for (arm, _, outcome), count in expected.items():
        sums[arm, outcome] += count
    assert {(arm, outcome): count for (arm, outcome, _), count in world.tallies(campaign).items()} == sums


def test_an_arm_with_one_text_takes_no_further_row() -> None:
    world.launched()
    site = world.AudienceSite()
    assert site.report_event(site.new_receipt(), "left").status == 200
    fold(hour=site.hour + 10)
    assert not TextTally.objects.exists()
