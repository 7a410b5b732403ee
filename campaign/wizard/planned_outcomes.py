"""The planned outcomes of a draft: their roles, and what the wizard calls them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.models import AnalysisPlan, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from campaign.wizard.presets import Text

Role = PlannedOutcome.Role
DIRECTIONAL_OUTCOMES = tuple(key for key, outcome in OUTCOMES.items() if outcome.better != "none")
GUARDRAIL_OUTCOMES = tuple(key for key in DIRECTIONAL_OUTCOMES if OUTCOMES[key].kind == "yes-no")
# An outcome as an answer to "what would show that a message works?", and its explanation.
SUCCESS_LABELS: dict[str, tuple[Text, Text]] = {
    "turned_back": (
        _("More people turn back"),
        _("They press leave, and do not go on after all. This is what most campaigns ask."),
    ),
    "left": (_("More people press leave"), _("Also those who go on after all.")),
    "continued": (_("Fewer people go on"), _("They see the message and continue anyway.")),
    "help_self": (
        _("More people ask for help to stop"),
        _("A strong sign, and a rare one: it takes many people to see a difference."),
    ),
    "learn_more": (_("More people read more"), _("They open what stands behind the message.")),
    "rating": (_("People rate it better"), _("From 1 to 5. Only some people rate at all.")),
    "annoyed": (_("Fewer people say that it annoyed them"), _("Rarely a goal in itself.")),
}
# An outcome as an answer to "what would worry you?".
HARM_LABELS: dict[str, Text] = {
    "annoyed": _("More people say that it annoyed them"),
    "continued": _("More people go on"),
    "turned_back": _("Fewer people turn back"),
    "help_self": _("Fewer people ask for help to stop"),
    "left": _("Fewer people press leave"),
    "learn_more": _("Fewer people read more"),
}
# An outcome as a verb: "how many do you expect to turn back?".
OUTCOME_VERBS: dict[str, Text] = {
    "turned_back": _("turn back"),
    "left": _("press leave"),
    "continued": _("go on"),
    "help_self": _("ask for help to stop"),
    "learn_more": _("read on"),
    "annoyed": _("say that it annoyed them"),
}


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
