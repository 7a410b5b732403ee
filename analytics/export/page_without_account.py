"""What people without an account may read of a look: on the public page, and by a link that was given to them."""

from typing import Any

from django.conf import settings

from analytics.export.look_tables import released_report
from analytics.export.report_document import values_of
from analytics.models import Analysis


def outside_page_context(analysis: Analysis) -> dict[str, Any]:
    """Build the template context of a look without what staff alone may do or know. Raises NotExportable."""
    report = released_report(analysis)
    values = values_of(report)
    # Where it was shown is left out: partners did not agree to be named.
    values["plan"] = [row for row in values["plan"] if row["key"] != "collection"]
    return {
        "report": report,
        "values": values,
        "organisation": settings.ORGANISATION,
        "contact": settings.ORGANISATION_CONTACT,
        "languages": settings.LANGUAGES,
    }
