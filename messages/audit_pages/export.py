"""The audit record as a file to keep: every entry with its digest, so that anyone can check the chain elsewhere.

Whoever takes it has confirmed within ten minutes that it is them: it names every colleague and what they decided.
"""

from __future__ import annotations

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
from messages.roles import MANAGER, require_role
from messages.text.spreadsheet import write_csv

COLUMNS = ("number", "at", "actor", "action", "kind", "ref", "label", "detail", "previous", "digest", "in_words")
MAX_ENTRIES = 20_000  # some 10 MB; more by `manage.py audit export`, which holds one entry at a time


def entry_to_json(entry: ChainEntry) -> str:
    """All fields of an entry, in one line."""
    return json.dumps({**entry.values(), "digest": entry.digest}, ensure_ascii=False)


def to_json(entries: Iterable[ChainEntry]) -> bytes:
    """One array, an entry a line."""
    lines = ",\n".join(entry_to_json(entry) for entry in entries)
    return f"[\n{lines}\n]\n".encode()


def to_csv(entries: Iterable[ChainEntry]) -> bytes:
    """A file for spreadsheets, with a description of each entry in words."""
    return write_csv(
        COLUMNS,
        (
            {
                **entry.values(),
                "detail": json.dumps(dict(entry.detail), ensure_ascii=False),
                "digest": entry.digest,
                "in_words": describe_action(entry.action, label=entry.label, detail=entry.detail),
            }
            for entry in entries
        ),
    )


WRITERS: dict[str, Callable[[Iterable[ChainEntry]], bytes]] = {"csv": to_csv, "json": to_json}


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """?format= csv or json: the whole record, whatever the page shows of it."""
    require_role(request.user, MANAGER)
    return _file(request)


@confirmation_required_for_button("audit:record")
def _file(request: HttpRequest) -> HttpResponse:
    kind = request.GET.get("format", "csv")
    if kind not in WRITERS:
        raise Http404
    if AuditEntry.objects.count() > MAX_ENTRIES:
        flash.info(
            request,
            _("The record is too long for a page. Whoever runs the server can take it out by manage.py audit export."),
        )
        return redirect("audit:record")
    return download(WRITERS[kind](log.entries()), stem=f"record-{timezone.localdate():%Y-%m-%d}", extension=kind)
