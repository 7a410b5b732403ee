"""Whether the data can be trusted, in one word with its reason."""

from dataclasses import dataclass

from django.utils.translation import gettext

from analytics.report_rows import QualityItem, Status
from analytics.results.build import Report


@dataclass(frozen=True, slots=True)
class Trust:
    """The light, its word and reason; the checks that found something, and those that did not."""

    status: Status
    answer: str
    reason: str
    reservations: tuple[QualityItem, ...]
    fine: tuple[QualityItem, ...]


def trust_of(report: Report) -> Trust:
    """Judge the data of a look by its checks: the worst of them decides."""
    found = tuple(item for item in report.quality if item.status != "ok")
    fine = tuple(item for item in report.quality if item.status == "ok")
    if report.withheld:
        return Trust("alarm", gettext("No."), report.sentence, found, fine)
    if any(item.status in ("caution", "alarm") for item in found):
        return Trust("caution", gettext("With care."), gettext("Read this first:"), found, fine)
    if found:
        return Trust("unknown", gettext("Too early to say."), gettext("Some checks need more people."), found, fine)
    reason = gettext("Every message was shown and seen as planned, and no check found a fault.")
    return Trust("ok", gettext("Yes."), reason, found, fine)
