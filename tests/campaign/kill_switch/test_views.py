"""The pages that stop and resume: texts, permissions, and the required reason."""

from __future__ import annotations

import pytest
from django.test import Client

from campaign.kill_switch import stop
from campaign.lifecycle import arm_pauses
from campaign.models import Campaign
from messages.accounts import step_up
from messages.models import Message
from tests import world

pytestmark = pytest.mark.django_db

ARM = "/campaigns/pilot/arms/both/"


def as_(name: str, role: str) -> Client:
    client = Client()
    world.sign_in(client, world.person(name, role))
    return client


def page(client: Client, url: str, *, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def of(campaign: Campaign, key: str, step: str = "stop") -> str:
    message: Message = campaign.arms.get(key=key).first_revision.message
    return f"/messages/{message.key}/{step}/"


class TestStoppingAMessage:
    def test_says_first_where_it_is_shown_and_what_its_visitors_will_get(self) -> None:
        fallback = world.approved_revision("neutral", headline="Quiet")
        campaign = world.launched(at=world.placement(fallback=fallback))
        told = page(as_("rafael", "reviewer"), of(campaign, "user"))
        assert "The pilot</a></b>, as “User”." in told
        assert "Its visitors see the text of “Neutral” instead and are not counted." in told
        told = page(as_("rafael", "reviewer"), of(campaign, "neutral"))
        assert "so the whole campaign is paused" in told
        assert "quiet-page shows its neutral text instead." in told
        told = page(as_("rafael", "reviewer"), f"/messages/{fallback.message.key}/stop/")
        assert "It will show no message" in told

    def test_says_when_a_paused_campaign_leaves_nothing_to_show(self) -> None:
        told = page(as_("rafael", "reviewer"), of(world.launched(), "neutral"))
        assert "quiet-page shows no message." in told

    def test_says_that_it_is_shown_nowhere_and_who_waits_for_it(self) -> None:
        told = page(as_("mara", "manager"), of(world.draft(), "user"))
        assert "Nowhere." in told
        assert "1 campaign that has not been launched yet uses it" in told

    @pytest.mark.parametrize(("reason", "says"), [("", "Enter a reason"), ("x" * 301, "301")])
    def test_asks_for_a_reason_beside_the_field_and_keeps_what_was_typed(self, reason: str, says: str) -> None:
        campaign = world.launched()
        answer = as_("mara", "manager").post(of(campaign, "user"), {"reason": reason})
        html = answer.content.decode()
        assert (answer.status_code, says in html, reason in html) == (200, True, True)
        assert not campaign.arms.filter(paused_at__isnull=False).exists()

    def test_stops_it_and_the_messages_page_says_so(self) -> None:
        campaign = world.launched()
        answer = as_("rafael", "reviewer").post(of(campaign, "user"), {"reason": "It names somebody."}, follow=True)
        html = answer.content.decode()
        assert "Within seconds, nobody will see this message." in html
        assert "rafael stopped it on" in html
        assert "It names somebody." in html
        assert campaign.arms.get(key="user").paused_at is not None
        assert "already" in page(as_("mara", "manager"), of(campaign, "user"))

    def test_asks_who_it_is_first(self) -> None:
        client, campaign = as_("mara", "manager"), world.launched()
        session = client.session
        session[step_up.CONFIRMED_AT_KEY] = 0
        session.save()
        for answer in (client.get(of(campaign, "user")), client.post(of(campaign, "user"), {"reason": "Now."})):
            assert answer.headers["Location"].startswith("/account/confirm/?next=")
        assert not Message.objects.filter(stopped_at__isnull=False).exists()


class TestLifting:
    def test_is_for_somebody_else(self) -> None:
        campaign = world.launched()
        message = campaign.arms.get(key="user").first_revision.message
        rafael = world.person("rafael", "reviewer")
        stop.stop_message(message, by=rafael, reason="It names somebody.", now=world.NOON)
        assert "someone else has to allow it again" in page(as_("rafael", "reviewer"), of(campaign, "user", "lift"))
        refused = as_("rafael", "reviewer").post(of(campaign, "user", "lift"), {"reason": "I was wrong."})
        assert "so a colleague has to allow it again" in refused.content.decode()
        assert "It names somebody." in page(as_("mara", "manager"), of(campaign, "user", "lift"))
        as_("mara", "manager").post(of(campaign, "user", "lift"), {"reason": "The name is gone."})
        message.refresh_from_db()
        assert message.stopped_at is None
        assert "This message is not stopped." in page(as_("mara", "manager"), of(campaign, "user", "lift"))


class TestAnArm:
    def test_is_paused_and_shown_again_for_a_reason(self) -> None:
        campaign, mara = world.launched(), as_("mara", "manager")
        assert "see the text of “Neutral” instead and are not counted" in page(mara, ARM)
        mara.post(ARM, {"step": "pause", "reason": "A partner asked."})
        assert campaign.arms.get(key="both").paused_reason == "A partner asked."
        assert "A partner asked." in page(mara, ARM)
        answer = mara.post(ARM, {"step": "resume", "reason": ""})
        assert (answer.status_code, "Enter a reason" in answer.content.decode()) == (200, True)
        mara.post(ARM, {"step": "resume", "reason": "They agreed."})
        assert campaign.arms.get(key="both").paused_at is None
        assert campaign.deviations.count() == 2

    def test_is_not_shown_again_by_a_page_that_meant_to_pause_it(self) -> None:
        campaign, mara = world.launched(), as_("mara", "manager")
        arm_pauses.pause_arm(campaign.arms.get(key="both"), reason="Guardrail crossed: Was annoyed", now=world.NOON)
        answer = mara.post(ARM, {"step": "pause", "reason": "A partner asked."}, follow=True)
        assert "A colleague has changed this." in answer.content.decode()
        assert campaign.arms.get(key="both").paused_at == world.NOON

    def test_that_is_the_control_or_not_launched_says_so(self) -> None:
        world.launched()
        assert "cannot be paused on its own" in page(as_("mara", "manager"), "/campaigns/pilot/arms/neutral/")
        world.draft("later", at=world.placement("later"))
        assert "between a campaign’s launch and its end" in page(as_("mara", "manager"), "/campaigns/later/arms/both/")
        page(as_("mara", "manager"), "/campaigns/pilot/arms/nobody/", status=404)


class TestWhereAStopIsSeen:
    def test_the_list_marks_a_campaign_with_a_stopped_arm(self) -> None:
        campaign, ana = world.launched(), as_("ana", "analyst")
        assert "A message was stopped" not in page(ana, "/")
        arm_pauses.pause_arm(campaign.arms.get(key="both"), reason="Guardrail crossed: Was annoyed", now=world.NOON)
        assert "A message was stopped" in page(ana, "/")

    def test_each_role_is_told_what_it_can_decide(self) -> None:
        campaign = world.launched()
        arm_pauses.pause_arm(campaign.arms.get(key="both"), reason="Guardrail crossed: Was annoyed", now=world.NOON)
        close = 'href="/campaigns/pilot/close/">Close the campaign</a>'
        links = {
            role: (f'href="{ARM}"' in told, of(campaign, "both") in told, close in told)
            for name, role in (("mara", "manager"), ("rafael", "reviewer"), ("ana", "analyst"))
            for told in [page(as_(name, role), "/campaigns/pilot/results/")]
        }
        assert links == {
            "manager": (True, True, True),
            "reviewer": (False, True, False),
            "analyst": (False, False, False),
        }
