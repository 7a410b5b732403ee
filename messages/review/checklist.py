"""The reviewer's checklist. Changing it adds a version, so that stored answers keep their questions."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class ChecklistQuestion:
    """One question that a person has to answer."""

    key: str
    text: Promise
    hint: Promise


VERSIONS: dict[int, tuple[ChecklistQuestion, ...]] = {
    1: (
        ChecklistQuestion(
            "accurate",
            gettext_lazy("Is it accurate?"),
            gettext_lazy("Every claim is true and sounds no more certain than its source."),
        ),
        ChecklistQuestion(
            "not-shaming",
            gettext_lazy("Is it free of shame?"),
            gettext_lazy("It is about an action the reader may take, not about who the reader is."),
        ),
        ChecklistQuestion(
            "not-instructive",
            gettext_lazy("Does it avoid teaching how to make such images?"),
            gettext_lazy("Nobody can learn from it how such images are made, or with which tools."),
        ),
        ChecklistQuestion(
            "no-blame",
            gettext_lazy("Is it free of blame for the person shown?"),
            gettext_lazy(
                "Nothing says or suggests that they caused it, through their clothes, their pictures or their trust."
            ),
        ),
        ChecklistQuestion(
            "safe-for-a-minor",
            gettext_lazy("Is it safe if a child reads it?"),
            gettext_lazy("Nothing in it frightens, arouses or harms someone under 18."),
        ),
        ChecklistQuestion(
            "help-present",
            gettext_lazy("Does the help fit?"),
            gettext_lazy("The help links beside this text fit the people it speaks to."),
        ),
        ChecklistQuestion(
            "speaker",
            gettext_lazy("Has someone who speaks this language read it?"),
            gettext_lazy("You or someone you asked confirms that it says what is meant and sounds kind."),
        ),
    )
}
CURRENT_VERSION = max(VERSIONS)


def validate_answers(answers: Mapping[str, str]) -> dict[str, str]:
    """Errors by field; every question has to be answered with yes."""
    errors = {}
    for question in VERSIONS[CURRENT_VERSION]:
        answer = answers.get(question.key)
        if answer == NO:
            errors[f"checklist.{question.key}"] = _("With a “no”, this text cannot be approved. Send it back.")
        elif answer != YES:
            errors[f"checklist.{question.key}"] = _("Choose yes or no.")
    return errors


def serialize_answers(answers: Mapping[str, str]) -> dict[str, object]:
    """The answers as a review stores them."""
    keys = [question.key for question in VERSIONS[CURRENT_VERSION]]
    return {"version": CURRENT_VERSION, "answers": {key: answers[key] for key in keys if answers.get(key) in (YES, NO)}}


def answered_questions(checklist: Mapping[str, object]) -> list[tuple[Promise, bool]]:
    """The questions of a stored checklist, and whether the answer was yes."""
    version, answers = checklist.get("version"), checklist.get("answers")
    if not isinstance(version, int) or not isinstance(answers, dict):
        return []
    questions = VERSIONS.get(version, ())
    return [(question.text, answers[question.key] == YES) for question in questions if question.key in answers]
