"""What a reviewer answers before words are approved. A changed list is a new version: old answers keep theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that a person has to look at; no program can answer it."""

    key: str
    asks: Promise
    hint: Promise


VERSIONS: dict[int, tuple[Question, ...]] = {
    1: (
        Question(
            "accurate",
            gettext_lazy("Is it accurate?"),
            gettext_lazy("Every claim is true, and sounds no surer than the source it names."),
        ),
        Question(
            "not-shaming",
            gettext_lazy("Is it free of shame?"),
            gettext_lazy("It speaks about what may be done, never about what the reader is."),
        ),
        Question(
            "not-instructive",
            gettext_lazy("Does it teach nothing?"),
            gettext_lazy("Nobody learns how such images are made, or with what."),
        ),
        Question(
            "no-blame",
            gettext_lazy("Is it free of blame for the person shown?"),
            gettext_lazy(
                "Nothing says or hints that they caused it: not their clothes, their pictures or their trust."
            ),
        ),
        Question(
            "safe-for-a-minor",
            gettext_lazy("Is it safe if a child reads it?"),
            gettext_lazy("Nothing in it frightens, arouses or harms someone under 18."),
        ),
        Question(
            "help-present",
            gettext_lazy("Is help there?"),
            gettext_lazy("The doors to help that stand beside these words fit whom they speak to."),
        ),
        Question(
            "speaker",
            gettext_lazy("Has somebody who speaks this language read it?"),
            gettext_lazy("You, or someone whom you asked: it says what is meant, and it sounds kind."),
        ),
    ),
}
CURRENT = max(VERSIONS)


def problems(answers: Mapping[str, str]) -> dict[str, str]:
    """What is missing by field, for a list that has to be answered with yes throughout."""
    found = {}
    for question in VERSIONS[CURRENT]:
        answer = answers.get(question.key)
        if answer == NO:
            found[f"checklist.{question.key}"] = _("With a “no” these words cannot be approved: please send them back.")
        elif answer != YES:
            found[f"checklist.{question.key}"] = _("Please answer yes or no.")
    return found


def kept(answers: Mapping[str, str]) -> dict[str, object]:
    """As it stands in the review for ever."""
    asked = [question.key for question in VERSIONS[CURRENT]]
    return {"version": CURRENT, "answers": {key: answers[key] for key in asked if answers.get(key) in (YES, NO)}}


def told(checklist: Mapping[str, object]) -> list[tuple[Promise, bool]]:
    """What was asked then, and whether the answer was yes."""
    version, answers = checklist.get("version"), checklist.get("answers")
    if not isinstance(version, int) or not isinstance(answers, dict):
        return []
    questions = VERSIONS.get(version, ())
    return [(question.asks, answers[question.key] == YES) for question in questions if question.key in answers]
