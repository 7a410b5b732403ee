"""Who agreed to this trial? The reference of an ethics board, or the reason for an exemption."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.lifecycle.launch_checks import ObstacleReason
from campaign.models import Campaign
from campaign.wizard.questions.base import Answer, Question, QuestionForm


@dataclass(frozen=True, slots=True)
class EthicsAnswer(Answer):
    ethics_reference: str
    ethics_exemption: str


class EthicsForm(QuestionForm[EthicsAnswer]):
    answer_class = EthicsAnswer

    ethics_reference = forms.CharField(
        label=_("Who approved it, and the reference"),
        max_length=200,
        required=False,
        help_text=_(
            "An ethics board, or the person who decides at your organisation, such as “Example board, 2027-17”."
        ),
    )
    ethics_exemption = forms.CharField(
        label=_("Or why approval is not needed"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Such as “Our board exempts trials in which nobody is identified (decision of May 2026)”. "
            "Everyone can read this in the plan."
        ),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not (values.get("ethics_reference") or values.get("ethics_exemption")) and not self.errors:
            self.add_error(
                "ethics_reference", _("Fill in one of the two, because people take part without being asked.")
            )
        return values


class EthicsQuestion(Question[EthicsAnswer, EthicsForm]):
    key = "ethics"
    title, short_title = _("Who approved this trial on ethical grounds?"), _("Ethical approval")
    template_name = "campaign/wizard/ethics.html"
    form_class = EthicsForm
    is_required = True
    plan_keys = frozenset({"ethics"})
    registration_rows = frozenset({"ethics"})
    obstacles = {ObstacleReason.NO_ETHICS: _("Say who approved this trial, or why approval is not needed.")}

    def read(self, campaign: Campaign) -> EthicsAnswer:
        return EthicsAnswer(campaign.ethics_reference, campaign.ethics_exemption)

    def write(self, campaign: Campaign, answer: EthicsAnswer, *, by: User) -> None:
        campaign.ethics_reference, campaign.ethics_exemption = answer.ethics_reference, answer.ethics_exemption

    def is_answered(self, campaign: Campaign) -> bool:
        return bool(campaign.ethics_reference or campaign.ethics_exemption)

    def summarize(self, campaign: Campaign, answer: EthicsAnswer) -> Iterable[str]:
        yield answer.ethics_reference
        if answer.ethics_exemption:
            yield gettext("No approval needed: %(why)s") % {"why": answer.ethics_exemption}
