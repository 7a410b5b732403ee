"""The forms of the wizard, one for each question. An error stands beside its field, and what was typed is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.models import AnalysisPlan, Campaign, Placement
from campaign.outcomes import OUTCOMES
from campaign.wizard import wording
from campaign.wizard.answers import DEFAULT_LOOKS, DIRECTIONAL_OUTCOMES, GUARDRAIL_OUTCOMES, Answer
from campaign.wizard.questions import PRESETS
from messages import public_http
from messages.roles import ADMINISTRATOR, STAFF_ROLES

MAX_PER_DAY, MAX_PEOPLE, MAX_YEARS = 100_000_000, 100_000_000, 50
Correction, Monitoring = AnalysisPlan.Correction, AnalysisPlan.Monitoring


class NumberField(forms.FloatField):
    """A number as people write it: with a point or a comma."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "short"})

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.strip().replace(",", ".") if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:.10g}" if isinstance(value, float) else value


class WholeNumberField(forms.IntegerField):
    """A whole number, with or without marks between its thousands."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "short"})

    def to_python(self, value: Any) -> Any:
        kept = value.translate(str.maketrans("", "", "., \u00a0\u202f’'")) if isinstance(value, str) else value
        return super().to_python(kept)


class QuestionForm(forms.Form):
    """What all of them share: they know the draft, and pair each choice with its explanation."""

    explanations: Mapping[str, Mapping[str, tuple[Any, Any]]] = {}

    def __init__(self, data: Any = None, *, campaign: Campaign | None, initial: Answer) -> None:
        super().__init__(data, initial=initial, label_suffix="")
        self.campaign = campaign

    def choices_with_explanations(self, name: str) -> list[tuple[Any, Any]]:
        """The choices of a field, each with what it means."""
        about = self.explanations[name]
        return [(choice, about[str(choice.data["value"])][1]) for choice in self[name]]

    def answer(self) -> Answer:
        """What is stored."""
        return dict(self.cleaned_data)


class HypothesisForm(QuestionForm):
    name = forms.CharField(
        label=_("A name for the campaign"),
        max_length=160,
        help_text=_("For you and your colleagues, such as “Schools week, spring”. Visitors never see it."),
        error_messages={"required": _("Give it a name: any will do, and you can change it later.")},
    )
    hypothesis = forms.CharField(
        label=_("What do you expect to find?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "One sentence, written before anybody is counted, such as: “People who read what it does to the person "
            "shown turn back more often than people who read a neutral text.”"
        ),
        error_messages={"required": _("Write one sentence. It may turn out wrong: that is what the campaign is for.")},
    )


class CompareForm(QuestionForm):
    preset = forms.ChoiceField(
        label=_("Which messages do you want to compare?"),
        choices=[(preset.key, preset.name) for preset in PRESETS.values()],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one.")},
    )
    explanations = {"preset": {preset.key: (preset.name, preset.explanation) for preset in PRESETS.values()}}


class ArmsForm(QuestionForm):
    """A name and a share for each arm, and which of them is the control."""

    control = forms.ChoiceField(
        label=_("Which one are the others compared with?"),
        widget=forms.RadioSelect,
        help_text=_("Usually the neutral text. It cannot be paused alone."),
        error_messages={"required": _("Choose one.")},
    )

    def __init__(self, data: Any = None, *, campaign: Campaign | None, initial: Answer) -> None:
        super().__init__(data, campaign=campaign, initial=initial)
        self.arm_keys = [name.removeprefix("name_") for name in initial if name.startswith("name_")]
        for key in self.arm_keys:
            self.fields[f"name_{key}"] = forms.CharField(
                label=_("Name"),
                max_length=80,
                error_messages={"required": _("Give it a name: the results will use it.")},
            )
            self.fields[f"share_{key}"] = WholeNumberField(
                label=_("Share"),
                min_value=1,
                max_value=1_000_000,
                error_messages={
                    "required": _("Say how often it is shown beside the others, such as 1."),
                    "invalid": _("Use a whole number, such as 1."),
                    "min_value": _("Use 1 or more, or remove the message."),
                },
            )
        _choices(self.fields["control"], [(key, initial[f"name_{key}"]) for key in self.arm_keys])

    def arm_fields(self) -> Iterable[tuple[str, BoundField, BoundField]]:
        return [(key, self[f"name_{key}"], self[f"share_{key}"]) for key in self.arm_keys]


class PlacementsForm(QuestionForm):
    places = forms.MultipleChoiceField(
        label=_("Where should they appear?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one place.")},
    )

    def __init__(self, data: Any = None, *, campaign: Campaign | None, initial: Answer) -> None:
        super().__init__(data, campaign=campaign, initial=initial)
        self.placements = list(Placement.objects.select_related("partner"))
        _choices(self.fields["places"], [(str(p.pk), p.name) for p in self.placements])
        for placement in self.placements:
            self.fields[f"per_day_{placement.pk}"] = WholeNumberField(
                label=_("Messages a day"),
                required=False,
                min_value=0,
                max_value=MAX_PER_DAY,
                error_messages={"invalid": _("Use a whole number, such as 400, or leave it empty.")},
            )

    def rows(self) -> list[tuple[Placement, bool, Any, list[str]]]:
        """Each place: whether it is ticked, its number, and what is wrong with that. Widgets would take ten times as
        long where there are hundreds."""
        ticked = {str(key) for key in self["places"].value() or ()}
        names = [f"per_day_{placement.pk}" for placement in self.placements]
        return [
            (placement, str(placement.pk) in ticked, self[name].value(), [str(error) for error in self[name].errors])
            for placement, name in zip(self.placements, names, strict=True)
        ]


class OutcomesForm(QuestionForm):
    primary = forms.ChoiceField(
        label=_("What would show that a message works?"),
        choices=[
            (key, wording.SUCCESS_LABELS[key][0]) for key in wording.SUCCESS_LABELS if key in DIRECTIONAL_OUTCOMES
        ],
        widget=forms.RadioSelect,
        help_text=_("One thing, chosen before anybody is counted. It decides the verdict."),
        error_messages={"required": _("Choose one: several would let luck decide.")},
    )
    secondary = forms.MultipleChoiceField(
        label=_("What else would you like to know?"),
        choices=[],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("As many as you like, or none. They are shown, and decide nothing."),
    )
    explanations = {"primary": wording.SUCCESS_LABELS}

    def __init__(
        self, data: Any = None, *, campaign: Campaign | None, initial: Answer, watched: Collection[str] = ()
    ) -> None:
        super().__init__(data, campaign=campaign, initial=initial)
        left = [
            (key, told[0])
            for key, told in wording.SUCCESS_LABELS.items()
            if key in DIRECTIONAL_OUTCOMES and key not in watched
        ]
        _choices(self.fields["secondary"], left)

    def clean(self) -> Answer:
        said = super().clean() or self.cleaned_data
        said["secondary"] = [key for key in said.get("secondary", []) if key != said.get("primary")]
        return said


class GuardrailsForm(QuestionForm):
    """Each worry with its margin; what counts as working is no worry."""

    def __init__(self, data: Any = None, *, campaign: Campaign | None, initial: Answer, primary: str = "") -> None:
        super().__init__(data, campaign=campaign, initial=initial)
        self.outcome_keys = [key for key in wording.HARM_LABELS if key in GUARDRAIL_OUTCOMES and key != primary]
        for key in self.outcome_keys:
            self.fields[f"watch_{key}"] = forms.BooleanField(label=wording.HARM_LABELS[key], required=False)
            self.fields[f"margin_{key}"] = NumberField(
                label=_("Paused if worse by more than"),
                required=False,
                min_value=0,
                max_value=99,
                error_messages={
                    "invalid": _("Use a number, such as 5."),
                    "min_value": _("Use a number above 0."),
                    "max_value": _("Use a number below 100: so many people of 100."),
                },
            )

    def rows(self) -> list[tuple[BoundField, BoundField]]:
        return [(self[f"watch_{key}"], self[f"margin_{key}"]) for key in self.outcome_keys]

    def clean(self) -> Answer:
        said = super().clean() or self.cleaned_data
        for key in self.outcome_keys:
            margin = said.get(f"margin_{key}")
            if margin == 0:
                self.add_error(f"margin_{key}", _("Use a number above 0."))
            if margin is not None and not said.get(f"watch_{key}"):
                self.add_error(f"margin_{key}", _("Tick it as well, or clear the number."))
        return said


class PrecisionForm(QuestionForm):
    level = forms.TypedChoiceField(
        label=_("How sure do you want to be?"), coerce=float, choices=[], widget=forms.RadioSelect
    )
    monitoring = forms.ChoiceField(
        label=_("When do you want to look?"),
        choices=[(key, told[0]) for key, told in wording.MONITORING_LABELS.items()],
        widget=forms.RadioSelect,
        help_text=_("Harm is watched all the time, whatever you choose here."),
    )
    power = forms.TypedChoiceField(
        label=_("If there is a difference that matters, how often should such a trial find it?"),
        coerce=float,
        choices=[],
        widget=forms.RadioSelect,
    )
    looks = forms.CharField(
        label=_("The points at which to look"),
        required=False,
        max_length=200,
        help_text=_("As percent of the planned people, such as 25, 50, 75, 100. The last is 100."),
    )
    spending = forms.ChoiceField(
        label=_("How strict the early looks are"),
        choices=[
            (AnalysisPlan.Spending.OBRIEN_FLEMING, _("Very strict at first (O’Brien-Fleming)")),
            (AnalysisPlan.Spending.POCOCK, _("Equally strict at each look (Pocock)")),
        ],
        widget=forms.RadioSelect,
    )
    correction = forms.ChoiceField(
        label=_("Several questions at once"),
        choices=[
            (Correction.HOLM, _("Holm: for nearly everybody")),
            (Correction.BONFERRONI, _("Bonferroni: stricter than it has to be")),
            (Correction.BENJAMINI_HOCHBERG, _("Benjamini-Hochberg: lets a share of false claims through")),
            (Correction.DUNNETT, _("Dunnett: one control, one look at the end")),
            (Correction.NONE, _("None: each question for itself")),
        ],
        help_text=_("Asking several questions at once must not make a lucky answer likelier."),
    )
    within = forms.ChoiceField(
        label=_("Compare"),
        required=False,
        choices=[
            ("", _("Everybody together")),
            (AnalysisPlan.Strata.PLACEMENT, _("Within each place, then added up: where places differ a lot")),
            (AnalysisPlan.Clusters.PLACEMENT_DAY, _("By place and day: where people of one day have much in common")),
        ],
    )
    unit = forms.ChoiceField(
        label=_("What counts as one"),
        choices=[(key, told[0]) for key, told in wording.UNIT_LABELS.items()],
        widget=forms.RadioSelect,
        help_text=_("Chance picks a message anew for each of them, and each is counted once."),
    )
    explanations = {"monitoring": wording.MONITORING_LABELS, "unit": wording.UNIT_LABELS}
    advanced_fields = ("power", "looks", "spending", "correction", "within", "unit")

    def __init__(self, data: Any = None, *, campaign: Campaign | None, initial: Answer) -> None:
        stored = {**initial, "looks": ", ".join(f"{share * 100:.10g}" for share in initial["looks"])}
        super().__init__(data, campaign=campaign, initial=stored)
        self.stored = initial
        for name, known in (("level", wording.LEVEL_LABELS), ("power", wording.POWER_LABELS)):
            odd = {} if initial[name] in known else {initial[name]: f"{initial[name] * 100:.6g} %"}
            _choices(self.fields[name], [(str(key), told) for key, told in {**known, **odd}.items()])

    def has_advanced_errors(self) -> bool:
        """What is wrong, or unusual, does not stand behind a fold."""
        return any(self[name].errors for name in self.advanced_fields)

    def clean_looks(self) -> list[float]:
        return _looks(self.cleaned_data["looks"])

    def clean(self) -> Answer:
        said = super().clean() or self.cleaned_data
        monitoring, looks = said.get("monitoring", ""), said.get("looks")
        if monitoring and looks is not None:
            untouched, as_before = looks == self.stored["looks"], monitoring == self.stored["monitoring"]
            of_ones_own = looks and monitoring != Monitoring.FIXED and not untouched
            said["looks"] = looks if of_ones_own or (untouched and as_before) else DEFAULT_LOOKS[monitoring]
        if said.get("correction") == Correction.DUNNETT and (monitoring != Monitoring.FIXED or said.get("within")):
            self.add_error(
                "correction", _("Dunnett’s is for one look at the end, with everybody together. Choose Holm’s instead.")
            )
        return said


def _looks(text: str) -> list[float]:
    parts = text.replace("%", "").replace(";", ",").replace(" ", ",").split(",")
    try:
        looks = [round(float(part) / 100, 6) for part in parts if part]
    except ValueError:
        raise ValidationError(_("Use numbers with commas between them, such as 25, 50, 75, 100.")) from None
    rising = all(after - before >= 0.001 for before, after in zip([0.0, *looks], looks, strict=False))
    if looks and not (rising and looks[-1] == 1 and len(looks) <= 50):
        raise ValidationError(_("They rise to 100, each larger than the one before."))
    return looks


class SampleSizeForm(QuestionForm):
    expected = NumberField(
        label=_("Of 100 people who see the control, how many do you expect to do it?"),
        min_value=0.1,
        max_value=99.9,
        help_text=_(
            "An earlier campaign or the partner may know. If nobody does, write 50: that errs on the safe side."
        ),
        error_messages={
            "required": _("Make a guess, such as 30: without one nobody can say how long it takes."),
            "invalid": _("Use a number, such as 30."),
            "min_value": _("Use a number above 0."),
            "max_value": _("Use a number below 100."),
        },
    )
    smallest = NumberField(
        label=_("How many more or fewer of 100 would change what you do?"),
        min_value=0.1,
        max_value=50,
        help_text=_("The smallest difference worth acting on. The smaller it is, the more people it takes."),
        error_messages={
            "required": _("Say from which difference on you would act, such as 5."),
            "invalid": _("Use a number, such as 5."),
            "min_value": _("Use 0.1 or more: less cannot be told apart."),
            "max_value": _("Use 50 or less."),
        },
    )
    planned = WholeNumberField(
        label=_("How many people should see each message?"),
        required=False,
        min_value=1,
        max_value=MAX_PEOPLE,
        help_text=_("Leave it empty to take the number that is worked out below."),
        error_messages={"invalid": _("Use a whole number, such as 1500, or leave it empty.")},
    )
    starts = forms.DateField(
        label=_("First day"),
        required=False,
        widget=forms.DateInput(attrs={"class": "short", "autocomplete": "off"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
        help_text=_("Such as 2027-03-01. Empty: as soon as it is launched."),
        error_messages={"invalid": _("Use a date, such as 2027-03-01.")},
    )
    ends = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"class": "short", "autocomplete": "off"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
        help_text=_("Empty: until somebody closes it. Days count by the server’s clock (UTC)."),
        error_messages={"invalid": _("Use a date, such as 2027-03-01.")},
    )

    def __init__(
        self,
        data: Any = None,
        *,
        campaign: Campaign | None,
        initial: Answer,
        today: date,
        primary: str = "",
        control: str = "",
    ) -> None:
        super().__init__(data, campaign=campaign, initial=initial)
        self.stored, self.today = initial, today
        if primary in wording.OUTCOME_VERBS and control:
            asked = _("Of 100 people who see “%(control)s”, how many do you expect to %(do)s?")
            self.fields["expected"].label = asked % {"control": control, "do": wording.OUTCOME_VERBS[primary]}
        if primary and OUTCOMES[primary].kind != "yes-no":  # of a rating nobody can say how many of 100 do it
            del self.fields["expected"]
            self.fields["smallest"].label = _("How many of 100 answers would have to be better to change what you do?")

    def answer(self) -> Answer:
        return {"expected": None, **self.cleaned_data}

    def has_dates(self) -> bool:
        return any(self[name].errors or self[name].value() for name in ("starts", "ends"))

    def clean(self) -> Answer:
        said = super().clean() or self.cleaned_data
        expected, smallest = said.get("expected"), said.get("smallest")
        if expected and smallest and expected + smallest > 100 and expected - smallest < 0:
            self.add_error("smallest", _("From there nobody can differ by so many: choose a smaller number."))
        starts, ends = said.get("starts"), said.get("ends")
        for name in ("starts", "ends"):
            if (day := said.get(name)) and day.year > self.today.year + MAX_YEARS:
                self.add_error(name, _("Use a date, such as 2027-03-01."))
        if starts and starts != self.stored["starts"] and starts < self.today:
            self.add_error("starts", _("That day is past. Choose today or a later day, or leave it empty."))
        if ends and ends < max(starts or self.today, self.today) and (starts or ends != self.stored["ends"]):
            self.add_error("ends", _("The last day lies before the first, or is past."))
        return said


class EthicsForm(QuestionForm):
    ethics_reference = forms.CharField(
        label=_("Who agreed, and their reference"),
        max_length=200,
        required=False,
        help_text=_("An ethics board or whoever decides at your organisation, such as “Example board, 2027-17”."),
    )
    ethics_exemption = forms.CharField(
        label=_("Or: why nobody has to agree"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Such as “Our board exempts trials in which nobody is identified (decision of May 2026)”. It stands in the "
            "plan for everybody to read."
        ),
    )

    def clean(self) -> Answer:
        said = super().clean() or self.cleaned_data
        if not (said.get("ethics_reference") or said.get("ethics_exemption")) and not self.errors:
            self.add_error("ethics_reference", _("Fill in one of the two: people take part who were not asked."))
        return said


class RecipientsForm(QuestionForm):
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
        help_text=_("For an alarm system that you have already. It begins with https://. Most leave it empty."),
        error_messages={"invalid": _("This is not an address, such as https://alarm.example/.")},
    )

    def __init__(self, data: Any = None, *, campaign: Campaign | None, initial: Answer) -> None:
        super().__init__(data, campaign=campaign, initial=initial)
        self.people = list(selectable_recipients(initial["told"]))
        _choices(self.fields["told"], [(str(person.pk), person.get_username()) for person in self.people])

    def rows(self) -> list[tuple[User, Any]]:
        return list(zip(self.people, self["told"], strict=True))

    def clean_webhook(self) -> str:
        address: str = self.cleaned_data["webhook"]
        if address and not public_http.is_site_url(address):
            raise ValidationError(_("Use an address that begins with https:// and the name of a site, no password."))
        return address


def selectable_recipients(also: Iterable[str] = ()) -> Iterable[User]:
    """Everybody with an account and a role, and whoever is chosen already."""
    active = User.objects.filter(is_active=True)
    held = active.filter(groups__name__in=(*STAFF_ROLES, ADMINISTRATOR)) | active.filter(is_superuser=True)
    return (held | User.objects.filter(pk__in=list(also))).distinct().order_by("username")


def _choices(field: forms.Field, choices: list[Any]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def something_is_wrong() -> str:
    """What stands above a form that was not stored."""
    return gettext("Not saved yet. Please look at what is marked below; nothing you typed is lost.")
