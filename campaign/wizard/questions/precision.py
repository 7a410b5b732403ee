"""How sure do you want to be? The level, the looks, the correction, and what counts as one unit."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaign.assignment.periods import divides_day
from campaign.i18n.numbers import format_number
from campaign.lifecycle.launch_checks import ObstacleReason, uneven_hours, unfit_washout
from campaign.models import AnalysisPlan, Campaign
from campaign.wizard.draft import DEFAULT_LOOKS, current_plan, ensure_plan
from campaign.wizard.presets import Text
from campaign.wizard.questions.base import Answer, NumberField, Question, QuestionForm, WholeNumberField

Correction, Monitoring = AnalysisPlan.Correction, AnalysisPlan.Monitoring
LEVEL_LABELS: dict[float, Text] = {
    0.9: _("Less sure: out of 100 trials without any difference, at most 10 would claim one"),
    0.95: _("Usual: out of 100 trials without any difference, at most 5 would claim one"),
    0.99: _("Very sure: out of 100 trials without any difference, at most 1 would claim one"),
}
POWER_LABELS: dict[float, Text] = {
    0.8: _("In 80 of 100 trials (usual)"),
    0.9: _("In 90 of 100 trials: needs about a third more people"),
    0.95: _("In 95 of 100 trials: needs about two thirds more people"),
}
MONITORING_LABELS: dict[str, tuple[Text, Text]] = {
    "group-sequential": (
        _("At a few set points"),
        _("Usually four times. The campaign can end early if the difference is large, and needs few extra people."),
    ),
    "fixed": (_("Once, at the end"), _("Needs the fewest people. Nobody sees an estimate before the end.")),
    "always-valid": (_("At any time"), _("Most flexible; may need up to twice as many people.")),
}
UNIT_LABELS: dict[str, tuple[Text, Text]] = {
    "view": (
        _("Each message shown"),
        _("Nothing is stored in the browser. A person who comes back may see another message."),
    ),
    "session": (
        _("Each browser tab"),
        _(
            "A reload shows the same message and is not counted again. The tab stores a note until it is "
            "closed. Read the legal note in the privacy guide first."
        ),
    ),
    "subject": (
        _("Each person, by the partner’s code"),
        _(
            "Only if a partner’s server sends a code that tells us nothing about the person. The same "
            "person always sees the same message."
        ),
    ),
    "period": (
        _("Each period at a placement"),
        _(
            "Choose this if a page can only show one message at a time, such as a cached page, a search "
            "page or a poster. Everyone sees the same message for some hours, a day or a week, and chance "
            "decides the order. It takes whole weeks."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class PrecisionAnswer(Answer):
    level: float
    monitoring: str
    power: float
    correction: str
    looks: tuple[float, ...]  # shares of the planned people
    spending: str
    unit: str
    within: str  # a stratum or a cluster, or neither
    design_effect: float | None = None  # by which it changes the people needed
    period: str = AnalysisPlan.Period.DAY.value
    washout_minutes: int = 60


class PrecisionForm(QuestionForm[PrecisionAnswer]):
    answer_class = PrecisionAnswer

    level = forms.TypedChoiceField(
        label=_("How sure do you want to be?"), coerce=float, choices=[], widget=forms.RadioSelect
    )
    monitoring = forms.ChoiceField(
        label=_("When do you want to look?"),
        choices=[(key, label) for key, (label, _about) in MONITORING_LABELS.items()],
        widget=forms.RadioSelect,
        help_text=_("We watch for harm all the time, whatever you choose here."),
    )
    power = forms.TypedChoiceField(
        label=_("If there is a difference that matters, how often should a trial find it?"),
        coerce=float,
        choices=[],
        widget=forms.RadioSelect,
    )
    looks = forms.CharField(
        label=_("When to look"),
        required=False,
        max_length=200,
        help_text=_("Percentages of the planned people, such as 25, 50, 75, 100. The last one is 100."),
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
            (Correction.HOLM, _("Holm: right for most campaigns")),
            (Correction.BONFERRONI, _("Bonferroni: stricter than necessary")),
            (Correction.BENJAMINI_HOCHBERG, _("Benjamini-Hochberg: allows a share of false findings")),
            (Correction.DUNNETT, _("Dunnett: one control and one look at the end")),
            (Correction.NONE, _("None: each question on its own")),
        ],
        help_text=_("A correction keeps several questions from making a chance finding more likely."),
    )
    within = forms.ChoiceField(
        label=_("Compare"),
        required=False,
        choices=[
            ("", _("All people together")),
            (AnalysisPlan.Strata.PLACEMENT, _("Within each placement, then combined: if placements differ a lot")),
            (
                AnalysisPlan.Clusters.PLACEMENT_DAY,
                _("By placement and day: if people on the same day have much in common"),
            ),
        ],
    )
    design_effect = NumberField(
        label=_("By what factor does this change the number of people needed?"),
        required=False,
        min_value=0.05,
        max_value=100,
        help_text=_(
            "Only if you compare within placements or by day. Look in the results of an earlier campaign "
            "at these placements. If you leave it empty, we assume no change."
        ),
        error_messages={
            "invalid": _("Enter a number, such as 0.8, or leave it empty."),
            "min_value": _("Enter 0.05 or more, or leave it empty."),
            "max_value": _("Enter 100 or less, or leave it empty."),
        },
    )
    unit = forms.ChoiceField(
        label=_("What do we count?"),
        choices=[(key, label) for key, (label, _about) in UNIT_LABELS.items()],
        widget=forms.RadioSelect,
        help_text=_("Chance picks a message each time, and each is counted once."),
    )
    period = forms.ChoiceField(
        label=_("How long does a placement show one message?"),
        required=False,
        choices=[
            *((value, label) for value, label in AnalysisPlan.Period.choices if value in AnalysisPlan.PERIODS_OF_HOURS),
            (AnalysisPlan.Period.DAY, _("For a day, in UTC")),
            (AnalysisPlan.Period.WEEK, _("For a week: seven days from the first full day")),
        ],
        help_text=_(
            "Only if you chose “Each period at a placement”. With hours, a good or a bad day affects all messages "
            "alike, so busy pages tell you more. 2 to 6 hours fit most pages. Choose a day if people often come back "
            "within hours, or if what they read stays with them. A week tells you least."
        ),
    )
    washout_minutes = WholeNumberField(
        label=_("How many minutes at the start of each period should not be counted?"),
        required=False,
        min_value=AnalysisPlan.LEAST_WASHOUT,
        max_value=AnalysisPlan.MOST_WASHOUT,
        help_text=_(
            "Caches and open pages may still show the previous message. If you leave it empty: 10 minutes for periods "
            "of hours, otherwise 60."
        ),
        error_messages={
            "invalid": _("Enter a whole number, such as 10."),
            "min_value": _("Enter 5 or more: caches may hold a message for 5 minutes."),
            "max_value": _("Enter 720 or less, which is 12 hours."),
        },
    )
    explanations = {"monitoring": MONITORING_LABELS, "unit": UNIT_LABELS}
    advanced_fields = (
        *("power", "looks", "spending", "correction", "within", "design_effect"),
        *("unit", "period", "washout_minutes"),
    )

    def __init__(self, data: Any = None, *, shown: PrecisionAnswer, arms: int) -> None:
        super().__init__(data, shown=shown)
        self.arms = arms
        for name, labels in (("level", LEVEL_LABELS), ("power", POWER_LABELS)):
            stored = self.initial[name]
            unusual = {} if stored in labels else {stored: f"{stored * 100:.6g} %"}
            self.set_choices(name, [(str(value), label) for value, label in {**labels, **unusual}.items()])

    def initial_values(self, shown: PrecisionAnswer) -> dict[str, Any]:
        return super().initial_values(shown) | {"looks": ", ".join(f"{share * 100:.10g}" for share in shown.looks)}

    def has_advanced_errors(self) -> bool:
        """Whether the folded part of the page has to be open."""
        return any(self[name].errors for name in self.advanced_fields)

    def clean_looks(self) -> tuple[float, ...]:
        return _parse_looks(self.cleaned_data["looks"])

    def clean(self) -> dict[str, Any]:
        """Replace looks that do not belong to the chosen monitoring by its usual ones."""
        values = super().clean() or self.cleaned_data
        monitoring, looks = values.get("monitoring", ""), values.get("looks")
        if monitoring and looks is not None:
            if looks == self.shown.looks:
                is_kept = monitoring == self.shown.monitoring
            else:
                is_kept = bool(looks) and monitoring != Monitoring.FIXED
            values["looks"] = looks if is_kept else DEFAULT_LOOKS[monitoring]
        if values.get("correction") == Correction.DUNNETT and (monitoring != Monitoring.FIXED or values.get("within")):
            self.add_error(
                "correction",
                _("Dunnett’s correction is for one look at the end, with all people together. Choose Holm’s instead."),
            )
        values["period"] = values.get("period") or AnalysisPlan.Period.DAY.value
        length = AnalysisPlan(period=values["period"])
        values["washout_minutes"] = values.get("washout_minutes") or (10 if length.has_hour_periods else 60)
        if values.get("unit") == Campaign.Unit.PERIOD:
            if monitoring and monitoring != Monitoring.FIXED:
                self.add_error("monitoring", _("If you count each period as one, look once, at the end."))
            if values.get("within"):
                self.add_error("within", _("If you count each period as one, periods are always compared."))
            if length.has_hour_periods and self.arms and not divides_day(length.period_hours, self.arms):
                self.add_error("period", uneven_hours(self.arms))
            length.washout_minutes = values["washout_minutes"]
            if sentence := unfit_washout(length):
                self.add_error("washout_minutes", sentence)
        return values


def _parse_looks(text: str) -> tuple[float, ...]:
    parts = text.replace("%", "").replace(";", ",").replace(" ", ",").split(",")
    try:
        looks = [round(float(part) / 100, 6) for part in parts if part]
    except ValueError:
        raise ValidationError(_("Enter numbers separated by commas, such as 25, 50, 75, 100.")) from None
    rising = all(after - before >= 0.001 for before, after in zip([0.0, *looks], looks, strict=False))
    if looks and not (rising and looks[-1] == 1 and len(looks) <= 50):
        raise ValidationError(_("Each number must be larger than the one before, up to 100."))
    return tuple(looks)


class PrecisionQuestion(Question[PrecisionAnswer, PrecisionForm]):
    key = "sureness"
    title, short_title = _("How sure do you want to be?"), _("Certainty")
    template_name = "campaign/wizard/precision.html"
    form_class = PrecisionForm
    is_required = False
    plan_keys = frozenset(
        {
            "unit",
            "correction",
            "monitoring",
            "looks",
            "spending",
            "strata",
            "clusters",
            "design_effect",
            "periods",
            "level",
            "power",
        }
    )
    registration_rows = frozenset(
        {"description", "randomization", "rationale", "size", "stopping", "models", "inference", "missing"}
    )
    obstacles = {
        ObstacleReason.LOOKS_NOT_RISING: _("Enter when you will look. The last point is the end."),
        ObstacleReason.STRATA_AND_CLUSTERS: _("Compare within placements or by day, not both."),
        ObstacleReason.PERIODS: _(
            "If you count each period as one, use equal shares, yes/no outcomes and one look at the end. Periods of "
            "hours must divide a day evenly among the messages."
        ),
        ObstacleReason.DUNNETT: _("Dunnett’s correction does not fit this plan. Choose Holm’s."),
    }

    def read(self, campaign: Campaign) -> PrecisionAnswer:
        plan = current_plan(campaign)
        return PrecisionAnswer(
            level=plan.level,
            monitoring=str(plan.monitoring),
            power=plan.power,
            correction=str(plan.correction),
            looks=tuple(plan.looks),
            spending=str(plan.spending),
            unit=campaign.unit,
            within=str(plan.strata or ("" if plan.period else plan.clusters)),
            design_effect=plan.design_effect,
            period=str(plan.period or AnalysisPlan.Period.DAY),
            washout_minutes=plan.washout_minutes,
        )

    def write(self, campaign: Campaign, answer: PrecisionAnswer, *, by: User) -> None:
        plan = ensure_plan(campaign)
        for name in ("level", "monitoring", "power", "correction", "spending"):
            setattr(plan, name, getattr(answer, name))
        plan.looks = list(answer.looks)
        plan.strata = answer.within if answer.within in AnalysisPlan.Strata.values else ""
        is_by_period = answer.unit == Campaign.Unit.PERIOD
        within = AnalysisPlan.Clusters.PERIOD.value if is_by_period else answer.within
        plan.clusters = within if within in AnalysisPlan.Clusters.values else ""
        plan.design_effect = answer.design_effect if within else None
        plan.period, plan.washout_minutes = answer.period if is_by_period else "", answer.washout_minutes
        plan.save()
        campaign.unit = answer.unit

    def is_answered(self, campaign: Campaign) -> bool:
        """Whether somebody has passed this question, which has an answer from the beginning."""
        return current_plan(campaign).planned_per_arm > 0

    def build_form(self, campaign: Campaign, shown: PrecisionAnswer, data: Any = None) -> PrecisionForm:
        return PrecisionForm(data, shown=shown, arms=campaign.arms.count())

    def context(self, campaign: Campaign, form: PrecisionForm) -> dict[str, Any]:
        return {
            "monitoring_options": form.choices_with_explanations("monitoring"),
            "unit_options": form.choices_with_explanations("unit"),
        }

    def summarize(self, campaign: Campaign, answer: PrecisionAnswer) -> Iterable[str]:
        label = LEVEL_LABELS.get(answer.level)
        yield str(label or gettext("Intervals of %(level)s %%.") % {"level": format_number(answer.level * 100)})
        line = gettext("Looks: %(when)s.") % {"when": str(MONITORING_LABELS[answer.monitoring][0]).lower()}
        if answer.monitoring == Monitoring.GROUP_SEQUENTIAL:
            looks = ", ".join(format_number(round(look * 100, 4)) for look in answer.looks)
            line += " " + gettext("At %(looks)s percent of the people.") % {"looks": looks}
        yield line
        if answer.within and answer.design_effect:
            values = {"factor": format_number(answer.design_effect)}
            yield gettext("Comparing by placement multiplies the people needed by %(factor)s.") % values
        if answer.unit == Campaign.Unit.PERIOD:
            plan = AnalysisPlan(period=answer.period)
            hours = ngettext(
                "A placement shows one message for %(number)s hour.",
                "A placement shows one message for %(number)s hours.",
                plan.period_hours,
            ) % {"number": format_number(plan.period_hours)}
            length = {
                "day": gettext("A placement shows one message for a whole day."),
                "week": gettext("A placement shows one message for a whole week."),
            }.get(answer.period, hours)
            line = ngettext(
                "The first minute of each period is not counted.",
                "The first %(number)s minutes of each period are not counted.",
                answer.washout_minutes,
            )
            yield f"{length} {line % {'number': format_number(answer.washout_minutes)}}"
        yield gettext("We count: %(unit)s.") % {"unit": str(UNIT_LABELS[answer.unit][0]).lower()}
