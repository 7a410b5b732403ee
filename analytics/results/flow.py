"""From sent to answered: how many were sent each message, saw it, and what they then did, as far as it was counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from analytics import wording
from analytics.report_rows import OutcomeBlock, RateRow
from campaign.outcomes import OUTCOMES

# What can follow a message, in the order in which it is told.
STEPS = ("turned_back", "left", "continued", "no_answer", "help_self", "help_affected", "help_worried")
ALWAYS_TOLD = ("turned_back", "continued", "no_answer", "help_self")


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One message: what was sent and seen, and of each step its name and how many; None where the count is hidden."""

    rate: RateRow
    steps: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """The steps that are counted, by name, and the rest of those that one would ask for, which the plan leaves out."""

    steps: tuple[str, ...]
    rows: tuple[FlowRow, ...]
    missing: str


def build_flow(primary: OutcomeBlock, others: Sequence[OutcomeBlock]) -> Flow:
    """Build the flow from the outcomes of a look. An ordered primary outcome is a step too: who answered."""
    blocks = {block.outcome.key: block for block in (primary, *others)}
    keys = [key for key in STEPS if key in blocks]
    keys = keys if primary.outcome.key in keys else [primary.outcome.key, *keys]
    names = tuple(
        gettext("Answered") if blocks[key].outcome.kind == "ordered" else blocks[key].outcome.name for key in keys
    )
    events = [{row.key: row.events for row in blocks[key].rates} for key in keys]
    rows = tuple(
        FlowRow(row, tuple((name, each.get(row.key)) for name, each in zip(names, events, strict=True)))
        for row in primary.rates
    )
    absent = [wording.translate_outcome(OUTCOMES[key]).name for key in ALWAYS_TOLD if key not in blocks]
    missing = (
        gettext("The plan does not ask for these, so they are not shown: %(names)s.") % {"names": ", ".join(absent)}
        if absent
        else ""
    )
    return Flow(names, rows, missing)
