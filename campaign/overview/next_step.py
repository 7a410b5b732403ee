"""The next step of a campaign by its state, for the person who looks at it."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from campaign.lifecycle.changed_campaigns import change_sentence, was_paused_for_a_change
from campaign.lifecycle.draft_versions import may_approve, possible_approvers
from campaign.models import Campaign
from messages.audit.log import Action, ObjectKind
from messages.i18n.quoted_names import join_quoted
from messages.models import AuditEntry
from messages.roles import MANAGER, has_role

State = Campaign.State


@dataclass(frozen=True, slots=True)
class ButtonLink:
    """A link that is shown as a button."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class CampaignNextStep:
    """What the campaign waits for, and this person's buttons, the likeliest first."""

    sentence: str
    buttons: tuple[ButtonLink, ...] = ()
    is_idle: bool = False  # it runs, and waits for people; once complete it waits for somebody to read its results


def next_step(user: AbstractUser | AnonymousUser, campaign: Campaign, *, planning_url: str = "") -> CampaignNextStep:
    """Return the next step of a campaign. `planning_url` is where a draft's planning continues, if anywhere."""
    manages = has_role(user, MANAGER)
    if campaign.state == State.DRAFT:
        sentence = _("This campaign is a draft. Check its plan, then send it to a second person for approval.")
        buttons = [ButtonLink(_("Continue planning"), planning_url)] if planning_url else []
        return CampaignNextStep(
            sentence, (*buttons, _button(campaign, "plan", _("Review and submit"))) if manages else ()
        )
    if campaign.state == State.SUBMITTED:
        if may_approve(campaign, user):
            sentence = _(
                "This campaign is waiting for you or another reviewer. Read its plan and its messages, then decide."
            )
            return CampaignNextStep(sentence, (_button(campaign, "plan", _("Read and decide"), "#decide"),))
        approvers = possible_approvers(campaign)
        if approvers:
            sentence = _(
                "This campaign is waiting for someone who did not change or send it. These people can "
                "decide: %(names)s."
            )
            ask = (_button(campaign, "plan", _("Ask one of them"), "#ask"),) if manages else ()
            return CampaignNextStep(sentence % {"names": ", ".join(user.get_username() for user in approvers)}, ask)
        sentence = _(
            "Nobody here can approve this campaign, because each reviewer has changed or sent it. You "
            "can take it back and have someone else send it, restore a version that a reviewer did not "
            "change, or ask an administrator to invite an outside reviewer."
        )
        history = _button(campaign, "versions", _("See who changed what"))
        return CampaignNextStep(sentence, (history,) if manages else ())
    if campaign.state == State.APPROVED and campaign.queued_at is not None:
        sentence = _(
            "This campaign is approved and in the queue. It will be launched automatically once its "
            "placements are free."
        )
        if campaign.starts_at is not None and campaign.starts_at > timezone.now():
            sentence = _(
                "This campaign is approved and in the queue. It will be launched automatically on %(day)s, or later, "
                "once its placements are free. Other campaigns can run there until then."
            ) % {"day": date_format(timezone.localtime(campaign.starts_at), "DATE_FORMAT")}
        return CampaignNextStep(sentence, (_button(campaign, "launch", _("View the queue")),) if manages else ())
    if campaign.state == State.APPROVED:
        sentence = _("This campaign is approved. Nobody sees it until a manager launches it.")
        return CampaignNextStep(sentence, (_button(campaign, "launch", _("Prepare the launch")),) if manages else ())
    return _step_after_launch(campaign, manages=manages)


def send_back_entry(campaign: Campaign) -> AuditEntry | None:
    """Return the audit entry of the reviewer who sent this draft back; None once it was submitted again."""
    if campaign.state != State.DRAFT:
        return None
    actions = (Action.CAMPAIGN_SUBMIT, Action.CAMPAIGN_SEND_BACK)
    last = AuditEntry.objects.filter(kind=ObjectKind.CAMPAIGN, ref=campaign.slug, action__in=actions).first()
    return last if last is not None and last.action == Action.CAMPAIGN_SEND_BACK else None


def _step_after_launch(campaign: Campaign, *, manages: bool) -> CampaignNextStep:
    pause = _button(campaign, "pause", _("Pause it"))
    resume = _button(campaign, "resume", _("Show it again"))
    close = _button(campaign, "close", _("Close it for good"))
    if campaign.state != State.CLOSED and (sentence := change_sentence(campaign)):
        return CampaignNextStep(sentence, (close,) if manages else ())
    if was_paused_for_a_change(campaign):
        sentence = _(
            "This campaign was paused because it was changed directly in the database. The change has "
            "been undone, so a manager can show it again. Afterwards, choose the neutral text of its "
            "placements again."
        )
        return CampaignNextStep(sentence, (resume, close) if manages else ())
    stopped = [arm.name for arm in campaign.arms.all() if arm.paused_at is not None]
    if campaign.state == State.RUNNING and stopped:
        sentence = _("It runs without “%(arm)s”, which was stopped. Decide how to go on: the ways are listed above.")
        return CampaignNextStep(sentence % {"arm": join_quoted(stopped)}, (pause, close) if manages else ())
    sentence, buttons = {
        State.SCHEDULED: (_("This campaign is launched and will start on its first day."), (pause, close)),
        State.RUNNING: (
            _("This campaign is running and people are being counted. You have nothing to do."),
            (pause, close),
        ),
        State.PAUSED: (
            _("This campaign is paused. Nobody sees its messages until someone shows them again."),
            (resume, close),
        ),
        State.CLOSED: (
            _("This campaign is closed for good. You can still read its results."),
            (ButtonLink(_("See next steps"), reverse("analytics:next-steps", args=[campaign.slug])),),
        ),
    }[State(campaign.state)]
    return CampaignNextStep(sentence, buttons if manages else (), is_idle=campaign.state == State.RUNNING)


def _button(campaign: Campaign, name: str, label: str, anchor: str = "") -> ButtonLink:
    return ButtonLink(label, reverse(f"campaign:{name}", args=[campaign.slug]) + anchor)
