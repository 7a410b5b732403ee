"""Which messages do you want to compare? The preset that makes the arms."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from campaign.lifecycle.launch_checks import ObstacleReason
from campaign.models import Campaign
from campaign.wizard import arms
from campaign.wizard.presets import PRESETS, RECOMMENDED_PRESET, preset_of
from campaign.wizard.questions.base import Answer, Question, QuestionForm
from campaign.wizard.revision_choice import missing_frames
from messages.models import Frame


@dataclass(frozen=True, slots=True)
class ComparisonAnswer(Answer):
    preset: str = ""


class ComparisonForm(QuestionForm[ComparisonAnswer]):
    answer_class = ComparisonAnswer

    preset = forms.ChoiceField(
        label=_("Which messages do you want to compare?"),
        choices=[(preset.key, preset.name) for preset in PRESETS.values()],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one.")},
    )
    explanations = {"preset": {preset.key: (preset.name, preset.explanation) for preset in PRESETS.values()}}


class ComparisonQuestion(Question[ComparisonAnswer, ComparisonForm]):
    key = "compare"
    title, short_title = _("Which messages do you want to compare?"), _("Comparison")
    template_name = "campaign/wizard/comparison.html"
    form_class = ComparisonForm
    is_required = True
    plan_keys = frozenset({"arms", "comparisons", "factorial"})
    registration_rows = frozenset({"description", "hypotheses", "design", "size", "models", "manipulated"})
    obstacles = {ObstacleReason.FEW_ARMS: _("Choose at least two messages.")}

    def read(self, campaign: Campaign) -> ComparisonAnswer:
        return ComparisonAnswer(preset_of([arm.key for arm in campaign.arms.all()]))

    def write(self, campaign: Campaign, answer: ComparisonAnswer, *, by: User) -> None:
        previous = arms.arm_keys(campaign)
        arms.apply_preset(campaign, answer.preset)
        arms.update_comparisons(campaign, previous=previous)

    def is_answered(self, campaign: Campaign) -> bool:
        return campaign.arms.count() >= 2

    def suggest(self, campaign: Campaign, stored: ComparisonAnswer, *, user: User) -> ComparisonAnswer:
        return stored if stored.preset else replace(stored, preset=RECOMMENDED_PRESET)

    def context(self, campaign: Campaign, form: ComparisonForm) -> dict[str, Any]:
        gaps = {
            key: [Frame(frame).label for frame in dict.fromkeys(missing_frames(preset))]
            for key, preset in PRESETS.items()
        }
        options = [
            (choice, explanation, gaps[str(choice.data["value"])])
            for choice, explanation in form.choices_with_explanations("preset")
        ]
        return {"options": options, "gaps": any(gaps.values()), "has_arms": campaign.arms.exists()}

    def summarize(self, campaign: Campaign, answer: ComparisonAnswer) -> Iterable[str]:
        return [str(PRESETS[answer.preset].name)] if answer.preset else []
