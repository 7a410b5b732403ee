"""Start a new campaign: from nothing, from the design of published trials, or from an earlier campaign."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.lifecycle.clone import clone_campaign
from campaign.models import Campaign
from campaign.wizard import answers
from campaign.wizard.designs import DESIGNS, start_from_design
from campaign.wizard.presets import Text
from campaign.wizard.questions import QUESTIONS, HypothesisAnswer
from campaign.wizard.questions.hypothesis import HypothesisForm

NOTHING, EARLIER = "", "earlier"
_STATE_NAMES = dict(Campaign.State.choices)


class _EarlierField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """Any earlier campaign. The names of states are read once, as a desk has hundreds of campaigns."""

    def label_from_instance(self, obj: Campaign) -> str:
        day = date_format(obj.launched_at or obj.changed_at)
        return f"{obj.name} ({_STATE_NAMES[obj.state]}, {day})"


class StartForm(HypothesisForm):
    """The first question of a new campaign, and what the other answers begin with."""

    start = forms.ChoiceField(
        label=_("What do you want to start from?"), required=False, choices=[], widget=forms.RadioSelect
    )
    earlier = _EarlierField(
        Campaign.objects.none(),
        label=_("Which campaign?"),
        required=False,
        empty_label=_("Choose a campaign"),
        error_messages={"invalid_choice": _("Choose a campaign from the list.")},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, shown=HypothesisAnswer())
        sentence = self.fields["hypothesis"]
        sentence.required = False  # see clean
        may_be_empty = gettext(
            "If you start from a design or a campaign, you can leave this empty and use its sentence."
        )
        sentence.help_text = f"{sentence.help_text} {may_be_empty}"
        trials = Campaign.objects.filter(purpose=Campaign.Purpose.TRIAL).order_by("-pk")
        earlier = self.fields["earlier"]
        assert isinstance(earlier, forms.ModelChoiceField)
        earlier.queryset = trials
        designs = [(design.key, design.name) for design in DESIGNS.values()]
        more = [(EARLIER, _("An earlier campaign"))] if trials.exists() else []
        self.set_choices("start", [(NOTHING, _("Nothing: I answer each question")), *designs, *more])

    def options(self) -> list[tuple[Any, Text, str, list[str]]]:
        """Return the choices, each with what it means, its source, and the appeals without an approved text."""
        about: dict[str, tuple[Text, str, list[str]]] = {
            design.key: (design.about, design.source, list(design.missing())) for design in DESIGNS.values()
        }
        about[NOTHING] = (_("Each question suggests an answer."), "", [])
        about[EARLIER] = (_("Its messages, placements and plan. You can change everything."), "", [])
        return [(choice, *about[str(choice.data["value"])]) for choice in self["start"]]

    def clean(self) -> dict[str, Any]:
        """Ask for the campaign where an earlier one is chosen, and for the sentence where nothing offers one."""
        values = super().clean() or self.cleaned_data
        start, earlier = values.get("start", ""), values.get("earlier")
        if start == EARLIER and earlier is None and "earlier" not in self.errors:
            self.add_error("earlier", _("Choose a campaign from the list."))
        if not values.get("hypothesis") and "hypothesis" not in self.errors:
            offered = earlier.hypothesis if start == EARLIER and earlier else ""
            offered = str(DESIGNS[start].hypothesis) if start in DESIGNS else offered
            values["hypothesis"] = offered
            if not offered:
                self.add_error("hypothesis", self.fields["hypothesis"].error_messages["required"])
        return values

    def answer(self) -> HypothesisAnswer:
        return HypothesisAnswer(self.cleaned_data["name"], self.cleaned_data["hypothesis"])


@transaction.atomic
def start_draft(form: StartForm, *, by: User) -> Campaign:
    """Create the draft that a valid form asks for."""
    start = form.cleaned_data["start"]
    if start == EARLIER:
        first = QUESTIONS[0]
        copy = clone_campaign(form.cleaned_data["earlier"], by=by)
        return answers.save_answer(copy, first, form.answer(), seen_digest=first.read(copy).digest(), by=by)
    draft = answers.create_draft(form.answer(), by=by)
    return start_from_design(draft, start, by=by) if start else draft
