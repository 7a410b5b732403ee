"""The page of the audit record: newest first, of one thing or of all."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from messages.audit_pages.wording import KIND_LABELS, describe_action
from messages.models import AuditEntry
from messages.roles import MANAGER, require_role

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry as the page shows it, and where to see all about the same thing."""

    entry: AuditEntry
    description: str
    filter_url: str


@require_safe
def audit_log(request: HttpRequest) -> HttpResponse:
    """?kind= and ?about= keep entries of one kind of thing, and of those whose name or key has these words."""
    require_role(request.user, MANAGER)
    kind = request.GET.get("kind", "")
    about = request.GET.get("about", "").replace("\0", "").strip()[:160]
    if kind and kind not in KIND_LABELS:
        raise Http404
    pages = Paginator(_entries(kind, about), PER_PAGE)
    number = request.GET.get("page", "1")
    if not (number.isascii() and number.isdigit() and 1 <= int(number[:9]) <= pages.num_pages):
        raise Http404
    page = pages.page(int(number))
    context = {
        "kinds": KIND_LABELS,
        "kind": kind,
        "about": about,
        "found": pages.count,
        "page": page,
        "newer": _address(kind, about, page.number - 1) if page.has_previous() else "",
        "older": _address(kind, about, page.number + 1) if page.has_next() else "",
        "lines": [
            AuditRow(
                row, describe_action(row.action, label=row.label, detail=row.detail), _address(row.kind, row.ref, 1)
            )
            for row in page.object_list
        ],
    }
    return render(request, "messages/audit_pages/audit.html", context)


def _entries(kind: str, about: str) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.all()
    if kind:
        entries = entries.filter(kind=kind)
    if about:
        entries = entries.filter(Q(ref__icontains=about) | Q(label__icontains=about))
    return entries


def _address(kind: str, about: str, number: int) -> str:
    asked = {"kind": kind, "about": about, "page": str(number) if number > 1 else ""}
    return "?" + urlencode({name: value for name, value in asked.items() if value})
