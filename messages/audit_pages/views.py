"""The page of the audit record, newest entries first."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from messages.audit_pages.wording import KIND_LABELS, describe_action
from messages.models import AuditEntry
from messages.query_numbers import find_page
from messages.roles import MANAGER, require_role

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry as the page shows it, and the URL of all entries about the same object."""

    entry: AuditEntry
    description: str
    filter_url: str


@require_safe
def audit_log(request: HttpRequest) -> HttpResponse:
    """List the entries; ?kind= filters by the kind of object, ?about= by its name or key."""
    require_role(request.user, MANAGER)
    kind = request.GET.get("kind", "")
    about = request.GET.get("about", "").strip()[:160]
    if kind and kind not in KIND_LABELS:
        raise Http404
    pages = Paginator(_entries(kind, about), PER_PAGE)
    page = find_page(pages, request.GET.get("page", "1"))
    context = {
        "kinds": KIND_LABELS,
        "kind": kind,
        "about": about,
        "found": pages.count,
        "page": page,
        "newer": _page_url(kind, about, page.number - 1) if page.has_previous() else "",
        "older": _page_url(kind, about, page.number + 1) if page.has_next() else "",
        "lines": [
            AuditRow(
                entry,
                describe_action(entry.action, label=entry.label, detail=entry.detail),
                _page_url(entry.kind, entry.ref, 1),
            )
            for entry in page.object_list
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


def _page_url(kind: str, about: str, number: int) -> str:
    query = {"kind": kind, "about": about, "page": str(number) if number > 1 else ""}
    return "?" + urlencode({name: value for name, value in query.items() if value})
