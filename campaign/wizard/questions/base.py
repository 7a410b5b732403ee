"""The parts of a wizard question. The package's `__init__` lists the questions in order."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Generic, TypeVar

from django import forms
from django.contrib.auth.models import User

from campaign.lifecycle.launch_checks import ObstacleReason
from campaign.models import Campaign
from campaign.wizard.presets import Text


@dataclass(frozen=True, slots=True)
class Answer:
    """Base of the typed answers: what a question's form shows and its `write` stores."""

    def digest(self) -> str:
        """Return a hash by which a form notices that somebody else has answered meanwhile."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


A = TypeVar("A", bound=Answer)
F = TypeVar("F", bound="QuestionForm[Any]")


class QuestionForm(forms.Form, Generic[A]):
    """A question's form, built from the answer that it shows first. Fields are named like the answer's attributes."""

    answer_class: type[A]
    explanations: Mapping[str, Mapping[str, tuple[Text, Text]]] = {}  # field -> choice -> (label, explanation)

    def __init__(self, data: Any = None, *, shown: A) -> None:
        super().__init__(data, initial=self.initial_values(shown), label_suffix="")
        self.shown = shown

    def initial_values(self, shown: A) -> dict[str, Any]:
        return asdict(shown)

    def answer(self) -> A:
        """Return the validated answer."""
        return self.answer_class(**self.cleaned_data)

    def choices_with_explanations(self, name: str) -> list[tuple[Any, Text]]:
        """Return the choices of a field, each with its explanation."""
        explanations = self.explanations[name]
        return [(choice, explanations[str(choice.data["value"])][1]) for choice in self[name]]

    def set_choices(self, name: str, choices: Iterable[tuple[str, Text]]) -> None:
        """Replace the choices of a field."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)


class Question(ABC, Generic[A, F]):
    """One question: its page, its typed answer, and what becomes of it. A subclass declares everything below."""

    key: ClassVar[str]  # in the URL
    title: ClassVar[Text]
    short_title: ClassVar[Text]  # on the page that lists all answers
    template_name: ClassVar[str]
    form_class: type[F]
    is_required: ClassVar[bool]  # whether a campaign needs an answer to be submitted
    plan_keys: ClassVar[frozenset[str]]  # keys of the frozen plan that hold the answer
    registration_rows: ClassVar[frozenset[str]]  # rows of the preregistration that state it
    obstacles: ClassVar[Mapping[ObstacleReason, Text]]  # launch obstacles that another answer removes, and the advice

    @abstractmethod
    def read(self, campaign: Campaign) -> A:
        """Return the stored answer."""

    @abstractmethod
    def write(self, campaign: Campaign, answer: A, *, by: User) -> None:
        """Store an answer. The caller holds the campaign's lock and saves the campaign itself."""

    @abstractmethod
    def is_answered(self, campaign: Campaign) -> bool:
        """Whether the campaign has an answer."""

    @abstractmethod
    def summarize(self, campaign: Campaign, answer: A) -> Iterable[str]:
        """Return an answer as lines of text; empty lines are dropped."""

    def describe(self, campaign: Campaign) -> tuple[str, ...]:
        """Return the stored answer as lines of text; none without an answer."""
        return tuple(line for line in self.summarize(campaign, self.read(campaign)) if line)

    def suggest(self, campaign: Campaign, stored: A, *, user: User) -> A:
        """Return the answer that the form shows first: the stored one, or a suggestion that is not stored yet."""
        return stored

    def build_form(self, campaign: Campaign, shown: A, data: Any = None) -> F:
        return self.form_class(data, shown=shown)

    def complete(self, campaign: Campaign, form: F) -> bool:
        """Compute what was left empty in a valid form; otherwise add an error to the form and return False."""
        return True

    def context(self, campaign: Campaign, form: F) -> dict[str, Any]:
        """Return what the template needs beside the form."""
        return {}

    def follow_up(self, campaign: Campaign, action: str, *, by: User) -> str:
        """Carry out another button of the page after the answer was saved, and return the URL to go to, or ""."""
        return ""

    def reminder(self, campaign: Campaign) -> str:
        """Return what is worth another thought before the draft is submitted; usually nothing."""
        return ""


class NumberField(forms.FloatField):
    """A number with a decimal point or a decimal comma."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "short"})

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.strip().replace(",", ".") if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:.10g}" if isinstance(value, float) else value


class WholeNumberField(forms.IntegerField):
    """A whole number, with or without thousands separators."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "short"})

    def to_python(self, value: Any) -> Any:
        digits = value.translate(str.maketrans("", "", "., \u00a0\u202f’'")) if isinstance(value, str) else value
        return super().to_python(digits)


def per_hundred_to_share(per_hundred: float) -> float:
    """Convert "2 in 100" to the stored share, rounded to ten places."""
    return round(per_hundred / 100, 10)


def share_to_per_hundred(share: float | None) -> float | None:
    """Convert a stored share to people out of 100."""
    return None if share is None else round(share * 100, 6)
