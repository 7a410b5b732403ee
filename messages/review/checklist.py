"""The reviewer's checklist. Changing it adds a version, so that stored answers keep their questions.

Some answers rest on something that the words do not show, such as a source: these ask for a short note or a link.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

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
    evidence: Promise | str = ""  # what a “yes” rests on, where the review asks for it


class AnsweredQuestion(NamedTuple):
    """A stored answer with the note or link that was given for it."""

    text: Promise
    is_yes: bool
    evidence: str


EVIDENCE_LIMIT = 300


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
_EVIDENCE: dict[str, Promise] = {
    "accurate": gettext_lazy("Which source says so? A link, or where in the source."),
    "speaker": gettext_lazy("Who speaks it and has read this? A role is enough, such as “our Arabic interpreter”."),
}
VERSIONS[2] = tuple(replace(question, evidence=_EVIDENCE.get(question.key, "")) for question in VERSIONS[1])
CURRENT_VERSION = max(VERSIONS)


def evidence_key(question: str) -> str:
    """Return the name of the field for the note or link of a question."""
    return f"{question}.evidence"


def validate_answers(answers: Mapping[str, str], needs_evidence: Collection[str] = ()) -> dict[str, str]:
    """Errors by field; every question has to be answered with yes, and some need a note or a link."""
    errors = {}
    for question in VERSIONS[CURRENT_VERSION]:
        answer = answers.get(question.key)
        if answer == NO:
            errors[f"checklist.{question.key}"] = _("With a “no”, this text cannot be approved. Send it back.")
        elif answer != YES:
            errors[f"checklist.{question.key}"] = _("Choose yes or no.")
        elif question.key in needs_evidence and not answers.get(evidence_key(question.key), "").strip():
            errors[f"checklist.{evidence_key(question.key)}"] = _("Add a short note or a link for this point.")
    return errors


def serialize_answers(answers: Mapping[str, str]) -> dict[str, object]:
    """The answers as a review stores them."""
    keys = [question.key for question in VERSIONS[CURRENT_VERSION]]
    given = {key: answers.get(evidence_key(key), "").strip()[:EVIDENCE_LIMIT] for key in keys}
    return {
        "version": CURRENT_VERSION,
        "answers": {key: answers[key] for key in keys if answers.get(key) in (YES, NO)},
        "evidence": {key: text for key, text in given.items() if text},
    }


def answered_questions(checklist: Mapping[str, object]) -> list[AnsweredQuestion]:
    """The questions of a stored checklist, whether the answer was yes, and what it rests on."""
    version, answers, evidence = (checklist.get(name) for name in ("version", "answers", "evidence"))
    if not isinstance(version, int) or not isinstance(answers, dict):
        return []
    given = evidence if isinstance(evidence, dict) else {}
    return [
        AnsweredQuestion(question.text, answers[question.key] == YES, str(given.get(question.key, "")))
        for question in VERSIONS.get(version, ())
        if question.key in answers
    ]
