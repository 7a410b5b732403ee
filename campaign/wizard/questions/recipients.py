"""Who should hear of harm? The people, and a webhook, that are told when a guardrail pauses an arm."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.lifecycle import alert_recipients, webhook_tests
from campaign.lifecycle.launch_checks import ObstacleReason
from campaign.models import AnalysisPlan, Campaign
from campaign.wizard.draft import ensure_plan
from campaign.wizard.questions.base import Answer, Question, QuestionForm
from messages import public_http
from messages.roles import ADMINISTRATOR, STAFF_ROLES


@dataclass(frozen=True, slots=True)
class RecipientsAnswer(Answer):
    people: tuple[int, ...] = ()  # primary keys
    webhook: str = ""


class RecipientsForm(QuestionForm[RecipientsAnswer]):
    told = forms.MultipleChoiceField(
        label=_("Who should hear of harm?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one person: somebody has to look when a message does harm.")},
    )
    webhook = forms.URLField(
        label=_("An address of your own that should hear of it, too"),
        required=False,
        assume_scheme="https",
        max_length=200,
        help_text=_(
            "For an alarm system that you have already. It begins with https://. Most leave it empty. A test is sent "
            "there once you have saved, and the campaign can start when it was accepted."
        ),
        error_messages={"invalid": _("This is not an address, such as https://alarm.example/.")},
    )

    def __init__(self, data: Any = None, *, shown: RecipientsAnswer) -> None:
        super().__init__(data, shown=shown)
        self.people = list(selectable_recipients(shown.people))
        self.set_choices("told", [(str(person.pk), person.get_username()) for person in self.people])

    def initial_values(self, shown: RecipientsAnswer) -> dict[str, Any]:
        return {"told": [str(pk) for pk in shown.people], "webhook": shown.webhook}

    def answer(self) -> RecipientsAnswer:
        return RecipientsAnswer(tuple(int(pk) for pk in self.cleaned_data["told"]), self.cleaned_data["webhook"])

    def rows(self) -> list[tuple[User, Any]]:
        return list(zip(self.people, self["told"], strict=True))

    def clean_webhook(self) -> str:
        address: str = self.cleaned_data["webhook"]
        if address and not public_http.is_site_url(address):
            raise ValidationError(_("Use an address that begins with https:// and the name of a site, no password."))
        return address


def selectable_recipients(chosen: Iterable[int] = ()) -> Iterable[User]:
    """Return everybody with an active account and a role, and whoever is chosen already."""
    active = User.objects.filter(is_active=True)
    staff = active.filter(groups__name__in=(*STAFF_ROLES, ADMINISTRATOR)) | active.filter(is_superuser=True)
    return (staff | User.objects.filter(pk__in=list(chosen))).distinct().order_by("username")


class RecipientsQuestion(Question[RecipientsAnswer, RecipientsForm]):
    key = "told"
    title, short_title = _("Who should hear of harm?"), _("Who hears of harm")
    template_name = "campaign/wizard/recipients.html"
    form_class = RecipientsForm
    is_required = False
    plan_keys = frozenset[str]()  # people may leave: the plan does not name them
    registration_rows = frozenset[str]()
    obstacles = {
        ObstacleReason.WEBHOOK_UNTESTED: _("The address has not accepted a test: correct it, or leave it empty.")
    }

    def read(self, campaign: Campaign) -> RecipientsAnswer:
        plan = AnalysisPlan.objects.filter(campaign=campaign).first()
        if plan is None:
            return RecipientsAnswer()
        return RecipientsAnswer(tuple(plan.told.order_by("pk").values_list("pk", flat=True)), plan.webhook)

    def write(self, campaign: Campaign, answer: RecipientsAnswer, *, by: User) -> None:
        plan = ensure_plan(campaign)
        plan.told.set(User.objects.filter(pk__in=answer.people))
        plan.webhook = answer.webhook
        plan.save(update_fields=["webhook"])

    def is_answered(self, campaign: Campaign) -> bool:
        return self.read(campaign) != RecipientsAnswer()

    def suggest(self, campaign: Campaign, stored: RecipientsAnswer, *, user: User) -> RecipientsAnswer:
        return stored if stored.people else replace(stored, people=(user.pk,))

    def context(self, campaign: Campaign, form: RecipientsForm) -> dict[str, Any]:
        return {"unheard": alert_recipients.why_nobody_hears(campaign)}

    def reminder(self, campaign: Campaign) -> str:
        if not self.is_answered(campaign):
            return gettext("Nobody would hear of harm. Who should?")
        plan = AnalysisPlan.objects.filter(campaign=campaign).first()
        return webhook_tests.missing_test(plan) if plan else ""

    def summarize(self, campaign: Campaign, answer: RecipientsAnswer) -> Iterable[str]:
        people = User.objects.filter(pk__in=answer.people).order_by("username")
        return ", ".join(people.values_list("username", flat=True)), answer.webhook
