"""The watch page: data quality, days, looks, guardrails, and the embargo by role."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, combinations, product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.forms.models import model_to_dict
from django.test import Client
from django.utils import timezone, translation

from analytics.data_quality import hourly_check
from analytics.data_quality.hourly_check import flow_status
from analytics.disclosure.daily_counts import DayTotal
from analytics.disclosure.gate import ArmDailyTotals
from analytics.embargo import request
from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, DataQualityStatus, EarlyLook, GuardEvent, Tally, WorkerStep
from analytics.results import build
from analytics.watch import daily_chart, dashboard, quality_status, views
from analytics.worker import steps
from analytics.worker.loop import Worker
from analytics.worker.steps import STEPS
from campaign.lifecycle import arm_pauses
from campaign.lifecycle.alert_recipients import why_nobody_hears
from campaign.models import Campaign, LeftOutCount, ServedCount
from messages.accounts import sessions
from messages.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db
WATCH = "/campaigns/pilot/watch/"
RESULTS = "/campaigns/pilot/results/"
MANY = {"neutral": (2000, 700), "victim": (2000, 760), "user": (2000, 780), "both": (2000, 880)}
MONDAY = date(2026, 3, 2)
HOUR = datetime(2026, 3, 2, 12, tzinfo=UTC)
Flow = DataQualityStatus.Flow


def client_of(role: str) -> Client:
    client = Client()
    world.sign_in(client, world.person(f"the {role}", role))
    return client


def read_text(path: str = WATCH, role: str = "manager") -> str:
    html = client_of(role).get(path).content.decode()
    return " ".join(re.sub(r"<[^>]+>|As of \d\d:\d\d", " ", html[html.index("<main") :]).split())


def record_fold(now: datetime = world.NOON) -> None:
    WorkerStep.objects.update_or_create(name="fold", defaults={"began_at": now, "succeeded_at": now})


def heard(settings: Any, **options: Any) -> Campaign:
    """A running campaign whose author hears of harm."""
    campaign = world.launched(**options)
    settings.EMAIL_HOST = "mail.example"
    return campaign


class TestFlow:
    def status(
        self, told: Mapping[date, float], now: datetime, *, since: datetime | None = None, silent: bool = False
    ) -> Flow:
        since = since or datetime(2026, 2, 1, tzinfo=UTC)
        beat = since - timedelta(days=1) if silent else now
        return flow_status(told, since=since, enough_at=beat, now=now, least=10).flow

    def usual(self, per_day: float, days: int = 7) -> dict[date, float]:
        return {MONDAY - timedelta(days=n): per_day for n in range(1, days + 1)}

    def test_as_often_as_usual_is_fine(self) -> None:
        assert self.status(self.usual(400), world.NOON) == Flow.OK

    def test_hardly_any_in_half_a_day_is_an_alarm(self) -> None:
        assert self.status(self.usual(400), world.NOON, silent=True) == Flow.ALARM

    def test_a_quiet_night_is_not(self) -> None:
        assert self.status(self.usual(400), world.NOON.replace(hour=5)) == Flow.OK

    def test_a_small_site_is_asked_over_more_days(self) -> None:
        told = {day: 20 for day in self.usual(20) if day < MONDAY - timedelta(days=2)}
        assert self.status(told, world.NOON, silent=True) == Flow.ALARM
        assert self.status(self.usual(20), world.NOON) == Flow.OK

    def test_far_fewer_than_usual_is_worth_a_look(self) -> None:
        told = self.usual(400) | {MONDAY - timedelta(days=1): 99}
        assert self.status(told, world.NOON.replace(hour=9)) == Flow.CAUTION
        assert self.status(told | {MONDAY - timedelta(days=1): 100}, world.NOON.replace(hour=9)) == Flow.OK

    def test_nothing_is_said_before_it_is_known_what_is_usual(self) -> None:
        assert self.status({}, world.NOON) == Flow.UNKNOWN
        assert self.status(self.usual(2), world.NOON) == Flow.UNKNOWN

    def test_a_single_day_with_a_few_messages_is_not_told_as_usual(self) -> None:
        """Eight days on, 5 messages of one day would be told, and be the count of that day."""
        tuesday = MONDAY - timedelta(days=7)
        now, since = world.NOON, datetime.combine(tuesday - timedelta(days=1), time(), UTC)
        told = {n: flow_status({tuesday: n}, since=since, enough_at=None, now=now, least=10) for n in range(1, 10)}
        assert {status.usual for n, status in told.items() if n < 5} == {None}
        assert {status.usual for n, status in told.items() if n >= 5} == {10}  # as for 10 to 14

    def test_a_campaign_that_was_just_resumed_is_not_silent(self) -> None:
        since = world.NOON - timedelta(minutes=30)
        assert self.status(self.usual(400), world.NOON, since=since) == Flow.UNKNOWN


class TestHourlyCheck:
    def running(self, **counts: int) -> Campaign:
        campaign = world.launched()
        for key in ("neutral", "victim", "user", "both"):
            common: dict[str, Any] = {
                "day": MONDAY - timedelta(days=4), "arm": campaign.arms.get(key=key), "placement": world.placement(),
                "locale": "en",
            }  # fmt: skip
            ServedCount.objects.create(**common, count=1000)
            Tally.objects.create(**common, outcome="exposed", count=counts.get(key, 900))
        evaluate(campaign, now=world.NOON)
        return campaign

    def test_a_sound_campaign(self) -> None:
        status = hourly_check.check_data_quality(self.running(), now=world.NOON)
        assert (status.split, status.reach, status.machines, status.crowds) == ("ok", 90, None, None)

    def test_a_broken_split_and_a_low_reach(self) -> None:
        status = hourly_check.check_data_quality(
            self.running(neutral=200, victim=500, user=500, both=40), now=world.NOON
        )
        assert (status.split, status.reach) == ("alarm", 31)

    @pytest.mark.parametrize(("declared", "split"), [(0, "alarm"), (50, "caution")])
    def test_a_split_that_one_network_can_have_made_is_no_alarm(self, declared: int, split: str) -> None:
        world.placement(network_share=declared)
        status = hourly_check.check_data_quality(self.running(both=1500), now=world.NOON)
        assert status.split == split

    def come(self, campaign: Campaign, day: date, people: int, *, keys: Sequence[str] = ()) -> None:
        for arm in campaign.arms.filter(key__in=keys) if keys else campaign.arms.all():
            common: dict[str, Any] = {"day": day, "arm": arm, "placement": world.placement(), "locale": "en"}
            for counts, more in ((ServedCount, {}), (Tally, {"outcome": "exposed"})):
                counts.objects.create(**common, **more, count=people)

    @pytest.mark.parametrize("people", [1, 9, 400])
    def test_nothing_changes_with_people_of_whom_no_look_and_no_day_has_told(self, people: int) -> None:
        """But for the heartbeat, which is told by itself, and after which the next ten count."""
        campaign = self.running()
        before = model_to_dict(hourly_check.check_data_quality(campaign, now=world.NOON))
        self.come(campaign, MONDAY, people, keys=["both"])
        after = model_to_dict(hourly_check.check_data_quality(campaign, now=world.NOON))
        beats = ("enough_at", "enough_of")
        assert {name: value for name, value in after.items() if name not in beats} == {
            name: value for name, value in before.items() if name not in beats
        }

    def test_a_day_that_is_shown_is_judged_before_the_next_look(self) -> None:
        campaign = self.running()
        WorkerStep.objects.create(name="fold", began_at=world.NOON, succeeded_at=world.NOON)
        self.come(campaign, MONDAY - timedelta(days=1), 4000, keys=["both"])
        assert hourly_check.check_data_quality(campaign, now=world.NOON).split == "ok"
        self.come(campaign, MONDAY - timedelta(days=1), 400, keys=["neutral", "victim", "user"])
        self.come(campaign, MONDAY, 20)  # who came since, without whom no day is shown
        assert hourly_check.check_data_quality(campaign, now=world.NOON).split == "alarm"

    def test_a_drop_is_told_by_the_days_that_are_shown(self) -> None:
        campaign = world.launched()
        WorkerStep.objects.create(name="fold", began_at=world.NOON, succeeded_at=world.NOON)
        for days in range(2, 9):
            self.come(campaign, MONDAY - timedelta(days=days), 200)
        self.come(campaign, MONDAY - timedelta(days=1), 20)
        campaign.changed_at = campaign.launched_at = world.NOON - timedelta(days=20)

        def flow() -> Flow:
            DataQualityStatus.objects.filter(campaign=campaign).delete()
            return Flow(hourly_check.check_data_quality(campaign, now=world.NOON).flow)

        self.come(campaign, MONDAY, 9)
        assert flow() == Flow.OK  # yesterday is not shown yet
        Tally.objects.filter(day=MONDAY).update(count=10)
        assert flow() == Flow.CAUTION

    def test_a_few_say_nothing_of_the_split(self) -> None:
        assert (
            hourly_check.check_data_quality(self.running(neutral=4, victim=4, user=3, both=5), now=world.NOON).split
            == "unknown"
        )

    def test_an_arm_that_was_paused_for_a_while_breaks_no_split(self) -> None:
        """The other arms were counted meanwhile, each as often as its weight asks."""
        before, meanwhile = 900, 900  # people of each arm that was shown
        campaign = self.running(**dict.fromkeys(("neutral", "victim", "user"), before + meanwhile), both=before)
        assert hourly_check.check_data_quality(campaign, now=world.NOON).split == "alarm", "nobody knows of a pause yet"
        both, mara = campaign.arms.get(key="both"), world.person("mara")
        arm_pauses.pause_arm(both, by=mara, reason="A partner asked.", now=world.NOON)
        assert hourly_check.check_data_quality(campaign, now=world.NOON).split == "ok"
        arm_pauses.resume_arm(both, by=mara, reason="They agreed.", now=world.NOON)
        assert hourly_check.check_data_quality(campaign, now=world.NOON).split == "ok"

    def test_where_one_message_alone_was_shown_all_the_time_nothing_can_be_judged(self) -> None:
        campaign = self.running(neutral=1800, victim=900, user=900, both=900)
        for key in ("victim", "user", "both"):
            arm_pauses.pause_arm(
                campaign.arms.get(key=key), by=world.person("mara"), reason="A partner asked.", now=world.NOON
            )
        assert hourly_check.check_data_quality(campaign, now=world.NOON).split == "unknown"

    def test_a_pause_hides_no_fault_among_the_others(self) -> None:
        campaign = self.running(neutral=1800, victim=1000, user=1800, both=900)
        arm_pauses.pause_arm(
            campaign.arms.get(key="both"), by=world.person("mara"), reason="A partner asked.", now=world.NOON
        )
        assert hourly_check.check_data_quality(campaign, now=world.NOON).split == "alarm"

    def test_what_is_left_out_is_kept_in_whole_hundredths(self) -> None:
        campaign = self.running()
        day = MONDAY - timedelta(days=4)
        for reason, count in (("machine", 800), ("crowd", 120)):
            LeftOutCount.objects.create(day=day, placement=world.placement(), reason=reason, count=count)
        status = hourly_check.check_data_quality(campaign, now=world.NOON)
        assert (status.machines, status.crowds) == (16, 2)

    def test_a_check_replaces_the_previous_one(self) -> None:
        campaign = self.running()
        for hour in (0, 1):
            hourly_check.check_data_quality(campaign, now=world.NOON + timedelta(hours=hour))
        assert DataQualityStatus.objects.get().felt_at == world.NOON + timedelta(hours=1)


class TestHeartbeat:
    def beat(
        self, previous: tuple[datetime | None, int] | None, served: int, told: int = 0
    ) -> tuple[datetime | None, int]:
        status = previous and DataQualityStatus(enough_at=previous[0], enough_of=previous[1])
        return hourly_check.heartbeat(status, served=served, told=told, now=HOUR + timedelta(minutes=43), least=10)

    def test_is_the_hour_by_which_enough_came(self) -> None:
        assert self.beat(None, 10) == (HOUR, 10)
        assert self.beat((HOUR - timedelta(hours=5), 10), 20) == (HOUR, 20)

    def test_a_few_move_nothing(self) -> None:
        before = HOUR - timedelta(hours=5)
        assert self.beat(None, 9) == (None, 0)
        assert {self.beat((before, 10), served) for served in range(10, 20)} == {(before, 10)}

    def test_begins_anew_at_the_messages_that_a_look_told(self) -> None:
        before = HOUR - timedelta(hours=5)
        assert self.beat((before, 91), 101, told=100) == (before, 100)  # else it would tell that one came since
        assert self.beat((before, 91), 110, told=100) == (HOUR, 110)
        assert self.beat((before, 80), 101, told=100) == (HOUR, 100)

    def test_of_three_hours_between_two_looks_no_few_messages_are_known(self) -> None:
        """All that can have come in three hours, by the beats and what the looks before and after tell."""
        most, before = 15, 100
        told: dict[tuple[object, ...], list[tuple[int, ...]]] = {}
        for since, hours in product((0, 5, 9), product(range(most + 1), repeat=3)):
            if not 10 <= sum(hours) <= most:
                continue
            beat: tuple[datetime | None, int] = (None, before - since)
            seen = []
            for served in accumulate(hours):
                status = DataQualityStatus(enough_at=None, enough_of=beat[1])
                beat = hourly_check.heartbeat(status, served=before + served, told=before, now=HOUR, least=10)
                seen.append(beat[0] is not None)
            told.setdefault((*seen, sum(hours)), []).append(hours)
        ranges = [(first, last) for first, last in combinations(range(4), 2)]
        known = [
            found.pop()
            for possible in told.values()
            for first, last in ranges
            if len(found := {sum(hours[first:last]) for hours in possible}) == 1
        ]
        assert known
        assert [count for count in known if 0 < count < 10] == []

    @pytest.mark.parametrize(
        ("enough_at", "since", "hours"), [(None, 26, 26), (3, 50, 3), (50, 26, 26), (0, 50, 0), (None, 0, 0)]
    )
    def test_silence_is_counted_in_whole_hours_from_the_beat_or_from_the_last_change(
        self, enough_at: int | None, since: int, hours: int
    ) -> None:
        beat = None if enough_at is None else HOUR - timedelta(hours=enough_at)
        since_then, now = HOUR - timedelta(hours=since), HOUR + timedelta(minutes=59)
        assert quality_status.silent_hours(beat, since=since_then, now=now) == hours

    def test_the_hourly_check_keeps_it(self) -> None:
        campaign = world.launched()
        arm = campaign.arms.get(key="both")
        ServedCount.objects.create(day=MONDAY, arm=arm, placement=world.placement(), locale="en", count=12)
        assert hourly_check.check_data_quality(campaign, now=world.NOON).enough_of == 12


class TestNoFalseReassurance:
    def after(self, hours: int, *, expected_per_day: int = 0, **fields: Any) -> dict[str, str]:
        campaign = world.launched(at=world.placement("page", expected_per_day=expected_per_day))
        values = {"split": "unknown", "flow": "unknown", **fields}
        now = campaign.changed_at + timedelta(hours=hours, minutes=1)
        status = DataQualityStatus(campaign=campaign, felt_at=now, **values)
        return {item.label: item.status for item in quality_status.dashboard_quality(campaign, status, None, now=now)}

    def test_a_day_without_messages_is_an_alarm(self) -> None:
        assert self.after(26)["Fewer than 20 messages for 26 hours"] == "alarm"

    def test_the_first_day_is_none(self) -> None:
        assert "alarm" not in self.after(23).values()

    def test_a_partner_who_expects_few_does_not_raise_it(self) -> None:
        assert "alarm" not in self.after(26, expected_per_day=20).values()

    def test_a_partner_who_expects_many_does(self) -> None:
        assert "alarm" in self.after(26, expected_per_day=30).values()

    def test_before_the_first_check_it_does_not_say_that_all_is_well(self, settings: Any) -> None:
        campaign = heard(settings)
        assert campaign.launched_at is not None
        data = dashboard.build_dashboard(campaign, now=campaign.launched_at + timedelta(hours=1))
        assert views._sentence(data, None).endswith("It is too early to say whether all is well.")
        assert views._overall_status(data, None) == "unknown"

    def test_what_is_not_known_is_named(self, settings: Any) -> None:
        campaign = heard(settings)
        DataQualityStatus.objects.create(campaign=campaign, felt_at=timezone.now(), split="ok", flow="ok", reach=None)
        text = read_text()
        assert "too early to say that all is well: Not known yet whether messages reach the screen." in text

    def test_without_a_mail_server_it_says_that_nobody_hears_of_harm(self, settings: Any) -> None:
        campaign = heard(settings)
        DataQualityStatus.objects.create(campaign=campaign, felt_at=timezone.now(), split="ok", flow="ok", reach=90)
        settings.EMAIL_HOST, settings.MAIL_IS_PRINTED = "", False
        text = read_text()
        assert "but nobody would be alerted to harm" in text
        assert "This site has no mail server" in text
        assert "All is well" not in text

    def test_without_an_address_that_answered_it_says_so_too(self, settings: Any) -> None:
        campaign = heard(settings)
        DataQualityStatus.objects.create(campaign=campaign, felt_at=timezone.now(), split="ok", flow="ok", reach=90)
        User.objects.update(email="mara@elsewhere.example")
        assert "no email address of these people is confirmed: mara." in read_text()

    def test_a_program_of_theirs_that_is_told_is_enough(self, settings: Any) -> None:
        campaign = world.draft()
        settings.EMAIL_HOST, settings.MAIL_IS_PRINTED = "", False
        assert why_nobody_hears(campaign)
        plan = campaign.plan
        plan.webhook = "https://alarm.example/"
        plan.save(update_fields=["webhook"])
        assert why_nobody_hears(campaign) == ""

    def test_an_arm_that_a_person_stopped_is_something_to_decide(self, settings: Any) -> None:
        campaign = heard(settings)
        DataQualityStatus.objects.create(campaign=campaign, felt_at=timezone.now(), split="ok", flow="ok", reach=90)
        both, mara = campaign.arms.get(key="both"), world.person("mara")
        arm_pauses.pause_arm(both, by=mara, reason="It upset people.", now=world.NOON)
        assert "running without “Both”, which was stopped" in read_text()
        assert "There is nothing to do" not in read_text("/campaigns/pilot/")
        campaign.notices.create(kind="planned", ref="planned", at=world.NOON)
        assert "You can read the results. “Both” was stopped. Please decide" in read_text()

    def test_the_overview_of_a_complete_campaign_leads_to_its_results(self, settings: Any) -> None:
        campaign = heard(settings)
        assert "You have nothing to do." in read_text("/campaigns/pilot/")
        campaign.notices.create(kind="planned", ref="planned", at=world.NOON)
        html = read_text("/campaigns/pilot/")
        assert "This campaign is complete. Read its results." in html
        assert "You have nothing to do." not in html

    def test_a_notice_that_did_not_arrive_is_said_first(self, settings: Any) -> None:
        campaign = heard(settings)
        DataQualityStatus.objects.create(campaign=campaign, felt_at=timezone.now(), split="ok", flow="ok", reach=90)
        notice = campaign.notices.create(kind="help-link", ref="help", at=timezone.now())
        notice.deliveries.create(person=world.person("mara"), due_at=timezone.now(), tries=3, failure="Refused")
        assert "A notice could not be delivered" in read_text()


class TestQualityStatus:
    def statuses(self, **fields: Any) -> dict[str, str]:
        campaign = world.launched()
        values = {"split": "ok", "flow": "ok", "reach": 90, "felt_at": world.NOON, **fields}
        items = quality_status.dashboard_quality(
            campaign, DataQualityStatus(campaign=campaign, **values), None, now=world.NOON
        )
        return {item.label: item.status for item in items}

    def test_each_is_said_in_words(self) -> None:
        assert self.statuses() == {
            "Messages are shown as often as planned": "ok",
            "Messages are shown about as often as usual": "ok",
            "Messages reach the screen": "ok",
            "Almost every message is counted": "ok",
        }

    @pytest.mark.parametrize(
        ("fields", "label", "status"),
        [
            ({"split": "alarm"}, "Messages are not shown as often as planned", "alarm"),
            ({"split": "caution"}, "Messages are shown slightly off the planned split", "caution"),
            ({"flow": "alarm"}, "Hardly any messages are shown", "alarm"),
            ({"reach": 49}, "Many messages never reach the screen", "caution"),
            ({"reach": 19}, "Many messages never reach the screen", "alarm"),
            ({"reach": None}, "Not known yet whether messages reach the screen", "unknown"),
            ({"machines": 5}, "Automated visitors and crowded networks are not counted", "ok"),
            ({"machines": 15, "crowds": 5}, "Many messages are not counted", "caution"),
            ({"machines": 50}, "Many messages are not counted", "alarm"),
            ({"felt_at": world.NOON - timedelta(hours=4)}, "The data have not been checked recently", "caution"),
        ],
    )
    def test_each_fault_has_its_words(self, fields: Mapping[str, Any], label: str, status: str) -> None:
        assert self.statuses(**fields)[label] == status


class TestThePage:
    @pytest.mark.parametrize("path", [WATCH, RESULTS])
    def test_it_explains_that_an_arm_was_paused_and_which_arms_the_split_compares(self, path: str) -> None:
        campaign = world.launched()
        world.tally(campaign, MANY | {"both": (1000, 440)})
        both, mara = campaign.arms.get(key="both"), world.person("mara")
        arm_pauses.pause_arm(both, by=mara, reason="A partner asked.", now=world.NOON)
        arm_pauses.resume_arm(both, by=mara, reason="They agreed.", now=world.NOON)
        hourly_check.check_data_quality(campaign, now=world.NOON)
        evaluate(campaign, now=timezone.now() + timedelta(minutes=1))
        text = read_text(path)
        assert "“Both” was paused for a while, so fewer people may have seen it than planned" in text
        assert "This check covers only the others." in text
        assert "Messages are not shown as often as planned" not in text

    def test_a_draft_has_nothing_to_watch(self) -> None:
        world.draft()
        assert "The campaign has not been launched, so there is nothing to watch yet." in read_text()

    def test_a_sound_campaign_asks_nothing_of_anybody(self, settings: Any) -> None:
        campaign = heard(settings, plan={"planned_per_arm": 100_000})
        DataQualityStatus.objects.create(campaign=campaign, felt_at=timezone.now(), split="ok", flow="ok", reach=90)
        assert "All is well. There is nothing you need to do." in read_text()

    def test_it_says_how_many_days_are_left_at_this_pace(self) -> None:
        campaign = world.launched(plan={"planned_per_arm": 1000})
        for day in range(1, 5):
            for arm in campaign.arms.all():
                common: dict[str, Any] = {"arm": arm, "placement": world.placement(), "locale": "en"}
                Tally.objects.create(**common, day=date(2026, 3, day), outcome="exposed", count=100)
        record_fold(datetime(2026, 3, 5, 12, tzinfo=UTC))
        seen = dashboard.build_dashboard(campaign, now=world.NOON)
        # The fourth day waits for those who come after it: three are shown, 300 of 1,000 at 100 a day.
        assert (seen.people, seen.planned_people, seen.days_left) == (1200, 4000, 7)
        assert "about 7 days are left" in read_text()

    def test_with_unequal_shares_the_days_left_are_those_of_all_people(self) -> None:
        campaign = world.launched(arms={"neutral": 1, "law": 3}, plan={"planned_per_arm": 1000})
        for day in range(1, 5):
            for arm in campaign.arms.all():
                common: dict[str, Any] = {"arm": arm, "placement": world.placement(), "locale": "en"}
                Tally.objects.create(**common, day=date(2026, 3, day), outcome="exposed", count=50 * arm.weight)
        record_fold(datetime(2026, 3, 5, 12, tzinfo=UTC))
        seen = dashboard.build_dashboard(campaign, now=world.NOON)
        # 600 of 2,000 people, 200 a day: 7 days. Until the rarer arm had 1,000 it would be 17.
        assert (seen.people, seen.planned_people, seen.days_left) == (600, 2000, 7)

    def test_a_guardrail_tells_its_margin_and_who_crossed_it_and_no_more(self) -> None:
        campaign = world.launched(margins={"annoyed": 0.02})
        assert "Not crossed" in read_text()
        GuardEvent.objects.create(
            campaign=campaign, arm=campaign.arms.get(key="both"), outcome="annoyed", at=world.NOON, effect=0.0512,
            bound=0.0333, margin=0.02,
        )  # fmt: skip
        text = read_text()
        assert "Crossed by “Both”" in text
        assert "2 in 100" in text
        assert not re.search(r"5\.1|3\.3", text)

    def test_planned_looks_are_taken_or_to_come(self) -> None:
        campaign = world.launched(plan={"monitoring": "group-sequential", "looks": [0.5, 1.0], "planned_per_arm": 3000})
        world.tally(campaign, MANY)
        evaluate(campaign, now=world.NOON)
        rows = dashboard.build_dashboard(campaign, now=world.NOON).looks
        assert [(row.share, row.analysis is not None) for row in rows] == [(0.5, True), (1.0, False)]

    def test_a_first_look_at_all_planned_people_is_one_of_the_daily_looks_too(self) -> None:
        campaign = world.launched(plan={"monitoring": "always-valid", "looks": [0.1, 1.0], "planned_per_arm": 1000})
        world.tally(campaign, MANY)
        evaluate(campaign, now=world.NOON)
        rows = dashboard.build_dashboard(campaign, now=world.NOON).looks
        assert [(row.share, row.analysis is not None) for row in rows] == [(0.1, True), (1.0, True)]

    def test_the_part_that_changes_is_the_page_without_its_frame(self) -> None:
        world.launched()
        part = client_of("manager").get(f"{WATCH}now/").content.decode()
        assert part.startswith("<section")
        assert "<html" not in part

    def test_the_automatic_refresh_does_not_extend_a_session(self) -> None:
        world.launched()
        client = client_of("manager")
        session = client.session
        session[sessions.SEEN] -= 1
        session.save()
        client.get(f"{WATCH}now/", headers={"Watching": "1"})
        assert client.session[sessions.SEEN] == session[sessions.SEEN]
        client.get(f"{WATCH}now/")
        assert client.session[sessions.SEEN] == session[sessions.SEEN] + 1

    def test_it_is_a_few_queries_however_many_notices_there_are(self, django_assert_max_num_queries: Any) -> None:
        campaign = world.launched()
        for number in range(30):
            campaign.notices.create(kind="guardrail", ref=f"guard-{number}", at=world.NOON)
        client = client_of("manager")
        with django_assert_max_num_queries(60):
            client.get(WATCH)

    def test_the_list_and_the_campaign_lead_here_and_the_list_says_what_is_done(self) -> None:
        campaign = world.launched()
        client = client_of("analyst")
        for path in ("/", "/campaigns/pilot/"):
            assert f'href="{WATCH}"' in client.get(path).content.decode()
        assert ">Finished<" not in client.get("/").content.decode()
        campaign.notices.create(kind="planned", ref="planned", at=world.NOON)
        assert ">Finished<" in client.get("/").content.decode()


def campaign_with_early_look(**plan: Any) -> Campaign:
    """Return a campaign with an early look that an analyst requested and the worker made."""
    campaign = world.launched(plan={"planned_per_arm": 100_000, **plan})
    world.tally(campaign, MANY)
    evaluate(campaign, now=world.NOON)
    request.create_request(campaign, by=world.person("ana", "analyst"), reason="A funder asked.", now=world.NOON)
    steps.record_early_looks(world.NOON + timedelta(minutes=1))
    return campaign


class TestTheEmbargo:
    @pytest.mark.parametrize("role", ["manager", "reviewer", "analyst", "administrator"])
    def test_nobody_sees_an_estimate_before_the_first_planned_look(self, role: str) -> None:
        campaign = world.launched(plan={"planned_per_arm": 100_000})
        world.tally(campaign, MANY)
        evaluate(campaign, now=world.NOON)
        for path in (WATCH, RESULTS, "/", "/campaigns/pilot/"):
            assert not re.search(r"turned back;|\b44\b|\b35\b|Better", read_text(path, role)), path

    @pytest.mark.parametrize(("role", "sees"), [("manager", False), ("reviewer", False), ("analyst", True)])
    def test_what_was_seen_early_is_for_who_may_look_early(self, role: str, sees: bool) -> None:
        campaign_with_early_look()
        client = client_of(role)
        texts = [
            read_text(RESULTS, role),
            read_text("/", role),
            client.get("/api/v1/campaigns/pilot/analyses/").content.decode(),
        ]
        assert [bool(re.search(r'44 turned back|"rate":0\.44\b', text)) for text in texts] == [sees] * 3
        rows = client.get("/api/v1/campaigns/pilot/tallies/").json()["results"]
        assert ("turned_back" in {row["outcome"] for row in rows}) == sees
        assert client.get(f"{RESULTS}?look=2").status_code == (200 if sees else 404)
        assert client.get("/api/v1/campaigns/pilot/analyses/2/").status_code == (200 if sees else 404)

    def test_a_health_look_after_it_tells_the_others_nothing_of_it(self) -> None:
        campaign = campaign_with_early_look()
        Tally.objects.filter(arm__key="both", outcome="exposed").update(count=2003)  # too few more: it is held
        evaluate(campaign, now=world.NOON + timedelta(days=1))
        assert "44 turned back" not in read_text(RESULTS, "manager")

    def test_everybody_reads_it_once_the_plan_has_looked_itself(self) -> None:
        campaign = campaign_with_early_look()
        Tally.objects.filter(outcome="exposed").update(count=100_000)
        Tally.objects.filter(outcome="turned_back").update(count=40_000)
        ServedCount.objects.update(count=100_000)
        evaluate(campaign, now=world.NOON + timedelta(days=9))
        assert client_of("manager").get(f"{RESULTS}?look=2").status_code == 200

    def test_everybody_reads_that_somebody_looked_and_why(self) -> None:
        campaign_with_early_look()
        text = read_text(WATCH, "manager")
        assert "Early look by ana" in text
        assert "A funder asked." in text

    def test_the_look_and_its_reason_stand_on_the_record(self) -> None:
        campaign_with_early_look()
        entry = AuditEntry.objects.get(action="look-early")
        assert (entry.actor, entry.detail["reason"]) == ("ana", "ana: A funder asked.")

    def test_a_manager_may_not_ask_and_is_not_offered_to(self) -> None:
        world.launched()
        assert client_of("manager").post(f"{WATCH}early/", {"reason": "Please."}).status_code == 403
        assert "I need an early look" not in read_text(WATCH, "manager")
        assert "I need an early look" in read_text(WATCH, "analyst")

    @pytest.mark.parametrize(
        ("reason", "error"), [("", "Give a reason for looking early."), ("x" * 201, "Please keep it to 200 char")]
    )
    def test_a_reason_is_asked_for_beside_its_field_and_kept(self, reason: str, error: str) -> None:
        world.launched()
        html = client_of("analyst").post(f"{WATCH}early/", {"reason": reason}).content.decode()
        assert error in html
        assert reason in html
        assert not EarlyLook.objects.exists()

    def test_two_cannot_ask_at_once(self) -> None:
        campaign = world.launched()
        request.create_request(campaign, by=world.person("ana", "analyst"), reason="One.", now=world.NOON)
        html = client_of("analyst").post(f"{WATCH}early/", {"reason": "Two."}).content.decode()
        assert "Someone has already asked" in html
        assert EarlyLook.objects.count() == 1

    def test_the_page_says_that_the_worker_is_at_it(self) -> None:
        world.launched()
        client = client_of("analyst")
        client.post(f"{WATCH}early/", {"reason": "A funder asked."})
        assert "in progress" in read_text(WATCH, "analyst")

    def test_the_worker_makes_the_look_once_however_it_is_interrupted(self) -> None:
        """If the worker stops between the look and its record, the look is found and not made again."""
        campaign = campaign_with_early_look()
        assert Analysis.objects.filter(campaign=campaign).count() == 2
        EarlyLook.objects.update(done_at=None)
        assert steps.record_early_looks(world.NOON + timedelta(minutes=2)) == ""
        assert Analysis.objects.filter(campaign=campaign).count() == 2
        assert EarlyLook.objects.get().done_at is not None

    def test_what_the_plan_has_meanwhile_opened_needs_no_exception(self) -> None:
        campaign = world.launched()
        request.create_request(campaign, by=world.person("ana", "analyst"), reason="A funder asked.", now=world.NOON)
        world.tally(campaign, MANY)
        evaluate(campaign, now=world.NOON)
        assert steps.record_early_looks(world.NOON) == ""
        assert Analysis.objects.get().exception == ""

    def test_the_worker_has_a_step_for_it(self) -> None:
        campaign = world.launched(plan={"planned_per_arm": 100_000})
        world.tally(campaign, MANY)
        request.create_request(campaign, by=world.person("ana", "analyst"), reason="A funder asked.", now=world.NOON)
        (step,) = (each for each in STEPS if each.name == "early")
        assert Worker(clock=lambda: world.NOON).run(step)
        assert Analysis.objects.get().exception == "ana: A funder asked."

    def test_whoever_lost_the_role_is_refused(self) -> None:
        campaign, gone = world.launched(), User.objects.create(username="gone")
        with pytest.raises(PermissionDenied):
            request.create_request(campaign, by=gone, reason="Please.", now=world.NOON)
        assert not EarlyLook.objects.exists()

    def test_a_report_for_who_may_not_look_early_is_the_one_before(self) -> None:
        campaign = campaign_with_early_look()
        first = Analysis.objects.get(campaign=campaign, look=1)
        assert build.build(first, early=False).embargoed


class TestTheChart:
    def days(self, *ends: tuple[int, int]) -> ArmDailyTotals:
        campaign = Campaign.objects.first() or world.launched()
        totals = tuple(DayTotal(date(2026, 3, day), people) for day, people in ends)
        return ArmDailyTotals(campaign.arms.get(key="victim"), totals, totals[-1].people if totals else None)

    def test_days_released_together_are_drawn_as_their_average(self) -> None:
        drawn = daily_chart.day_bars(self.days((1, 40), (3, 100)))
        assert [(bar.day.day, bar.people, bar.is_average) for bar in drawn] == [
            (1, 40, False), (2, 30, True), (3, 30, True),
        ]  # fmt: skip

    def test_a_bar_for_each_arm_and_day_and_the_sum_in_words(self) -> None:
        arm = self.days((1, 40), (2, 100))
        drawn = daily_chart.daily_chart([arm, arm], layout_name="wide")
        assert drawn.count('class="day frame-victim"') == 4
        assert "Victim: 100" in drawn

    @pytest.mark.parametrize(
        ("language", "named"),
        [("en", ["1 March", "4 March", "7 March"]), ("es", ["1 de septiembre", "7 de septiembre"])],
    )
    def test_on_a_phone_so_many_days_are_named_as_have_room(self, language: str, named: list[str]) -> None:
        month = 9 if language == "es" else 3
        campaign = world.launched()
        totals = tuple(DayTotal(date(2026, month, day), 40 * day) for day in range(1, 8))
        with translation.override(language):
            drawn = daily_chart.daily_chart(
                [ArmDailyTotals(campaign.arms.get(key="victim"), totals, 280)], layout_name="phone"
            )
        assert re.findall(r">(\d (?:de )?[a-zM]+)<", drawn) == named

    def test_a_chart_without_days_says_so(self) -> None:
        assert "No day can be shown yet." in daily_chart.daily_chart([self.days()], layout_name="phone")
