"""The questions of the wizard, in order. A new question is a module beside this one, its template, and a line here."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from campaign.lifecycle.launch_checks import Obstacle, ObstacleReason
from campaign.models import Campaign
from campaign.wizard.questions.arms import ArmsQuestion
from campaign.wizard.questions.base import Answer, Question
from campaign.wizard.questions.comparison import ComparisonQuestion
from campaign.wizard.questions.ethics import EthicsQuestion
from campaign.wizard.questions.guardrails import GuardrailsQuestion
from campaign.wizard.questions.hypothesis import HypothesisAnswer, HypothesisQuestion
from campaign.wizard.questions.outcomes import OutcomesQuestion
from campaign.wizard.questions.placements import PlacementsQuestion
from campaign.wizard.questions.precision import PrecisionQuestion
from campaign.wizard.questions.recipients import RecipientsQuestion
from campaign.wizard.questions.sample_size import SampleSizeQuestion
from campaign.wizard.questions.texts import TextsQuestion

__all__ = ["QUESTIONS", "Answer", "HypothesisAnswer", "Question"]

COMPARISON, SAMPLE_SIZE, ETHICS = ComparisonQuestion(), SampleSizeQuestion(), EthicsQuestion()
QUESTIONS: tuple[Question[Any, Any], ...] = (
    HypothesisQuestion(),
    COMPARISON,
    TextsQuestion(),
    ArmsQuestion(),
    PlacementsQuestion(),
    OutcomesQuestion(),
    GuardrailsQuestion(),
    PrecisionQuestion(),
    SAMPLE_SIZE,
    ETHICS,
    RecipientsQuestion(),
)
QUESTION_KEYS = tuple(question.key for question in QUESTIONS)
QUESTIONS_BY_KEY = dict(zip(QUESTION_KEYS, QUESTIONS, strict=True))
CHECK = "check"  # the page after the last question, with all answers


class MissingAnswer(NamedTuple):
    """What keeps a draft from being submitted, in the reader's language, and the question that removes it."""

    question_key: str
    sentence: str


def previous_key(key: str) -> str:
    """Return the key of the question before this one; empty at the first."""
    position = len(QUESTION_KEYS) if key == CHECK else QUESTION_KEYS.index(key)
    return QUESTION_KEYS[position - 1] if position else ""


def next_key(key: str) -> str:
    """Return the key of the question after this one, or of the page with all answers."""
    return (*QUESTION_KEYS, CHECK)[QUESTION_KEYS.index(key) + 1]


def key_to_continue_at(answered: Collection[str]) -> str:
    """Return where planning continues: after the last answer before the first required question without one."""
    position = 0
    for number, question in enumerate(QUESTIONS, start=1):
        if question.key in answered:
            position = number
        elif question.is_required:
            return QUESTION_KEYS[position]
    return CHECK


def answered_keys(campaign: Campaign) -> set[str]:
    """Return the keys of the questions that have an answer."""
    return {question.key for question in QUESTIONS if question.is_answered(campaign)}


def question_for_obstacle(reason: ObstacleReason) -> Question[Any, Any] | None:
    """Return the question whose answer removes an obstacle; None if the plan is not the reason."""
    return next((question for question in QUESTIONS if reason in question.obstacles), None)


def missing_answers(obstacles: Sequence[Obstacle]) -> list[MissingAnswer]:
    """Return what is missing, each thing once, in the order of the questions."""
    missing = list(
        dict.fromkeys(
            MissingAnswer(question.key, str(question.obstacles[obstacle.reason]) % {"name": obstacle.name})
            for question in QUESTIONS
            for obstacle in obstacles
            if obstacle.reason in question.obstacles
        )
    )
    if any(one.question_key == COMPARISON.key for one in missing):  # without arms there are no words to look at
        return [one for one in missing if one.question_key != ArmsQuestion.key]
    return missing
