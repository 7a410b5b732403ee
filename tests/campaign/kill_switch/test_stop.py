"""Stop a message everywhere: arms, campaigns and fallbacks, and on two real servers within ten seconds."""

import contextlib
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from campaign.entrypoints import launcher
from campaign.kill_switch import stop as kill_switch_stop
from campaign.lifecycle import arm_pauses, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Campaign, Deviation, Placement
from messages.audit import log
from messages.models import AuditEntry, Message
from tests import world
from tests.installation import manage, new_installation
from tests.waiting import wait_until

REASON = "It names somebody."


def stop(message: Message, by: str = "rafael") -> kill_switch_stop.MessageUsage:
    return kill_switch_stop.stop_message(message, by=world.person(by, "reviewer"), reason=REASON, now=world.NOON)


def words_of(campaign: Campaign, key: str) -> Message:
    return campaign.arms.get(key=key).first_revision.message


@pytest.mark.django_db
class TestStopping:
    @pytest.mark.slow
    def test_an_arm_in_any_revision_of_it_is_paused_and_the_others_go_on(self) -> None:
        campaign = world.launched()
        found = stop(words_of(campaign, "user"))
        assert [arm.key for arm in found.arms] == ["user"]
        arm = campaign.arms.get(key="user")
        assert (arm.paused_at, arm.paused_reason) == (world.NOON, f"Stopped everywhere: {REASON}")
        campaign.refresh_from_db()
        assert campaign.state == "running"
        headlines = {world.AudienceSite().decide().json["message"]["headline"] for _ in range(60)}
        assert "A user headline" not in headlines

    def test_without_its_control_a_whole_campaign_pauses_and_shows_the_fallback(self) -> None:
        campaign = world.launched(at=world.placement(fallback=world.approved_revision("neutral", headline="Quiet")))
        found = stop(words_of(campaign, "neutral"))
        assert [arm.key for arm in found.control_arms] == ["neutral"]
        campaign.refresh_from_db()
        assert campaign.state == "paused"
        assert world.AudienceSite().decide().json["message"]["headline"] == "Quiet"

    def test_a_placement_loses_it_as_its_fallback(self) -> None:
        fallback = world.approved_revision("neutral", headline="Quiet")
        world.placement(fallback=fallback)
        site = world.AudienceSite()
        assert site.decide().status == 200
        assert [place.key for place in stop(fallback.message).fallback_placements] == ["quiet-page"]
        site.refresh()
        assert Placement.objects.get().fallback is None
        assert site.decide().status == 409

    def test_a_campaign_that_waits_for_its_start_and_one_that_is_paused_lose_it_too(self) -> None:
        paused = world.launched("paused", at=world.placement("one"))
        transitions.pause(paused, by=world.person("mara"))
        arm = paused.arms.get(key="both")
        stop(arm.first_revision.message)
        arm.refresh_from_db()
        assert arm.paused_at == world.NOON

    def test_as_one_text_of_several_it_alone_is_gone_and_its_arm_goes_on(self) -> None:
        campaign = world.launched(texts=2)
        arms = {key: campaign.arms.get(key=key) for key in ("neutral", "user")}
        usage = stop(arms["user"].texts.get(position=1).revision.message)
        assert [str(text) for text in usage.texts] == ["User, text 2"]
        stop(arms["neutral"].first_revision.message)
        campaign.refresh_from_db()
        assert campaign.state == Campaign.State.RUNNING
        assert not campaign.arms.filter(paused_at__isnull=False).exists()
        assert [str(each) for each in Deviation.objects.all()] == [
            "Text 2 of the arm “User” was stopped.",
            "Text 1 of the arm “Neutral” was stopped.",
        ]
        assert stop(arms["user"].first_revision.message).arms == (arms["user"],)  # its last text

    def test_it_stands_on_the_record_and_as_a_departure_from_the_plan(self) -> None:
        campaign = world.launched()
        stop(words_of(campaign, "user"))
        last = AuditEntry.objects.latest("number")
        assert (last.actor, last.action, last.detail["reason"]) == ("rafael", log.Action.MESSAGE_STOP, REASON)
        assert [str(each) for each in Deviation.objects.all()] == ["The arm “User” was paused."]

    @pytest.mark.parametrize("role", ["analyst", "partner contact"])
    def test_only_a_manager_or_a_reviewer_may(self, role: str) -> None:
        message = world.approved_revision("user").message
        with pytest.raises(ActionRefused, match="Only a manager or a reviewer"):
            kill_switch_stop.stop_message(message, by=world.person("ana", role), reason=REASON, now=world.NOON)

    @pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
    def test_it_asks_for_a_reason(self, reason: str) -> None:
        message = world.approved_revision("user").message
        with pytest.raises(ActionRefused, match="reason"):
            kill_switch_stop.stop_message(message, by=world.person("mara", "manager"), reason=reason, now=world.NOON)
        message.refresh_from_db()
        assert message.stopped_at is None

    def test_whatever_fails_in_it_leaves_everything_as_it_was(self, monkeypatch: pytest.MonkeyPatch) -> None:
        campaign = world.launched()

        def fails(*args: object, **options: object) -> None:
            raise RuntimeError

        monkeypatch.setattr(kill_switch_stop, "_record", fails)
        with pytest.raises(RuntimeError):
            stop(words_of(campaign, "user"))
        assert not campaign.arms.filter(paused_at__isnull=False).exists()
        assert not Message.objects.filter(stopped_at__isnull=False).exists()


