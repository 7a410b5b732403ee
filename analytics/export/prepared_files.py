"""Files that take long: asked for on the results page, made by the worker, kept for a week."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import translation

from analytics.export.files import FILES, ResultFile
from analytics.export.look_tables import NotExportable, exportable_look
from analytics.models import Analysis, PreparedFile
from campaign.models import Campaign

log = logging.getLogger(__name__)

_KEPT_FOR = timedelta(days=7)


def request_file(analysis: Analysis, file: ResultFile, *, now: datetime) -> None:
    """Have the worker make a file of a look, anew if it was made before."""
    fresh = {"asked_at": now, "made_at": None, "content": None, "failure": ""}
    PreparedFile.objects.update_or_create(
        campaign=analysis.campaign, look=analysis.look, name=file.name, language=file.language, defaults=fresh
    )


def requested_files(campaign: Campaign, look: int) -> dict[str, PreparedFile]:
    """Return the files of a look that were asked for by name, in the reader's language, without their content."""
    languages = ("", translation.get_language() or settings.LANGUAGE_CODE)
    rows = PreparedFile.objects.filter(campaign=campaign, look=look, language__in=languages).defer("content")
    return {each.name: each for each in rows if each.made_at is None or each.least >= settings.SMALL_CELL}


def finished_file(campaign: Campaign, look: int, file: ResultFile) -> PreparedFile | None:
    """Return a file that was made under the rule for small counts of today, or a stricter one."""
    made = PreparedFile.objects.filter(
        campaign=campaign, look=look, name=file.name, language=file.language, made_at__isnull=False
    )
    return made.filter(least__gte=settings.SMALL_CELL, failure="").first()


def make_requested_files(*, now: datetime) -> int:
    """Make every file that waits, and return how many; a file that cannot be made says so and is not tried again."""
    made = 0
    waiting = PreparedFile.objects.filter(made_at__isnull=True, failure="").order_by("asked_at", "pk")
    for each in waiting.select_related("campaign"):
        content, failure = _make(each)
        fields = {"made_at": now, "content": content, "failure": failure, "least": settings.SMALL_CELL}
        made += PreparedFile.objects.filter(pk=each.pk, made_at__isnull=True).update(**fields) if content else 0
        if failure:
            PreparedFile.objects.filter(pk=each.pk).update(failure=failure)
    return made


def delete_old_files(*, now: datetime) -> int:
    """Delete files that were asked for a week ago; the same can be asked for again."""
    deleted, _ = PreparedFile.objects.filter(asked_at__lt=now - _KEPT_FOR).delete()
    return deleted


def _make(requested: PreparedFile) -> tuple[bytes | None, str]:
    """Return the file, or the name of the error that stopped it."""
    file = next((each for each in FILES if each.name == requested.name), None)
    analysis = exportable_look(requested.campaign, requested.look)
    if file is None or analysis is None:
        return None, NotExportable.__name__
    try:
        with translation.override(requested.language or settings.LANGUAGE_CODE):
            return file.make(analysis), ""
    except Exception as error:
        log.error(
            "The worker could not make %s of campaign %s: %s", file.name, analysis.campaign_id, type(error).__name__
        )
        return None, type(error).__name__
