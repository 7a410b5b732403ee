"""How the sample-ratio status explains paused arms."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from analytics.looks.evaluate import evaluate
from analytics.report_rows import QualityItem
from analytics.results import build, split_after_pause
from analytics.results.split_after_pause import ArmShare
from campaign.lifecycle import arm_pauses
from tests import world

FINE = QualityItem("Messages are shown as often as planned", "ok", "Each as often as its share asks.")
BROKEN = QualityItem("Messages are not shown as often as planned", "alarm", "The shares are far off.")


class TestExplainPauses:
    def test_without_a_pause_nothing_is_added(self) -> None:
        assert split_after_pause.explain_pauses(FINE, [ArmShare("A", 1, False), ArmShare("B", 1, False)]) == FINE

    def test_of_three_where_one_was_paused_the_other_two_are_judged(self) -> None:
        item = split_after_pause.explain_pauses(
            FINE, [ArmShare("A", 1, False), ArmShare("B", 1, False), ArmShare("C", 1, True)]
        )
        assert (item.label, item.status) == (FINE.label, "ok")
        assert item.detail == (
            "Each as often as its share asks. “C” was paused for a while, so fewer people may have "
            "seen it than planned. This is expected. This check covers only the others."
        )

    def test_of_two_where_one_was_paused_nothing_can_be_judged(self) -> None:
        item = split_after_pause.explain_pauses(FINE, [ArmShare("A", 1, False), ArmShare("B", 1, True)])
        assert (item.label, item.status) == ("The split cannot be checked across a pause", "unknown")
        assert item.detail.endswith("No two messages were shown the whole time, so the split cannot be checked.")

    def test_an_arm_without_a_share_is_no_second_one(self) -> None:
        assert (
            split_after_pause.explain_pauses(
                FINE, [ArmShare("A", 1, False), ArmShare("B", 0, False), ArmShare("C", 1, True)]
            ).status
            == "unknown"
        )

    def test_several_are_named(self) -> None:
        item = split_after_pause.explain_pauses(FINE, [ArmShare(name, 1, name in "CD") for name in "ABCD"])
        assert "“C”, “D” were paused for a while" in item.detail

    @pytest.mark.parametrize("others", [1, 2])
    def test_what_was_broken_stays_broken(self, others: int) -> None:
        """The split was already broken in a look before the pause."""
        shares = [ArmShare(str(number), 1, False) for number in range(others)]
        item = split_after_pause.explain_pauses(BROKEN, [*shares, ArmShare("C", 1, True)])
        assert (item.label, item.status) == (BROKEN.label, "alarm")


@pytest.mark.django_db
def test_a_look_speaks_of_the_pauses_that_were_before_it() -> None:
    campaign, now = world.launched(), timezone.now()
    world.tally(campaign, dict.fromkeys(("neutral", "victim", "user", "both"), (2000, 700)))
    before = evaluate(campaign, now=now - timedelta(minutes=1))
    arm_pauses.pause_arm(campaign.arms.get(key="both"), by=world.person("mara"), reason="A partner asked.", now=now)
    after = evaluate(campaign, now=now + timedelta(minutes=1))
    items = [build.build(look).quality[0] for look in (before, after)]
    assert ["“Both” was paused" in each.detail for each in items] == [False, True]
    assert {each.label for each in items} == {"Messages are shown as often as planned"}
