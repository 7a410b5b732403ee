"""What would worry you? The outcomes that are watched for harm, and the margin beyond which an arm is paused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.i18n.numbers import format_per_hundred
from campaign.lifecycle.launch_checks import ObstacleReason
from campaign.models import AnalysisPlan, Campaign
from campaign.wizard.draft import ensure_plan
from campaign.wizard.planned_outcomes import (
    GUARDRAIL_OUTCOMES,
    HARM_LABELS,
    Role,
    outcomes_with_role,
    primary_outcome,
    set_role,
)
from campaign.wizard.questions import base


@dataclass(frozen=True, slots=True)
class GuardrailsAnswer(base.Answer):
    margins: Mapping[str, float | None]  # of each watched outcome, in people out of 100; None: no arm is paused


class GuardrailsForm(base.QuestionForm[GuardrailsAnswer]):
    """A box and a margin for each outcome except the primary one."""

    def __init__(self, data: Any = None, *, shown: GuardrailsAnswer, primary: str) -> None:
        super().__init__(data, shown=shown)
        self.outcome_keys = [key for key in HARM_LABELS if key in GUARDRAIL_OUTCOMES and key != primary]
        for key in self.outcome_keys:
            self.fields[f"watch_{key}"] = forms.BooleanField(label=HARM_LABELS[key], required=False)
            self.fields[f"margin_{key}"] = base.NumberField(
                label=_("Paused if worse by more than"),
                required=False,
                min_value=0,
                max_value=99,
                error_messages={
                    "invalid": _("Enter a number, such as 5."),
                    "min_value": _("Enter a number above 0."),
                    "max_value": _("Enter a number below 100, as people out of 100."),
                },
            )

    def initial_values(self, shown: GuardrailsAnswer) -> dict[str, Any]:
        margins = {f"margin_{key}": margin for key, margin in shown.margins.items()}
        return {**dict.fromkeys((f"watch_{key}" for key in shown.margins), True), **margins}

    def answer(self) -> GuardrailsAnswer:
        watched = [key for key in self.outcome_keys if self.cleaned_data[f"watch_{key}"]]
        return GuardrailsAnswer({key: self.cleaned_data[f"margin_{key}"] for key in watched})

    def rows(self) -> list[tuple[BoundField, BoundField]]:
        return [(self[f"watch_{key}"], self[f"margin_{key}"]) for key in self.outcome_keys]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for key in self.outcome_keys:
            margin = values.get(f"margin_{key}")
            if margin == 0:
                self.add_error(f"margin_{key}", _("Enter a number above 0."))
            if margin is not None and not values.get(f"watch_{key}"):
                self.add_error(f"margin_{key}", _("Tick it as well, or clear the number."))
        return values


class GuardrailsQuestion(base.Question[GuardrailsAnswer, GuardrailsForm]):
    key = "harm"
    title, short_title = _("Which outcomes would worry you?"), _("Watched for harm")
    template_name = "campaign/wizard/guardrails.html"
    form_class = GuardrailsForm
    is_required = False
    plan_keys = frozenset({"outcomes"})
    registration_rows = frozenset({"stopping", "measured"})
    obstacles = {
        ObstacleReason.MARGIN_UNSUPPORTED: _(
            "“%(name)s” cannot be watched for harm. Choose something that people either do or do not do."
        )
    }

    def read(self, campaign: Campaign) -> GuardrailsAnswer:
        watched = outcomes_with_role(campaign, Role.GUARDRAIL)
        return GuardrailsAnswer(
            {key: base.share_to_per_hundred(watched[key].harm_margin) for key in GUARDRAIL_OUTCOMES if key in watched}
        )

    def write(self, campaign: Campaign, answer: GuardrailsAnswer, *, by: User) -> None:
        """Store the guardrails. What is watched for harm does not count as success: an outcome has one role."""
        plan = ensure_plan(campaign)
        dropped = set(GUARDRAIL_OUTCOMES) - set(answer.margins)
        plan.outcomes.filter(outcome__in=dropped, role=Role.GUARDRAIL).delete()
        for key, margin in answer.margins.items():
            set_role(
                plan, key, Role.GUARDRAIL, harm_margin=None if margin is None else base.per_hundred_to_share(margin)
            )

    def is_answered(self, campaign: Campaign) -> bool:
        return bool(outcomes_with_role(campaign, Role.GUARDRAIL))

    def suggest(self, campaign: Campaign, stored: GuardrailsAnswer, *, user: User) -> GuardrailsAnswer:
        """Suggest one guardrail until somebody has passed this question, which a planned number shows."""
        is_passed = AnalysisPlan.objects.filter(campaign=campaign, planned_per_arm__gt=0).exists()
        return stored if is_passed or self.is_answered(campaign) else GuardrailsAnswer({"annoyed": 5.0})

    def build_form(self, campaign: Campaign, shown: GuardrailsAnswer, data: Any = None) -> GuardrailsForm:
        return GuardrailsForm(data, shown=shown, primary=primary_outcome(campaign))

    def reminder(self, campaign: Campaign) -> str:
        if self.is_answered(campaign):
            return ""
        return gettext("Nothing is watched for harm. Choose something if any outcome would worry you.")

    def summarize(self, campaign: Campaign, answer: GuardrailsAnswer) -> Iterable[str]:
        for key, label in HARM_LABELS.items():
            if key not in answer.margins:
                continue
            margin = answer.margins[key]
            limit = (
                gettext("a message is paused if it is clearly worse than the control by more than %(margin)s")
                % {"margin": format_per_hundred(base.per_hundred_to_share(margin))}
                if margin is not None
                else gettext("watched, but no message is paused because of it")
            )
            yield f"{label}: {limit}."
