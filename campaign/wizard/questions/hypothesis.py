"""What do you want to learn? The campaign's name and its hypothesis."""

from collections.abc import Iterable
from dataclasses import dataclass

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from campaign.models import Campaign
from campaign.wizard.questions.base import Answer, Question, QuestionForm


@dataclass(frozen=True, slots=True)
class HypothesisAnswer(Answer):
    name: str = ""
    hypothesis: str = ""


class HypothesisForm(QuestionForm[HypothesisAnswer]):
    answer_class = HypothesisAnswer

    name = forms.CharField(
        label=_("Name of the campaign"),
        max_length=160,
        help_text=_("For you and your colleagues, such as “Schools week, spring”. Visitors never see it."),
        error_messages={"required": _("Enter a name. You can change it later.")},
    )
    hypothesis = forms.CharField(
        label=_("What do you expect to find?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "One sentence, written before anyone is counted, such as: “People who read what it does to "
            "the person shown turn back more often than people who read a neutral text.”"
        ),
        error_messages={"required": _("Enter one sentence. It does not have to turn out true.")},
    )


class HypothesisQuestion(Question[HypothesisAnswer, HypothesisForm]):
    key = "learn"
    title, short_title = _("What do you want to find out?"), _("What you want to find out")
    template_name = "campaign/wizard/hypothesis.html"
    form_class = HypothesisForm
    is_required = True
    plan_keys = frozenset({"hypothesis"})
    registration_rows = frozenset({"title", "hypotheses"})
    obstacles = {}

    def read(self, campaign: Campaign) -> HypothesisAnswer:
        return HypothesisAnswer(campaign.name, campaign.hypothesis)

    def write(self, campaign: Campaign, answer: HypothesisAnswer, *, by: User) -> None:
        campaign.name, campaign.hypothesis = answer.name, answer.hypothesis

    def is_answered(self, campaign: Campaign) -> bool:
        return bool(campaign.name and campaign.hypothesis)

    def summarize(self, campaign: Campaign, answer: HypothesisAnswer) -> Iterable[str]:
        return answer.name, answer.hypothesis