@pytest.mark.django_db
class TestWhatIsStopped:
    def test_cannot_be_launched(self) -> None:
        campaign = world.draft()
        transitions.submit(campaign, by=world.person("mara"))
        world.approve(campaign)
        stop(words_of(campaign, "user"))
        with pytest.raises(ActionRefused, match="“User” is stopped everywhere"):
            transitions.launch(campaign, by=world.person("mara"), now=world.NOON)

    def test_cannot_be_resumed_as_an_arm_or_with_its_campaign(self) -> None:
        campaign = world.launched()
        stop(words_of(campaign, "user"))
        arm = campaign.arms.get(key="user")
        with pytest.raises(ActionRefused, match="stopped everywhere"):
            arm_pauses.resume_arm(arm, by=world.person("mara"), reason="It was fine.", now=world.NOON)
        stop(words_of(campaign, "neutral"))
        campaign.refresh_from_db()
        with pytest.raises(ActionRefused, match="“Neutral” is stopped everywhere"):
            transitions.resume(campaign, by=world.person("mara"))

    def test_is_lifted_by_another_person_with_a_reason_and_shown_only_once_its_arm_is_resumed(self) -> None:
        campaign = world.launched(arms={"neutral": 0, "user": 1})
        message = words_of(campaign, "user")
        stop(message)
        with pytest.raises(ActionRefused, match="a colleague has to allow it again"):
            kill_switch_stop.lift_stop(message, by=world.person("rafael"), reason="I was wrong.")
        with pytest.raises(ActionRefused, match="reason"):
            kill_switch_stop.lift_stop(message, by=world.person("mara"), reason="")
        kill_switch_stop.lift_stop(message, by=world.person("mara"), reason="The name is gone.")
        assert AuditEntry.objects.latest("number").action == log.Action.MESSAGE_LIFT
        assert world.AudienceSite().decide().json["message"]["headline"] == "A neutral headline"
        arm = campaign.arms.get(key="user")
        arm_pauses.resume_arm(arm, by=world.person("mara"), reason="The name is gone.", now=world.NOON)
        assert world.AudienceSite().decide().json["message"]["headline"] == "A user headline"

    def test_is_not_stopped_or_lifted_twice(self) -> None:
        message = world.approved_revision("user").message
        with pytest.raises(ActionRefused, match="not stopped"):
            kill_switch_stop.lift_stop(message, by=world.person("mara", "manager"), reason="Why not.")
        stop(message)
        with pytest.raises(ActionRefused, match="already stopped"):
            stop(message, by="another")


PREPARE = """
import json
from django.conf import settings
from django.test import Client
from django.utils import timezone
from tests import world
world.NOON = timezone.now()
campaign = world.launched(arms={"neutral": 0, "user": 1})
client = Client()
world.sign_in(client, world.person("rafael", "reviewer"))
session = client.cookies[settings.SESSION_COOKIE_NAME].value
stopped = campaign.arms.get(key="user").first_revision.message.key
print(json.dumps([stopped, f"{settings.SESSION_COOKIE_NAME}={session}"]))
"""
LIMIT = 10.0  # seconds


@dataclass(frozen=True)
class Pair:
    """Two real servers of one installation, a message that both show, and a signed-in reviewer."""

    urls: tuple[str, ...]
    message: str
    session: str

    def shows(self) -> set[str]:
        """Return the headlines that the servers answer with."""
        body = json.dumps({"placement": "quiet-page"}).encode()
        return {
            json.loads(self.ask(f"{url}/api/v1/decide", body, {"Content-Type": "application/json"}))["message"][
                "headline"
            ]
            for url in self.urls
        }

    def ask(self, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> str:
        with urllib.request.urlopen(urllib.request.Request(url, body, dict(headers or {})), timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def seconds_until_gone(self, *, limit: float = LIMIT) -> float:
        """Return the seconds from the click at one server until none shows the message; at most `limit`."""
        page = f"{self.urls[0]}/messages/{self.message}/stop/"
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.ask(page, headers={"Cookie": self.session}))
        assert token is not None
        sent = urlencode({"reason": REASON, "csrfmiddlewaretoken": token[1]}).encode()
        cookies = f"{self.session}; csrftoken={token[1]}"
        began = time.monotonic()
        assert "Stopped everywhere" in self.ask(page, sent, {"Cookie": cookies})
        wait_until(lambda: time.monotonic() - began >= limit or self.shows() == {"A neutral headline"})
        return time.monotonic() - began


@contextlib.contextmanager
def two_servers(directory: Path, **variables: str) -> Iterator[Pair]:
    """Start both, and wait until they show the message."""
    with new_installation(directory) as environment, contextlib.ExitStack() as stack:
        own = {**environment, "LOCAL_HTTP": "1", **variables}
        key, session = json.loads(manage("shell", "--no-imports", "-c", PREPARE, environment=own).splitlines()[-1])
        urls = [
            stack.enter_context(launcher.run_server(launcher.PRODUCTION_APPLICATION, environment=own)) for _ in range(2)
        ]
        pair = Pair(tuple(urls), key, session)

        def both_show_it() -> bool:
            with contextlib.suppress(urllib.error.URLError):
                return pair.shows() == {"A user headline"}
            return False

        wait_until(both_show_it, what="the message on both servers")
        yield pair


@pytest.mark.process
@pytest.mark.proof
def test_no_server_shows_a_stopped_message_after_ten_seconds(tmp_path: Path) -> None:
    with two_servers(tmp_path) as pair:
        took = pair.seconds_until_gone()
        assert took < LIMIT


@pytest.mark.process
@pytest.mark.proof
def test_a_server_that_never_looks_again_would_be_seen(tmp_path: Path) -> None:
    """Plant the fault that the test above detects: a snapshot that is never renewed."""
    with two_servers(tmp_path, SNAPSHOT_SECONDS="3600") as pair:
        assert pair.seconds_until_gone(limit=5.0) >= 5.0
        assert pair.shows() == {"A user headline"}
