"""What worked where everybody sees one text at a time is put to use there: all see it, and its texts take turns."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from campaign.assignment.periods import Periods, text_of_period
from campaign.follow_up.use import put_to_use
from campaign.kill_switch.stop import stop_message
from campaign.lifecycle import arm_pauses, frozen_plan, launch_checks, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.models import AnalysisPlan, Arm, Campaign, ServedCount
from campaign.serving.period_endpoint import MAX_CACHE_SECONDS
from campaign.serving.snapshot import compile_snapshot
from campaign.serving.snapshot_file import SnapshotFile
from tests import world
from tests.campaign.serving.test_periods import FIRST_HOUR, TEXT, ask_receipt, cache_seconds, site_at
from tests.campaign.serving.test_periods import launched as periods_trial

pytestmark = pytest.mark.django_db(databases=["default", "audience"])

VISITS = {"planned_per_arm": 4_000, "monitoring": "group-sequential"}


def use_of(trial: Campaign, **more: Any) -> Campaign:
    options: dict[str, Any] = {"holdout": 0, "by_period": True, "placements": list(trial.placements.all())} | more
    return put_to_use(trial, "victim", by=world.person("mara", "manager"), **options)


def launch(campaign: Campaign) -> None:
    campaign.refresh_from_db()
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara", "manager"), now=world.NOON - timedelta(hours=1))


def in_use(trial: Campaign) -> Campaign:
    """The message of a trial that has ended, in use there."""
    use = use_of(trial)
    transitions.close(trial, by=world.person("mara", "manager"), now=world.NOON)
    launch(use)
    return use


def headline_on(day: int, hour: float = 20) -> str:
    shown: str = site_at(24 * day + hour).get(TEXT).json["message"]["headline"]
    return shown


class TestItsPlan:
    def test_shows_one_message_to_everybody_without_an_end(self) -> None:
        use = use_of(periods_trial(period="week", period_weeks=12, washout_minutes=60))
        assert (use.unit, use.plan.period, use.plan.period_weeks, use.plan.clusters) == ("period", "week", 0, "")
        assert list(use.arms.values_list("key", "weight")) == [("neutral", 0), ("victim", 1)]
        assert use.plan.monitoring == AnalysisPlan.Monitoring.ALWAYS_VALID

    def test_waits_for_a_second_person_and_holds_once_it_is_frozen(self) -> None:
        trial = periods_trial()
        use = use_of(trial)
        assert use.state == Campaign.State.SUBMITTED
        world.person("mara", "reviewer")
        with pytest.raises(ActionRefused, match="You cannot approve a campaign that you changed"):
            world.approve(use, by=world.person("mara"))
        launch(use)
        content = frozen_plan.current_plan_content(use.plan)
        assert content["periods"] == {"length": "day", "weeks": 0, "first_hour": FIRST_HOUR}
        assert not frozen_plan.changed_plans([trial.pk, use.pk])

    @pytest.mark.parametrize("by_period", [True, False])
    def test_as_a_page_says_that_nothing_is_compared(self, client: Client, by_period: bool) -> None:
        use = use_of(world.launched(plan=VISITS), by_period=by_period)
        world.sign_in(client, world.person("mara"))
        told = client.get(f"/campaigns/{use.slug}/plan/").content.decode()
        assert "Not an experiment: everyone sees the message that worked in a trial." in told
        assert "chance decides which message a person sees" not in told
        assert "shown at random" not in told
        assert ("A placement shows one text for a day, for as long as the message is in use." in told) is by_period

    def test_of_a_trial_with_hours_has_days(self) -> None:
        """In use nothing is compared between hours, and a count of a day must not say one."""
        use = use_of(periods_trial(period="3h", washout_minutes=10))
        assert use.plan.period == "day"
        AnalysisPlan.objects.filter(campaign=use).update(period="3h")
        told = [obstacle.sentence for obstacle in launch_checks.submission_obstacles(use)]
        assert told == ["If placements show the message in use to everyone, each text is shown for a day or a week."]

    @pytest.mark.parametrize(
        ("more", "sentence"),
        [
            ({"holdout": 10}, "Where everyone sees the same text, nobody can keep seeing the control."),
            ({"by_period": False}, "Here you cannot give each visitor their own."),
            ({"by_period": False, "holdout": 10}, "Here you cannot give each visitor their own."),
        ],
    )
    def test_has_no_holdout(self, more: dict[str, Any], sentence: str) -> None:
        with pytest.raises(ActionRefused, match=sentence):
            use_of(periods_trial(), **more)

    def test_cannot_get_one_afterwards(self) -> None:
        use = use_of(periods_trial())
        Arm.objects.filter(campaign=use, key="neutral").update(weight=1)
        told = [obstacle.sentence for obstacle in launch_checks.submission_obstacles(use)]
        assert told == ["If placements show the message in use to everyone, nobody can keep seeing the control."]

    def test_beside_the_same_message_for_each_visitor_is_another_one(self) -> None:
        trial = world.launched(plan=VISITS)
        uses = {use_of(trial).pk, use_of(trial, by_period=False).pk, use_of(trial).pk}
        assert len(uses) == 2


class TestWhatIsShown:
    def test_is_the_winner_to_everybody_on_each_day_and_every_page_counts(self) -> None:
        use = in_use(periods_trial())
        for day in (0, 1, 2, 40):
            site = site_at(24 * day + 20)
            replies = [site.get(TEXT) for _ in range(3)]
            assert len({reply.body for reply in replies}) == 1
            shown = replies[0].json
            assert shown["message"]["headline"] == "A victim headline"
            assert site.decide(locale="en").json["message"]["headline"] == "A victim headline"
            assert site.report_event(ask_receipt(site, shown)["receipt"]).status == 200
            site.served.flush()
        assert (
            sum(ServedCount.objects.filter(arm__campaign=use, arm__key="victim").values_list("count", flat=True)) == 8
        )

    def test_counts_from_the_first_minute_of_a_day(self) -> None:
        """Nothing is compared with the day before, so there is no wash-out."""
        in_use(periods_trial())
        site = site_at(24)
        assert ask_receipt(site, site.get(TEXT).json)["receipt"]

    def test_texts_take_turns_by_the_published_hash(self) -> None:
        use = in_use(world.launched(plan=VISITS, texts=3))
        assert use.plan.periods_from(use.starts_at) == Periods(FIRST_HOUR, 24, 0, 0)
        names = ["A victim headline", "A victim headline again", "A victim headline again again"]
        shown = [headline_on(day) for day in range(12)]
        texts = [text_of_period(day, salt=use.salt, placement="quiet-page", texts=3) for day in range(12)]
        assert shown == [names[text] for text in texts]
        assert all(set(shown[start : start + 3]) == set(names) for start in range(0, 12, 3))

    def test_a_page_that_shows_the_text_of_yesterday_gets_no_receipt(self) -> None:
        in_use(world.launched(plan=VISITS, texts=2))
        site = site_at(23.999)
        yesterday = site.get(TEXT)
        assert cache_seconds(yesterday) <= 4
        site.now += 60
        assert ask_receipt(site, yesterday.json) == {"receipt": None, "reason": "period_over"}

    def test_is_kept_on_the_disk(self, tmp_path: Path) -> None:
        in_use(world.launched(plan=VISITS, texts=2))
        compiled, file = compile_snapshot(), SnapshotFile(tmp_path / "kept", key_directory=tmp_path)
        file.write(compiled)
        assert file.read() == compiled

    def test_a_trial_goes_before_it(self) -> None:
        trial = periods_trial()
        launch(use_of(trial))
        assert {headline_on(day) for day in range(14)} == {"A neutral headline", "A victim headline"}
        transitions.close(trial, by=world.person("mara", "manager"), now=world.NOON)
        assert {headline_on(day) for day in range(14)} == {"A victim headline"}


class TestAStop:
    """What caches hold is gone after five minutes, and what is shown then is not what was stopped."""

    def test_of_the_message_shows_the_control_uncounted(self) -> None:
        use = in_use(periods_trial())
        site = site_at(20)
        cached = site.get(TEXT)
        assert cache_seconds(cached) == MAX_CACHE_SECONDS == 300
        arm_pauses.pause_arm(use.arms.get(key="victim"), by=world.person("mara"), reason="It hurts.", now=world.NOON)
        site.refresh()
        instead = site.get(TEXT)
        assert (instead.json["message"]["headline"], cache_seconds(instead)) == ("A neutral headline", 300)
        assert ask_receipt(site, cached.json)["receipt"] is None
        assert ask_receipt(site, instead.json) == {"receipt": None, "reason": "paused"}

    def test_of_one_text_leaves_the_others_in_turn(self) -> None:
        use = in_use(world.launched(plan=VISITS, texts=3))
        stopped = use.arms.get(key="victim").texts.get(position=0)
        arm_pauses.stop_text(stopped, reason="x", by=world.person("mara", "manager"), now=world.NOON)
        assert {headline_on(day) for day in range(8)} == {"A victim headline again", "A victim headline again again"}

    def test_everywhere_shows_none_of_its_words(self) -> None:
        use = in_use(periods_trial())
        site = site_at(20)
        cached = site.get(TEXT).json
        message = use.arms.get(key="victim").first_revision.message
        stop_message(message, by=world.person("mara", "manager"), reason="It hurts.", now=world.NOON)
        site.refresh()
        assert "A victim headline" not in site.get(TEXT).body.decode()
        assert ask_receipt(site, cached).get("receipt") is None

    def test_by_closing_it_arrives_too(self) -> None:
        use = in_use(periods_trial())
        site = site_at(20)
        cached = site.get(TEXT).json
        transitions.close(use, by=world.person("mara", "manager"), now=world.NOON)
        site.refresh()
        assert site.get(TEXT).status == 409
        assert ask_receipt(site, cached).get("receipt") is None
