"""How secure a result is: one step of four, each explained, and what speaks against the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from django.utils.translation import gettext, gettext_lazy

from analytics import wording
from analytics.report_rows import DifferenceRow
from analytics.results.build import Report

_SETTLED = (*wording.CLAIMS, "no-meaningful-difference")


class Certainty(IntEnum):
    """The steps, from the lowest."""

    UNUSABLE = 0
    OPEN = 1
    RESERVED = 2
    SECURE = 3


STEP_NAMES = {
    Certainty.UNUSABLE: gettext_lazy("Not usable"),
    Certainty.OPEN: gettext_lazy("Still open"),
    Certainty.RESERVED: gettext_lazy("Certain, with a reservation"),
    Certainty.SECURE: gettext_lazy("Certain"),
}
STEP_MEANINGS = {
    Certainty.UNUSABLE: gettext_lazy("Something went wrong with the data or the plan, so messages are not compared."),
    Certainty.OPEN: gettext_lazy("It is too early or there are too few people. It could still go either way."),
    Certainty.RESERVED: gettext_lazy("There is an answer. Read the reservations below before you act on it."),
    Certainty.SECURE: gettext_lazy("There is an answer. It was found as planned, and the data have no known fault."),
}


@dataclass(frozen=True, slots=True)
class CertaintyStep:
    """Where a report stands, and the reasons why it is no higher."""

    step: Certainty
    reasons: tuple[str, ...]


def judge_certainty(report: Report) -> CertaintyStep:
    """Place a report on the scale: the lowest step that something speaks for."""
    if report.withheld:
        return CertaintyStep(Certainty.UNUSABLE, (report.sentence,))
    if report.embargoed:
        return CertaintyStep(Certainty.OPEN, (report.sentence,))
    decisive = against_control(report)
    if not decisive or not any(row.verdict in _SETTLED for row in decisive):
        return CertaintyStep(Certainty.OPEN, tuple(_data_reservations(report)))
    reasons = (*_plan_reservations(report, decisive), *_data_reservations(report))
    return CertaintyStep(Certainty.RESERVED if reasons else Certainty.SECURE, reasons)


def against_control(report: Report) -> list[DifferenceRow]:
    """Return the comparisons with the control that the verdict rests on."""
    controls = {row.key for row in report.primary.rates if row.is_control}
    return [row for row in report.primary.answers if row.control in controls]


def by_effect(rows: Sequence[DifferenceRow], *, better: str) -> list[DifferenceRow]:
    """Sort comparisons, the one with the best effect first."""
    sign = 1.0 if better == "lower" else -1.0
    return sorted(rows, key=lambda row: sign * (row.effect or 0.0))


def _plan_reservations(report: Report, decisive: Sequence[DifferenceRow]) -> list[str]:
    reasons = []
    if report.exploratory:
        reasons.append(gettext("This look was not planned, so chance had more than one opportunity."))
    if report.exception:
        reasons.append(gettext("The result was read early. This exception is on record."))
    if report.deviations:
        reasons.append(gettext("The plan was changed along the way. The report lists the changes."))
    open_rows = [row.treated_name for row in decisive if row.verdict not in _SETTLED]
    if open_rows:
        names = ", ".join(f"“{name}”" for name in open_rows)
        reasons.append(gettext("We cannot tell yet for %(messages)s.") % {"messages": names})
    if report.guardrail_pauses:
        reasons.append(gettext("A message was stopped because it did harm."))
    return reasons


def _data_reservations(report: Report) -> list[str]:
    return [f"{item.label}: {item.detail}" for item in report.quality if item.status in ("caution", "alarm")]
