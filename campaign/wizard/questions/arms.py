"""Which words stand for each? The arms: their names, shares, approved words, and the control."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.forms import BoundField
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaign.i18n.numbers import format_rounded_per_hundred
from campaign.lifecycle.launch_checks import ObstacleReason, approved_locales, common_locales, launch_remarks
from campaign.models import AnalysisPlan, Arm, Campaign
from campaign.wizard import arms, text_design
from campaign.wizard.draft import current_plan
from campaign.wizard.matched_sets import set_name
from campaign.wizard.presets import preset_of
from campaign.wizard.questions.base import Answer, Question, QuestionForm, WholeNumberField
from campaign.wizard.revision_choice import ApprovedRendition, approved_renditions
from messages.i18n.languages import has_buttons, language_name
from messages.models import Revision, Theme
from messages.review import message_lint
from messages.text.lint import Remark


@dataclass(frozen=True, slots=True)
class ArmAnswer:
    key: str
    name: str
    weight: int
    revision_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ArmsAnswer(Answer):
    arms: tuple[ArmAnswer, ...]
    control: str  # its key


@dataclass(frozen=True, slots=True)
class ArmTextRow:
    """One text of an arm with its approved words; in matched sets, the key of its set."""

    theme: Theme
    set_name: str
    renditions: tuple[ApprovedRendition, ...]


@dataclass(frozen=True, slots=True)
class ArmFieldsRow:
    """One arm with its fields and its texts."""

    arm: Arm
    name: BoundField
    share: BoundField
    texts: tuple[ArmTextRow, ...]


class ArmsForm(QuestionForm[ArmsAnswer]):
    """A name and a share for each arm, and which of them is the control."""

    control = forms.ChoiceField(
        label=_("Which message is the control?"),
        widget=forms.RadioSelect,
        help_text=_("Usually the neutral text. It cannot be paused on its own."),
        error_messages={"required": _("Choose one.")},
    )

    def __init__(self, data: Any = None, *, shown: ArmsAnswer) -> None:
        super().__init__(data, shown=shown)
        for arm in shown.arms:
            self.fields[f"name_{arm.key}"] = forms.CharField(
                label=_("Name"), max_length=80, error_messages={"required": _("Enter a name. The results will use it.")}
            )
            self.fields[f"share_{arm.key}"] = WholeNumberField(
                label=_("Share"),
                min_value=1,
                max_value=1_000_000,
                error_messages={
                    "required": _("Enter how often it is shown compared with the others, such as 1."),
                    "invalid": _("Enter a whole number, such as 1."),
                    "min_value": _("Enter 1 or more, or remove the message."),
                },
            )
        self.set_choices("control", [(arm.key, arm.name) for arm in shown.arms])

    def initial_values(self, shown: ArmsAnswer) -> dict[str, Any]:
        names = {f"name_{arm.key}": arm.name for arm in shown.arms}
        return {"control": shown.control, **names, **{f"share_{arm.key}": arm.weight for arm in shown.arms}}

    def answer(self) -> ArmsAnswer:
        typed = self.cleaned_data
        arms = (
            replace(arm, name=typed[f"name_{arm.key}"], weight=typed[f"share_{arm.key}"]) for arm in self.shown.arms
        )
        return ArmsAnswer(tuple(arms), control=typed["control"])


class ArmsQuestion(Question[ArmsAnswer, ArmsForm]):
    key = "words"
    title, short_title = _("Choose the text for each message"), _("Texts")
    template_name = "campaign/wizard/arms.html"
    form_class = ArmsForm
    is_required = True
    plan_keys = frozenset({"arms", "comparisons"})
    registration_rows = frozenset({"hypotheses", "design", "size", "models", "manipulated"})
    obstacles = {
        ObstacleReason.NO_CONTROL: _("Choose which message is the control."),
        ObstacleReason.NO_WEIGHT: _("At least one message needs a share above zero."),
        ObstacleReason.ONE_TEXT: _("“%(name)s” has one text. Choose at least one more."),
        ObstacleReason.UNAPPROVED: _("The text of “%(name)s” is not approved."),
        ObstacleReason.MIXED_FRAMES: _(
            "The texts of “%(name)s” have different appeals. Choose texts with the same appeal."
        ),
        ObstacleReason.STOPPED: _("The message of “%(name)s” is stopped everywhere. Choose another text."),
        ObstacleReason.NO_LANGUAGE: _("There is no language in which the texts of all messages are approved."),
        ObstacleReason.UNKNOWN_COMPARISONS: _("Check the messages again: the comparison has changed."),
    }

    def read(self, campaign: Campaign) -> ArmsAnswer:
        stored = list(campaign.arms.prefetch_related("texts"))
        return ArmsAnswer(
            tuple(
                ArmAnswer(arm.key, arm.name, arm.weight, tuple(text.revision_id for text in arm.texts.all()))
                for arm in stored
            ),
            control=next((arm.key for arm in stored if arm.is_control), ""),
        )

    def write(self, campaign: Campaign, answer: ArmsAnswer, *, by: User) -> None:
        previous = arms.arm_keys(campaign)
        campaign.arms.update(is_control=False)  # a constraint allows one control at a time
        for arm in sorted(answer.arms, key=lambda arm: arm.key == answer.control):
            campaign.arms.filter(key=arm.key).update(
                name=arm.name, weight=arm.weight, is_control=arm.key == answer.control
            )
        arms.update_comparisons(campaign, previous=previous)

    def is_answered(self, campaign: Campaign) -> bool:
        return campaign.arms.count() >= 2

    def context(self, campaign: Campaign, form: ArmsForm) -> dict[str, Any]:
        stored = campaign.arms.prefetch_related(
            "texts__revision__message__theme", "texts__revision__renditions__revision__message"
        )
        by_key = {arm.key: arm for arm in stored}
        locales = approved_locales(by_key.values())
        design = str(current_plan(campaign).texts)
        return {
            "arms": [
                ArmFieldsRow(
                    by_key[arm.key],
                    form[f"name_{arm.key}"],
                    form[f"share_{arm.key}"],
                    tuple(_text_row(text.revision, design) for text in by_key[arm.key].texts.all()),
                )
                for arm in form.shown.arms
                if arm.key in by_key
            ],
            "unlike": _remarks_on_differences(by_key.values()),
            "design": design,
            "to_check": launch_remarks(campaign),
            "unready": [arm.name for arm, own in zip(by_key.values(), locales, strict=True) if not own],
            "no_language": not (locales and set.intersection(*locales)),
            "own": preset_of(list(by_key)) == "own",
        }

    def follow_up(self, campaign: Campaign, action: str, *, by: User) -> str:
        """Add an arm, remove one, or go to the page where its words, or the sets of all, are chosen."""
        verb, _colon, key = action.partition(":")
        if verb == "add":
            key = arms.add_arm(campaign, by=by).key
        elif verb == "remove":
            arms.remove_arm(campaign, key, by=by)
            return reverse("campaign:plan-step", args=[campaign.slug, self.key])
        elif verb == "sets":
            return reverse("campaign:plan-step", args=[campaign.slug, "texts"])
        elif verb != "choose" or not campaign.arms.filter(key=key).exists():
            return ""
        if current_plan(campaign).texts == text_design.MATCHED:
            return reverse("campaign:plan-step", args=[campaign.slug, self.key])
        return reverse("campaign:plan-words", args=[campaign.slug, key])

    def reminder(self, campaign: Campaign) -> str:
        """Name the languages whose buttons are not translated: a text can be imported in any language."""
        names = [language_name(locale) for locale in common_locales(campaign) if not has_buttons(locale)]
        sentence = gettext(
            "The buttons around the message are not translated into %(languages)s. People who read it there see "
            "English buttons. Ask whoever runs this site to add the translation first."
        )
        return sentence % {"languages": ", ".join(names)} if names else ""

    def summarize(self, campaign: Campaign, answer: ArmsAnswer) -> Iterable[str]:
        stored = list(campaign.arms.with_texts().prefetch_related("texts__revision__renditions"))
        weights = [arm.weight for arm in stored]
        for arm in stored:
            if not arm.has_texts:
                continue
            revision = arm.first_revision
            words = min(revision.renditions.all(), key=lambda one: (one.locale != "en", one.locale), default=None)
            facts = {"name": arm.name, "headline": words.headline if words else "–", "number": revision.number}
            line = gettext("%(name)s: “%(headline)s” (version %(number)s)") % facts
            if more := len(arm.texts.all()) - 1:
                line += ngettext(" and %(count)s more text", " and %(count)s more texts", more) % {"count": more}
            if arm.is_control:
                line += gettext(", the control")
            if len(set(weights)) > 1:
                share = format_rounded_per_hundred(arm.weight / sum(weights))
                line += gettext(", %(share)s of the people") % {"share": share}
            yield line
        if len(set(weights)) == 1:
            yield gettext("Each is shown equally often.")
        plan = AnalysisPlan.objects.filter(campaign=campaign).first()
        names = {arm.key: arm.name for arm in stored}
        pairs = [
            gettext("%(one)s and %(other)s") % {"one": names[pair.treated], "other": names[pair.control]}
            for pair in (plan.pairs if plan else [])
            if {*pair} <= set(names)
        ]
        if pairs:
            yield gettext("Comparisons: %(pairs)s.") % {"pairs": "; ".join(pairs)}


def _text_row(revision: Revision, design: str) -> ArmTextRow:
    name = set_name(revision.message.matched_set) if design == text_design.MATCHED else ""
    return ArmTextRow(revision.message.theme, name, approved_renditions(revision))


def _remarks_on_differences(arms: Collection[Arm]) -> dict[str, tuple[Remark, ...]]:
    """Remarks on how comparable the texts at each place are, by language, each once."""
    texts = {arm.name: [text.revision for text in arm.texts.all()] for arm in arms}
    remarks: dict[str, tuple[Remark, ...]] = {}
    for number in range(max(map(len, texts.values()), default=0)):
        at_place = {name: own[number] for name, own in texts.items() if number < len(own)}
        for locale, found in message_lint.lint_arm_revisions(at_place).items():
            remarks[locale] = tuple(dict.fromkeys((*remarks.get(locale, ()), *found)))
    return remarks
