"""What would show that a message works? The primary outcome and the secondary ones."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.lifecycle.launch_checks import ObstacleReason
from campaign.models import Campaign
from campaign.outcomes import OUTCOMES
from campaign.wizard.draft import ensure_plan
from campaign.wizard.planned_outcomes import (
    DIRECTIONAL_OUTCOMES,
    HARM_LABELS,
    SUCCESS_LABELS,
    Role,
    outcomes_with_role,
    primary_outcome,
    set_role,
)
from campaign.wizard.questions.base import Answer, Question, QuestionForm


@dataclass(frozen=True, slots=True)
class OutcomesAnswer(Answer):
    primary: str
    secondary: tuple[str, ...]


class OutcomesForm(QuestionForm[OutcomesAnswer]):
    primary = forms.ChoiceField(
        label=_("What would show that a message works?"),
        choices=[(key, label) for key, (label, _about) in SUCCESS_LABELS.items() if key in DIRECTIONAL_OUTCOMES],
        widget=forms.RadioSelect,
        help_text=_("Choose one outcome before anyone is counted. It decides the verdict."),
        error_messages={"required": _("Choose one. With several, luck could decide.")},
    )
    secondary = forms.MultipleChoiceField(
        label=_("What else would you like to know?"),
        choices=[],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose any number, or none. They are shown in the results but do not decide the verdict."),
    )
    explanations = {"primary": SUCCESS_LABELS}

    def __init__(self, data: Any = None, *, shown: OutcomesAnswer, guardrails: Collection[str]) -> None:
        super().__init__(data, shown=shown)
        choices = [(key, label) for key, (label, _about) in SUCCESS_LABELS.items() if key not in guardrails]
        self.set_choices("secondary", [choice for choice in choices if choice[0] in DIRECTIONAL_OUTCOMES])

    def answer(self) -> OutcomesAnswer:
        primary = self.cleaned_data["primary"]
        return OutcomesAnswer(primary, tuple(key for key in self.cleaned_data["secondary"] if key != primary))


class OutcomesQuestion(Question[OutcomesAnswer, OutcomesForm]):
    key = "success"
    title, short_title = _("What would show that a message works?"), _("Main outcome")
    template_name = "campaign/wizard/outcomes.html"
    form_class = OutcomesForm
    is_required = True
    plan_keys = frozenset({"outcomes"})
    registration_rows = frozenset({"hypotheses", "models", "measured", "indices"})
    obstacles = {
        ObstacleReason.NO_PLAN: _("Choose what would show that a message works."),
        ObstacleReason.NO_PRIMARY: _("Choose what would show that a message works."),
        ObstacleReason.NO_DIRECTION: _("“%(name)s” is neither good nor bad, so it cannot decide the verdict."),
    }

    def read(self, campaign: Campaign) -> OutcomesAnswer:
        return OutcomesAnswer(primary_outcome(campaign), tuple(outcomes_with_role(campaign, Role.SECONDARY)))

    def write(self, campaign: Campaign, answer: OutcomesAnswer, *, by: User) -> None:
        """Store the outcomes. A guardrail that becomes primary is a guardrail no longer; the others stay."""
        plan, guardrails = ensure_plan(campaign), outcomes_with_role(campaign, Role.GUARDRAIL)
        secondary = [key for key in answer.secondary if key not in guardrails and key != answer.primary]
        plan.outcomes.exclude(outcome__in=[*guardrails, *secondary, answer.primary]).delete()
        # A constraint allows one primary outcome at a time.
        plan.outcomes.filter(role=Role.PRIMARY).exclude(outcome=answer.primary).update(role=Role.SECONDARY)
        set_role(plan, answer.primary, Role.PRIMARY, smallest_difference=None, harm_margin=None)
        for key in secondary:
            set_role(plan, key, Role.SECONDARY)

    def is_answered(self, campaign: Campaign) -> bool:
        return bool(primary_outcome(campaign))

    def suggest(self, campaign: Campaign, stored: OutcomesAnswer, *, user: User) -> OutcomesAnswer:
        return stored if stored.primary else OutcomesAnswer("turned_back", ("help_self",))

    def build_form(self, campaign: Campaign, shown: OutcomesAnswer, data: Any = None) -> OutcomesForm:
        return OutcomesForm(data, shown=shown, guardrails=outcomes_with_role(campaign, Role.GUARDRAIL))

    def context(self, campaign: Campaign, form: OutcomesForm) -> dict[str, Any]:
        guardrails = outcomes_with_role(campaign, Role.GUARDRAIL)
        return {
            "options": form.choices_with_explanations("primary"),
            "watched": [str(label) for key, label in HARM_LABELS.items() if key in guardrails],
        }

    def summarize(self, campaign: Campaign, answer: OutcomesAnswer) -> Iterable[str]:
        if answer.primary:
            yield _label(answer.primary)
        if answer.secondary:
            names = "; ".join(_label(key) for key in answer.secondary)
            yield gettext("Other outcomes: %(names)s.") % {"names": names}


def _label(outcome: str) -> str:
    return str(SUCCESS_LABELS[outcome][0]) if outcome in SUCCESS_LABELS else gettext(OUTCOMES[outcome].name)
