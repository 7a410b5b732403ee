"""How long should it run? The expected rate, the smallest difference of interest, the sample size and the dates."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.assignment.slots import SLOTS
from campaign.i18n.numbers import format_number, format_people_by_arm, format_per_hundred
from campaign.lifecycle.launch_checks import ObstacleReason
from campaign.models import AnalysisPlan, Campaign
from campaign.outcomes import OUTCOMES
from campaign.planned_people import mean_per_arm, planned_people
from campaign.wizard import sample_size
from campaign.wizard.draft import current_plan, ensure_plan
from campaign.wizard.past_rate import describe_past_rate, past_rate
from campaign.wizard.period_weeks import describe_weeks, weeks_needed
from campaign.wizard.plan_size import DEFAULT_SPREAD, sample_size_inputs
from campaign.wizard.planned_outcomes import OUTCOME_VERBS, primary_outcome
from campaign.wizard.questions import base
from campaign.wizard.sample_size_text import describe_sample_size, end_date_warning, format_duration
from campaign.wizard.texts_in_words import SPREAD_LABELS, describe_spread, describe_texts, describe_too_few_texts

MAX_PEOPLE, MAX_YEARS = 100_000_000, 50
_DEFAULT_SPREAD = DEFAULT_SPREAD * 100  # of 100


@dataclass(frozen=True, slots=True)
class SampleSizeAnswer(base.Answer):
    expected: float | None  # people out of 100, after the control
    smallest: float  # difference in people out of 100; 0 while it is not entered
    planned: int | None  # people in all
    spread: float | None  # by how many of 100 texts may differ, where arms have several
    starts: date | None
    ends: date | None  # the last day
    weeks: int | None = None  # of periods, where a place shows one message at a time


class SampleSizeForm(base.QuestionForm[SampleSizeAnswer]):
    expected = base.NumberField(
        label=_("Out of 100 people who see the control, how many do you expect to do it?"),
        min_value=0.1,
        max_value=99.9,
        help_text=_("An earlier campaign or the partner may know. If nobody does, enter 50, which is the safe choice."),
        error_messages={
            "required": _("Make a guess, such as 30. Without one, we cannot say how long it takes."),
            "invalid": _("Enter a number, such as 30."),
            "min_value": _("Enter a number above 0."),
            "max_value": _("Enter a number below 100."),
        },
    )
    smallest = base.NumberField(
        label=_("How many more or fewer out of 100 would change what you do?"),
        min_value=0.1,
        max_value=50,
        help_text=_("The smaller the difference, the more people are needed."),
        error_messages={
            "required": _("Enter the smallest difference you would act on, such as 5."),
            "invalid": _("Enter a number, such as 5."),
            "min_value": _("Enter 0.1 or more. Smaller differences cannot be detected."),
            "max_value": _("Enter 50 or less."),
        },
    )
    spread = base.NumberField(
        required=False,
        min_value=0,
        max_value=50,
        error_messages={
            "invalid": _("Enter a number, such as 3, or leave it empty."),
            "min_value": _("Enter 0 or more, or leave it empty."),
            "max_value": _("Enter 50 or less."),
        },
    )
    planned = base.WholeNumberField(
        label=_("How many people should see a message in total?"),
        required=False,
        min_value=1,
        max_value=MAX_PEOPLE,
        help_text=_(
            "They are split among the messages by their shares. Leave it empty to use the number worked out below."
        ),
        error_messages={"invalid": _("Enter a whole number, such as 1500, or leave it empty.")},
    )
    weeks = base.WholeNumberField(
        label=_("For how many weeks?"),
        required=False,
        min_value=1,
        max_value=AnalysisPlan.MOST_WEEKS,
        help_text=_(
            "Enter a multiple of the number of messages, so that each gets every weekday equally often. "
            "Leave it empty to use the number worked out below."
        ),
        error_messages={"invalid": _("Enter a whole number, such as 4, or leave it empty.")},
    )
    starts = forms.DateField(
        label=_("First day"),
        required=False,
        widget=forms.DateInput(attrs={"class": "short", "autocomplete": "off"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
        help_text=_("Such as 2027-03-01. Leave it empty to start as soon as it is launched."),
        error_messages={"invalid": _("Enter a date, such as 2027-03-01.")},
    )
    ends = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"class": "short", "autocomplete": "off"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
        help_text=_("Leave it empty to run until someone closes it. Days are in UTC."),
        error_messages={"invalid": _("Enter a date, such as 2027-03-01.")},
    )

    def __init__(
        self,
        data: Any = None,
        *,
        shown: SampleSizeAnswer,
        today: date,
        primary: str = "",
        control: str = "",
        text_design: str = "",
        block: int = 0,
    ) -> None:
        """Show the form; `block` is the number of weeks of a block of periods, 0 without periods."""
        super().__init__(data, shown=shown)
        self.today, self.block = today, block
        if not block:
            del self.fields["weeks"]
        if text_design and (not primary or OUTCOMES[primary].kind == "yes-no"):
            label, help_text = SPREAD_LABELS[text_design]
            self.fields["spread"].label, self.fields["spread"].help_text = label, help_text
        else:
            del self.fields["spread"]
        if primary in OUTCOME_VERBS and control:
            label = _("Out of 100 people who see “%(control)s”, how many do you expect to %(do)s?")
            self.fields["expected"].label = label % {"control": control, "do": OUTCOME_VERBS[primary]}
        if primary and OUTCOMES[primary].kind != "yes-no":  # a rating has no rate
            del self.fields["expected"]
            self.fields["smallest"].label = _(
                "How many out of 100 answers would have to be better to change what you do?"
            )

    def answer(self) -> SampleSizeAnswer:
        get = self.cleaned_data.get
        smallest = get("smallest") or 0
        return SampleSizeAnswer(
            get("expected"), smallest, get("planned"), get("spread"), get("starts"), get("ends"), get("weeks")
        )

    def sizeable_answer(self) -> SampleSizeAnswer | None:
        """Return the answer as typed or stored, if its numbers are enough to compute a sample size."""
        answer = self.answer() if self.is_bound and self.errors is not None else self.shown
        return answer if answer.smallest and (answer.expected or "expected" not in self.fields) else None

    def has_dates(self) -> bool:
        return any(self[name].errors or self[name].value() for name in ("starts", "ends"))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        expected, smallest = values.get("expected"), values.get("smallest")
        if expected and smallest and expected + smallest > 100 and expected - smallest < 0:
            self.add_error("smallest", _("So large a difference is not possible from there. Choose a smaller number."))
        if (weeks := values.get("weeks")) and weeks % self.block:
            message = _("Enter a multiple of %(messages)s, the number of messages.")
            self.add_error("weeks", message % {"messages": format_number(self.block)})
        starts, ends = values.get("starts"), values.get("ends")
        for name in ("starts", "ends"):
            if (day := values.get(name)) and day.year > self.today.year + MAX_YEARS:
                self.add_error(name, _("Enter a date, such as 2027-03-01."))
        if starts and starts != self.shown.starts and starts < self.today:
            self.add_error("starts", _("This day is in the past. Choose today or a later day, or leave it empty."))
        if ends and ends < max(starts or self.today, self.today) and (starts or ends != self.shown.ends):
            self.add_error("ends", _("The last day is before the first day, or in the past."))
        return values


class SampleSizeQuestion(base.Question[SampleSizeAnswer, SampleSizeForm]):
    key = "length"
    title, short_title = _("How long should it run?"), _("Duration")
    template_name = "campaign/wizard/sample_size.html"
    form_class = SampleSizeForm
    is_required = True
    plan_keys = frozenset({"outcomes", "planned_per_arm", "expected_rate", "text_spread"})
    registration_rows = frozenset({"size", "rationale", "measured", "inference"})
    obstacles = {
        ObstacleReason.NO_SIZE: _("Enter how many people should see a message in total."),
        ObstacleReason.PERIOD_WEEKS: _(
            "Plan more weeks, in a multiple of the number of messages, and do not end before the last one."
        ),
        ObstacleReason.ENDS_BEFORE_START: _("The campaign would end before it starts. Choose a later end."),
    }

    def read(self, campaign: Campaign) -> SampleSizeAnswer:
        plan = current_plan(campaign)
        return SampleSizeAnswer(
            expected=base.share_to_per_hundred(plan.expected_rate),
            smallest=base.share_to_per_hundred(plan.smallest_difference) or 0,
            planned=planned_people(plan.planned_per_arm, _weights(campaign)) or None,
            spread=base.share_to_per_hundred(plan.text_spread) if plan.texts else None,
            starts=campaign.starts_at and campaign.starts_at.date(),
            ends=campaign.ends_at and (campaign.ends_at - timedelta(microseconds=1)).date(),
            weeks=(plan.period_weeks or None) if plan.period else None,
        )

    def write(self, campaign: Campaign, answer: SampleSizeAnswer, *, by: User) -> None:
        """Store the numbers. Days last from midnight to midnight UTC; a time of day that was set elsewhere stays."""
        plan, stored = ensure_plan(campaign), self.read(campaign)
        plan.expected_rate = None if answer.expected is None else base.per_hundred_to_share(answer.expected)
        plan.smallest_difference = base.per_hundred_to_share(answer.smallest)
        plan.text_spread = None if answer.spread is None or not plan.texts else base.per_hundred_to_share(answer.spread)
        plan.planned_per_arm = mean_per_arm(answer.planned or 0, _weights(campaign))
        plan.period_weeks = answer.weeks or 0
        plan.save()
        if answer.starts != stored.starts:
            campaign.starts_at = _midnight(answer.starts)
        if answer.ends != stored.ends:
            campaign.ends_at = _midnight(answer.ends and answer.ends + timedelta(days=1))

    def is_answered(self, campaign: Campaign) -> bool:
        return current_plan(campaign).planned_per_arm > 0

    def suggest(self, campaign: Campaign, stored: SampleSizeAnswer, *, user: User) -> SampleSizeAnswer:
        """Leave a number empty that was computed, so that it follows the other numbers."""
        is_computed = stored.planned and stored.expected and _required_sample_size(campaign, stored) == stored.planned
        spread = _DEFAULT_SPREAD if stored.spread is None and current_plan(campaign).texts else stored.spread
        return replace(stored, planned=None if is_computed else stored.planned, spread=spread)

    def build_form(self, campaign: Campaign, shown: SampleSizeAnswer, data: Any = None) -> SampleSizeForm:
        control = campaign.arms.filter(is_control=True).first()
        words = {
            "primary": primary_outcome(campaign),
            "control": control.name if control else "",
            "text_design": str(current_plan(campaign).texts),
        }
        block = campaign.arms.count() if current_plan(campaign).period else 0
        if data is not None and data.get("do") == "use-past" and (past := past_rate(campaign)):
            data = data.copy()
            data["expected"] = f"{100 * past.corrected:.1f}"
        return SampleSizeForm(data, shown=shown, today=timezone.localdate(), block=block, **words)

    def complete(self, campaign: Campaign, form: SampleSizeForm) -> bool:
        """Plan the computed number of people unless one was typed, and the usual spread between texts."""
        if "spread" in form.fields and form.cleaned_data.get("spread") is None:
            form.cleaned_data["spread"] = _DEFAULT_SPREAD
        if not form.cleaned_data.get("planned"):
            form.cleaned_data["planned"] = _required_sample_size(campaign, form.answer())
        if form.cleaned_data["planned"] is None:
            form.add_error("planned", _("Enter how many people should see a message in total."))
        elif form.block and not form.cleaned_data.get("weeks"):
            form.cleaned_data["weeks"] = _weeks(campaign, form.answer())
        return form.is_valid()

    def context(self, campaign: Campaign, form: SampleSizeForm) -> dict[str, Any]:
        answer, past = form.sizeable_answer(), describe_past_rate(past_rate(campaign))
        if answer is None:
            return {"answer": None, "past": past}
        plan, inputs = current_plan(campaign), _inputs(campaign, answer)
        size = sample_size.compute_sample_size(inputs) if inputs else sample_size.NoSampleSize("ordered")
        return {
            "past": past,
            "texts_table": describe_texts(size, inputs) if inputs else None,
            "answer": describe_sample_size(
                size,
                arms=list(campaign.arms.values_list("name", "weight")),
                per_day=daily_traffic(campaign),
                monitoring=plan.monitoring,
                comparisons=sample_size.comparison_count(plan.comparisons, plan.correction),
                inputs=inputs,
            ),
            "too_short": end_date_warning(answer.starts or form.today, answer.ends, size),
            "periods": describe_weeks(answer.weeks or _weeks(campaign, answer), arms=form.block, plan=plan)
            if form.block
            else "",
        }

    def summarize(self, campaign: Campaign, answer: SampleSizeAnswer) -> Iterable[str]:
        if not answer.planned:
            return
        yield gettext("%(people)s people see a message in total: %(split)s.") % {
            "people": format_number(answer.planned),
            "split": format_people_by_arm(answer.planned, list(campaign.arms.values_list("name", "weight"))),
        }
        values = {"smallest": format_per_hundred(base.per_hundred_to_share(answer.smallest))}
        yield gettext("A difference smaller than %(smallest)s would not change what you do.") % values
        if answer.expected:
            values = {"rate": format_per_hundred(base.per_hundred_to_share(answer.expected))}
            yield gettext("Expected rate for the control: %(rate)s.") % values
            size = _sample_size(campaign, answer)
            if isinstance(size, sample_size.SampleSize) and size.days is not None:
                yield gettext("At this traffic that takes %(time)s.") % {"time": format_duration(size.days)}
            if plan_texts := current_plan(campaign).texts:
                yield describe_spread(str(plan_texts), _spread(answer))
        if answer.weeks:
            yield describe_weeks(answer.weeks, arms=campaign.arms.count(), plan=current_plan(campaign))
        if answer.starts:
            yield gettext("From %(day)s on.") % {"day": date_format(answer.starts, "DATE_FORMAT")}
        if answer.ends:
            yield gettext("Until %(day)s, the last day.") % {"day": date_format(answer.ends, "DATE_FORMAT")}

    def with_computed_size(self, campaign: Campaign, answer: SampleSizeAnswer) -> SampleSizeAnswer:
        """Return the answer with the number of people that it takes."""
        return replace(answer, planned=_required_sample_size(campaign, answer))

    def shortfall(self, campaign: Campaign) -> str:
        """Return a warning if the stored number is too small by now, because another answer has changed."""
        answer = self.read(campaign)
        if not (answer.planned and answer.expected):
            return ""
        size = _sample_size(campaign, answer)
        if isinstance(size, sample_size.NoSampleSize):
            return ""
        if size.is_enough:
            return describe_too_few_texts(size, _inputs(campaign, answer))
        numbers = {"planned": format_number(size.planned), "needed": format_number(size.needed)}
        sentence = gettext("%(planned)s people are planned in total, but with these answers %(needed)s are needed.")
        return sentence % numbers


def _sample_size(campaign: Campaign, answer: SampleSizeAnswer) -> sample_size.SampleSize | sample_size.NoSampleSize:
    inputs = _inputs(campaign, answer)
    return sample_size.compute_sample_size(inputs) if inputs else sample_size.NoSampleSize("ordered")


def _spread(answer: SampleSizeAnswer) -> float:
    return DEFAULT_SPREAD if answer.spread is None else base.per_hundred_to_share(answer.spread)


def _inputs(campaign: Campaign, answer: SampleSizeAnswer) -> sample_size.SampleSizeInputs | None:
    """Return the assumptions of the plan; None for an ordered outcome, whose spread between people nobody knows."""
    plan, primary = current_plan(campaign), primary_outcome(campaign)
    if answer.expected is None or (primary and OUTCOMES[primary].kind != "yes-no"):
        return None
    return sample_size_inputs(
        plan,
        list(campaign.arms.prefetch_related("texts")),
        expected_rate=base.per_hundred_to_share(answer.expected),
        smallest_difference=base.per_hundred_to_share(answer.smallest),
        text_spread=_spread(answer),
        per_day=round(daily_traffic(campaign) * (1 - plan.washout_share)),
        placements=campaign.placements.count(),
        planned_people=answer.planned,
    )


def _weeks(campaign: Campaign, answer: SampleSizeAnswer) -> int:
    """Return the weeks of periods that the answer takes, at the expected traffic."""
    size = _sample_size(campaign, answer)
    days = size.days if isinstance(size, sample_size.SampleSize) else None
    places = campaign.placements.count()
    weeks = weeks_needed(current_plan(campaign), arms=campaign.arms.count(), placements=places, days=days)
    return min(weeks, AnalysisPlan.MOST_WEEKS)


def _required_sample_size(campaign: Campaign, answer: SampleSizeAnswer) -> int | None:
    size = _sample_size(campaign, answer)
    return size.needed if isinstance(size, sample_size.SampleSize) else None


def _weights(campaign: Campaign) -> list[int]:
    return list(campaign.arms.values_list("weight", flat=True))


def daily_traffic(campaign: Campaign) -> int:
    """Return the messages a day at its places, or its share of them."""
    return (campaign.placements.aggregate(all=Sum("expected_per_day"))["all"] or 0) * campaign.slots // SLOTS


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), tzinfo=UTC) if day else None
