"""How many texts stand for each message? Matched sets, different texts in each message, or one each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaign.i18n.numbers import format_number
from campaign.lifecycle.launch_checks import ObstacleReason, launch_remarks
from campaign.models import ArmText, Campaign
from campaign.wizard import text_design
from campaign.wizard.draft import current_plan
from campaign.wizard.matched_sets import LEAST_SETS, OfferedSet, set_name, sets_of_arms, sets_to_begin_with
from campaign.wizard.presets import Text
from campaign.wizard.questions.base import Answer, Question, QuestionForm
from campaign.wizard.revision_choice import ApprovedRendition, approved_renditions
from messages.i18n.languages import language_name

ONE_EACH = "one"  # in the form, where the empty value of the plan would be no answer
RECOMMENDED_DESIGN = text_design.MATCHED
DESIGN_LABELS: dict[str, tuple[Text, Text]] = {
    text_design.MATCHED: (
        _("Matched sets"),
        _(
            "The same text, written once for each appeal. Each set has one text per message, all with "
            "the same length and form. You learn what the appeal does, whatever the text, and need far "
            "fewer people."
        ),
    ),
    text_design.DIFFERENT: (
        _("Different texts in each message"),
        _(
            "Each message has several texts of its own. You learn what messages of this kind do. Because "
            "the texts differ in more than their appeal, you need many more people."
        ),
    ),
    ONE_EACH: (
        _("One text for each message"),
        _(
            "The result is about this text, not about its appeal. Another text with the same appeal may "
            "work differently, and no number of people can show that."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class TextsAnswer(Answer):
    design: str
    sets: tuple[str, ...] = ()  # keys, in their order; of matched sets alone


@dataclass(frozen=True, slots=True)
class SetText:
    """The words of one set for one arm."""

    arm: str
    frame: str
    theme: Any  # has the content note
    renditions: tuple[ApprovedRendition, ...]


@dataclass(frozen=True, slots=True)
class SetOption:
    """A matched set to choose, with its texts."""

    choice: Any  # the checkbox
    name: str
    languages: str
    texts: tuple[SetText, ...]


class TextsForm(QuestionForm[TextsAnswer]):
    answer_class = TextsAnswer

    design = forms.ChoiceField(
        label=_("How many texts should each message have?"),
        choices=[(key, label) for key, (label, _about) in DESIGN_LABELS.items()],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one.")},
    )
    sets = forms.MultipleChoiceField(
        label=_("Which matched sets do you want to use?"),
        required=False,
        choices=[],
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Each time a message is shown, one of its texts is drawn. Four sets are a good start; more "
            "sets tell you more."
        ),
        error_messages={
            "invalid_choice": _("One of the sets is no longer approved for all your messages. Choose again.")
        },
    )
    explanations = {"design": DESIGN_LABELS}

    def __init__(self, data: Any = None, *, shown: TextsAnswer, offered: Mapping[str, OfferedSet] | None = None):
        super().__init__(data, shown=shown)
        self.offered = offered or {}
        chosen_first = [*(key for key in shown.sets if key in self.offered), *self.offered]
        self.set_choices("sets", [(key, key) for key in dict.fromkeys(chosen_first)])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        sets = values.get("sets", [])
        if values.get("design") != text_design.MATCHED:
            values["sets"] = ()
        elif "sets" not in self.errors and (problem := _problem(sets, self.offered)):
            self.add_error("sets" if self.offered else "design", problem)
        else:
            values["sets"] = tuple(sets)
        return values


def _problem(sets: Sequence[str], offered: Mapping[str, OfferedSet]) -> Text:
    """Return why these sets cannot be used, or nothing."""
    if len(offered) < LEAST_SETS:
        return _("Not enough sets have an approved text for each of your messages. Choose another option for now.")
    if len(sets) < LEAST_SETS:
        return _("Choose at least two sets. A single set says nothing about other texts.")
    if len(sets) > ArmText.MOST:
        return _("Choose at most 12 sets.")
    if not frozenset.intersection(*(offered[key].locales for key in sets)):
        return _("There is no language in which all these sets are approved. Choose sets that share one.")
    return ""


class TextsQuestion(Question[TextsAnswer, TextsForm]):
    key = "texts"
    title, short_title = _("How many texts should each message have?"), _("Number of texts")
    template_name = "campaign/wizard/texts.html"
    form_class = TextsForm
    is_required = False
    plan_keys = frozenset({"texts", "arms"})
    registration_rows = frozenset({"models", "inference", "manipulated"})
    obstacles = {
        ObstacleReason.PERIOD_TEXTS: _("If placements show one message at a time, choose one text for each message."),
        ObstacleReason.SEVERAL_TEXTS: _("One message has several texts. Say how they belong together."),
        ObstacleReason.NOT_MATCHED: _("The texts are no longer matched sets. Choose the sets again."),
        ObstacleReason.UNEQUAL_TEXTS: _("The texts in a set differ in more than their appeal. Make them alike."),
        ObstacleReason.ONE_SET: _("Choose at least two matched sets. A single set says nothing about other texts."),
    }

    def read(self, campaign: Campaign) -> TextsAnswer:
        design = str(current_plan(campaign).texts)
        sets = sets_of_arms(list(campaign.arms.with_texts())) if design == text_design.MATCHED else ()
        return TextsAnswer(design or ONE_EACH, sets)

    def write(self, campaign: Campaign, answer: TextsAnswer, *, by: User) -> None:
        design = text_design.ONE if answer.design == ONE_EACH else answer.design
        text_design.use_design(campaign, design, answer.sets)

    def is_answered(self, campaign: Campaign) -> bool:
        """Whether there are arms, which come with an answer."""
        return campaign.arms.count() >= 2

    def suggest(self, campaign: Campaign, stored: TextsAnswer, *, user: User) -> TextsAnswer:
        """Show sets to begin with, in case that matched ones are chosen."""
        if stored.sets:
            return stored
        offered = text_design.offered_to(list(campaign.arms.with_texts()))
        return replace(stored, sets=tuple(sets_to_begin_with(offered)))

    def build_form(self, campaign: Campaign, shown: TextsAnswer, data: Any = None) -> TextsForm:
        return TextsForm(data, shown=shown, offered=text_design.offered_to(list(campaign.arms.with_texts())))

    def context(self, campaign: Campaign, form: TextsForm) -> dict[str, Any]:
        names = list(campaign.arms.values_list("name", flat=True))
        return {
            "designs": form.choices_with_explanations("design"),
            "recommended": RECOMMENDED_DESIGN,
            "sets": [_set_option(choice, form.offered[str(choice.data["value"])], names) for choice in form["sets"]],
            "too_few_sets": len(form.offered) < LEAST_SETS,
            "has_arms": bool(names),
            "to_check": launch_remarks(campaign),
        }

    def reminder(self, campaign: Campaign) -> str:
        return " ".join(launch_remarks(campaign))

    def summarize(self, campaign: Campaign, answer: TextsAnswer) -> Iterable[str]:
        if not campaign.arms.exists():
            return
        yield str(DESIGN_LABELS[answer.design][0])
        if answer.design == text_design.MATCHED:
            yield ngettext("%(count)s set: %(sets)s.", "%(count)s sets: %(sets)s.", len(answer.sets)) % {
                "count": format_number(len(answer.sets)),
                "sets": ", ".join(map(set_name, answer.sets)),
            }
        elif answer.design == text_design.DIFFERENT:
            yield ", ".join(
                ngettext("“%(name)s” has %(count)s text", "“%(name)s” has %(count)s texts", arm.texts.count())
                % {"name": arm.name, "count": format_number(arm.texts.count())}
                for arm in campaign.arms.prefetch_related("texts")
            )
        else:
            yield gettext("The result is about this text, not about its appeal.")


def _set_option(choice: Any, offered: OfferedSet, names: Sequence[str]) -> SetOption:
    return SetOption(
        choice,
        set_name(offered.key),
        ", ".join(language_name(locale) for locale in sorted(offered.locales)),
        tuple(
            SetText(name, revision.message.frame, revision.message.theme, approved_renditions(revision))
            for name, revision in zip(names, offered.revisions, strict=True)
        ),
    )
