import pytest

from campaign.lifecycle import arm_pauses, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Arm, Campaign
from messages.models import AuditEntry
from messages.review import workflow
from tests import world

pytestmark = pytest.mark.django_db


def without_state(entry: AuditEntry) -> dict[str, object]:
    """What an entry says of its step, without what it says the campaign and its deviations are then."""
    return {name: value for name, value in entry.detail.items() if name not in ("state", "deviations")}


class TestAnArm:
    def arm(self) -> Arm:
        return world.launched().arms.get(key="both")

    def test_that_a_person_pauses_or_resumes_departs_from_the_plan_and_that_is_on_record(self) -> None:
        arm, mara = self.arm(), world.person("mara")
        arm_pauses.pause_arm(arm, by=mara, reason="A partner asked.", now=world.NOON)
        arm_pauses.resume_arm(arm, by=mara, reason="They agreed after all.", now=world.NOON)
        assert [(d.what, d.why, d.by) for d in arm.campaign.deviations.all()] == [
            ("The arm “Both” was paused.", "A partner asked.", mara),
            ("The arm “Both” was resumed.", "They agreed after all.", mara),
        ]
        told = AuditEntry.objects.filter(action="arm-resume").get()
        assert (told.actor, without_state(told)) == ("mara", {"arm": "Both", "reason": "They agreed after all."})
        arm.refresh_from_db()
        assert (arm.paused_at, arm.paused_reason, arm.pauses) == (None, "", 1)

    def test_that_the_worker_pauses_is_as_the_plan_says(self) -> None:
        arm = self.arm()
        arm_pauses.pause_arm(arm, reason="Guardrail crossed: Was annoyed", now=world.NOON)
        assert not arm.campaign.deviations.exists()

    def test_is_resumed_only_for_a_reason(self) -> None:
        arm = self.arm()
        arm_pauses.pause_arm(arm, reason="Guardrail crossed: Was annoyed", now=world.NOON)
        for reason in ("", " \n", "x" * 301):
            with pytest.raises(ActionRefused, match="reason"):
                arm_pauses.resume_arm(arm, by=world.person("mara"), reason=reason, now=world.NOON)
        arm.refresh_from_db()
        assert arm.paused_at == world.NOON

    def test_is_resumed_only_by_a_manager(self) -> None:
        arm = self.arm()
        arm_pauses.pause_arm(arm, reason="A test", now=world.NOON)
        with pytest.raises(ActionRefused, match="Only a manager"):
            arm_pauses.resume_arm(arm, by=world.person("rafael"), reason="It helps.", now=world.NOON)

    def test_is_not_paused_or_resumed_twice(self) -> None:
        arm, mara = self.arm(), world.person("mara")
        with pytest.raises(ActionRefused, match="not paused"):
            arm_pauses.resume_arm(arm, by=mara, reason="It helps.", now=world.NOON)
        arm_pauses.pause_arm(arm, reason="A test", now=world.NOON)
        with pytest.raises(ActionRefused, match="already paused"):
            arm_pauses.pause_arm(Arm.objects.get(pk=arm.pk), by=mara, reason="A test", now=world.NOON)

    def test_that_is_the_control_cannot_be_paused_alone(self) -> None:
        control = world.launched().arms.get(key="neutral")
        with pytest.raises(ActionRefused, match="Pause the campaign"):
            arm_pauses.pause_arm(control, reason="A test", now=world.NOON)

    def test_of_a_closed_campaign_stays_as_it_is(self) -> None:
        arm, mara = self.arm(), world.person("mara")
        arm_pauses.pause_arm(arm, reason="A test", now=world.NOON)
        transitions.close(Campaign.objects.get(), by=mara, now=world.NOON)
        with pytest.raises(ActionRefused, match="cannot be paused or shown again"):
            arm_pauses.resume_arm(arm, by=mara, reason="It helps.", now=world.NOON)

    def test_loses_one_text_for_good_but_never_its_last(self) -> None:
        campaign, mara = world.launched(texts=2), world.person("mara")
        first, second = campaign.arms.get(key="both").texts.all()
        with pytest.raises(ActionRefused, match="Only a manager or a reviewer"):
            arm_pauses.stop_text(first, by=world.person("ana", "analyst"), reason="A test", now=world.NOON)
        arm_pauses.stop_text(first, by=mara, reason="It may frighten.", now=world.NOON)
        assert [(d.what, d.why, d.by) for d in campaign.deviations.all()] == [
            ("Text 1 of the arm “Both” was stopped.", "It may frighten.", mara)
        ]
        told = AuditEntry.objects.filter(action="text-stop").get()
        assert (told.actor, without_state(told)) == ("mara", {"arm": "Both", "text": 1, "reason": "It may frighten."})
        with pytest.raises(ActionRefused, match="already stopped"):
            arm_pauses.stop_text(first, by=mara, reason="A test", now=world.NOON)
        with pytest.raises(ActionRefused, match="the only text left for “Both”"):
            arm_pauses.stop_text(second, by=mara, reason="A test", now=world.NOON)

    def test_whose_words_were_withdrawn_is_not_resumed(self) -> None:
        arm, rafael = self.arm(), world.person("rafael")
        arm_pauses.pause_arm(arm, reason="A test", now=world.NOON)
        workflow.withdraw(arm.first_revision.renditions.get(), by=rafael, now=world.NOON, reason="It may frighten.")
        with pytest.raises(ActionRefused, match="withdrawn"):
            arm_pauses.resume_arm(arm, by=world.person("mara"), reason="It helps.", now=world.NOON)

    def test_that_is_paused_keeps_no_campaign_from_being_resumed(self) -> None:
        arm, mara = self.arm(), world.person("mara")
        arm_pauses.pause_arm(arm, reason="A test", now=world.NOON)
        workflow.withdraw(
            arm.first_revision.renditions.get(), by=world.person("rafael"), now=world.NOON, reason="It may frighten."
        )
        campaign = Campaign.objects.get()
        transitions.pause(campaign, by=mara)
        transitions.resume(campaign, by=mara)
        assert campaign.state == "running"
