"""The template tag that lists the files of a look."""

from collections.abc import Sequence

from django import template

from analytics.export.offered_files import OfferedFile, offered_files
from analytics.results.build import Report

register = template.Library()


@register.simple_tag
def result_files(report: Report) -> Sequence[OfferedFile]:
    """Return the files that the look of a report offers: none while nothing may be taken away."""
    return () if report.embargoed or report.changed_plan_keys else offered_files(report.campaign, report.look)
