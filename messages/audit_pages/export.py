"""Export the audit record with its digests, for verification elsewhere.

It names every colleague and what they decided, so it takes a recent confirmation.
"""

import json
from collections.abc import Callable, Iterable

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from messages.accounts.step_up import confirmation_required_for_button
from messages.audit import log
from messages.audit.hash_chain import ChainEntry
from messages.audit_pages.wording import describe_action
from messages.downloads import download
from messages.models import AuditEntry
from messages.roles import MANAGER, role_required
from messages.text.spreadsheet import write_csv

COLUMNS = ("number", "at", "actor", "action", "kind", "ref", "label", "detail", "previous", "digest", "in_words")
MAX_ENTRIES = 20_000  # about 10 MB; `manage.py audit export` has no limit, because it streams


def entry_to_json(entry: ChainEntry) -> str:
    """All fields of an entry as one line of JSON."""
    return json.dumps({**entry.values(), "digest": entry.digest}, ensure_ascii=False)


def to_json(entries: Iterable[ChainEntry]) -> bytes:
    """An array with one entry per line."""
    lines = ",\n".join(entry_to_json(entry) for entry in entries)
    return f"[\n{lines}\n]\n".encode()


def to_csv(entries: Iterable[ChainEntry]) -> bytes:
    """A row for each entry, with a sentence that describes it."""
    rows = (
        {
            **entry.values(),
            "detail": json.dumps(dict(entry.detail), ensure_ascii=False),
            "digest": entry.digest,
            "in_words": describe_action(entry.action, label=entry.label, detail=entry.detail),
        }
        for entry in entries
    )
    return write_csv(COLUMNS, rows)


WRITERS: dict[str, Callable[[Iterable[ChainEntry]], bytes]] = {"csv": to_csv, "json": to_json}


@require_safe
@role_required(MANAGER)
@confirmation_required_for_button("audit:record")
def export(request: HttpRequest) -> HttpResponse:
    """Export the whole record as ?format= csv or json."""
    file_format = request.GET.get("format", "csv")
    if file_format not in WRITERS:
        raise Http404
    if AuditEntry.objects.count() > MAX_ENTRIES:
        flash.info(
            request,
            _("The audit record is too long to download here. Ask the person who runs this site to export it for you."),
        )
        return redirect("audit:record")
    return download(
        WRITERS[file_format](log.entries()), stem=f"record-{timezone.localdate():%Y-%m-%d}", extension=file_format
    )
