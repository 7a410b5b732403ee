"""The planned outcomes of a draft: their roles, and what the wizard calls them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.models import AnalysisPlan, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from campaign.wizard.presets import Text

Role = PlannedOutcome.Role
DIRECTIONAL_OUTCOMES = tuple(key for key, outcome in OUTCOMES.items() if outcome.better != "none")
GUARDRAIL_OUTCOMES = tuple(key for key in DIRECTIONAL_OUTCOMES if OUTCOMES[key].kind == "yes-no")
_GOALS = sorted(((o.goal, o.key) for o in OUTCOMES.values() if o.goal), key=lambda pair: pair[0].order)
_HARMS = sorted(((o.harm, o.key) for o in OUTCOMES.values() if o.harm), key=lambda pair: pair[0].order)
SUCCESS_LABELS: dict[str, tuple[Text, Text]] = {key: (_(goal.label), _(goal.meaning)) for goal, key in _GOALS}
HARM_LABELS: dict[str, Text] = {key: _(harm.label) for harm, key in _HARMS}
OUTCOME_VERBS: dict[str, Text] = {key: _(outcome.verb) for key, outcome in OUTCOMES.items() if outcome.verb}


def outcomes_with_role(campaign: Campaign, role: Role) -> dict[str, PlannedOutcome]:
    """Return the draft's planned outcomes in a role, by key."""
    planned = PlannedOutcome.objects.filter(plan__campaign=campaign, role=role).order_by("outcome")
    return {outcome.outcome: outcome for outcome in planned}


def primary_outcome(campaign: Campaign) -> str:
    """Return the key of the primary outcome; empty while there is none."""
    return next(iter(outcomes_with_role(campaign, Role.PRIMARY)), "")


def set_role(plan: AnalysisPlan, outcome: str, role: Role, **values: Any) -> None:
    """Plan an outcome in a role; it has one role at a time."""
    PlannedOutcome.objects.update_or_create(plan=plan, outcome=outcome, defaults={"role": role, **values})
