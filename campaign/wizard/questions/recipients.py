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
from messages.staff_mail.mailboxes import confirmed_people


@dataclass(frozen=True, slots=True)
class RecipientsAnswer(Answer):
    people: tuple[int, ...] = ()  # primary keys
    webhook: str = ""


class RecipientsForm(QuestionForm[RecipientsAnswer]):
    told = forms.MultipleChoiceField(
        label=_("Who should be alerted to harm?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one person, so that someone acts if a message does harm.")},
    )
    webhook = forms.URLField(
        label=_("Your own alert address"),
        required=False,
        assume_scheme="https",
        max_length=200,
        help_text=_(
            "For an alarm system you already have. It begins with https://. Most people leave this "
            "empty. After you save, we send a test to it. The campaign can start once the test was "
            "accepted."
        ),
        error_messages={"invalid": _("Enter an address such as https://alarm.example/.")},
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
            raise ValidationError(
                _("Enter an address that begins with https:// and the name of a site, without a password.")
            )
        return address


def selectable_recipients(chosen: Iterable[int] = ()) -> Iterable[User]:
    """Return everybody with an active account and a role, and whoever is chosen already."""
    active = User.objects.filter(is_active=True)
    staff = active.filter(groups__name__in=(*STAFF_ROLES, ADMINISTRATOR)) | active.filter(is_superuser=True)
    return (staff | User.objects.filter(pk__in=list(chosen))).distinct().order_by("username")


class RecipientsQuestion(Question[RecipientsAnswer, RecipientsForm]):
    key = "told"
    title, short_title = _("Who should be alerted to harm?"), _("Who is alerted to harm")
    template_name = "campaign/wizard/recipients.html"
    form_class = RecipientsForm
    is_required = False
    plan_keys = frozenset[str]()  # people may leave: the plan does not name them
    registration_rows = frozenset[str]()
    obstacles = {
        ObstacleReason.NOBODY_HEARS: _("Choose someone whose email address is confirmed."),
        ObstacleReason.WEBHOOK_UNTESTED: _("This address has not accepted a test. Correct it, or leave it empty."),
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
        unheard = alert_recipients.why_nobody_hears(campaign)
        return {"unheard": unheard, "confirmed": confirmed_people(form.people)}

    def reminder(self, campaign: Campaign) -> str:
        if not self.is_answered(campaign):
            return gettext("Nobody would be alerted to harm. Choose who should be.")
        plan = AnalysisPlan.objects.filter(campaign=campaign).first()
        return webhook_tests.missing_test(plan) if plan else ""

    def summarize(self, campaign: Campaign, answer: RecipientsAnswer) -> Iterable[str]:
        people = User.objects.filter(pk__in=answer.people).order_by("username")
        return ", ".join(people.values_list("username", flat=True)), answer.webhook
