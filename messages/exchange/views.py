"""The page where managers take messages out as a file, and bring them in: shown first, then done as a whole."""

from __future__ import annotations

from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from messages.accounts.step_up import confirmation_required_for_button
from messages.downloads import download
from messages.exchange import import_export, reader, records, writer
from messages.i18n.sentences import translate_sentence
from messages.models import Frame, Rendition, Revision
from messages.roles import MANAGER, require_role

MAX_UPLOAD_BYTES = 100_000  # larger files by `manage.py messages_import`; a proxy in front takes 128 KB
_SALT = "messages.exchange"


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """A file that is sent is only looked at; its words come in once someone has seen what would happen."""
    require_role(request.user, MANAGER)
    if request.method != "POST":
        return _page(request)
    if "held" in request.POST:
        return _bring_in(request)
    return _look(request)


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """?format= csv or json; ?frame= ?state= ?locale= keep some."""
    require_role(request.user, MANAGER)
    return _file(request)


@confirmation_required_for_button("messages:exchange")
def _file(request: HttpRequest) -> HttpResponse:
    kind = request.GET.get("format", "csv")
    if kind not in writer.WRITERS:
        raise Http404
    asked = {name: request.GET.get(name, "").replace("\0", "") for name in ("frame", "state", "locale")}
    body = writer.WRITERS[kind](import_export.export_revisions(import_export.filter_revisions(**asked)))
    return download(body, stem=f"messages-{timezone.localdate():%Y-%m-%d}", extension=kind)


def _look(request: HttpRequest) -> HttpResponse:
    sent = request.FILES.get("file")
    if not isinstance(sent, UploadedFile):
        return _page(request, error=_("Please choose a file."))
    if sent.size is None or sent.size > MAX_UPLOAD_BYTES:
        return _page(
            request,
            error=_(
                "This file is too large for this page, which takes %(limit)d KB. "
                "The person who runs this site can import it by manage.py messages_import."
            )
            % {"limit": MAX_UPLOAD_BYTES // 1000},
        )
    data, name = sent.read(), (sent.name or "file")[:120]
    try:
        plan = import_export.plan_import(reader.parse_file(data, max_bytes=MAX_UPLOAD_BYTES))
    except reader.UnreadableFile as reason:
        return _page(request, error=translate_sentence(reason.args[0]))
    held = signing.dumps({"name": name, "text": data.decode("utf-8-sig")}, salt=_SALT, compress=True)
    return _page(request, plan=plan, held=held, name=name)


def _bring_in(request: HttpRequest) -> HttpResponse:
    """What was shown is done, or nothing: the file comes back signed, the plan by its digest."""
    assert isinstance(request.user, User)
    try:
        held = signing.loads(request.POST["held"], salt=_SALT)
    except signing.BadSignature:
        return _page(request, error=_("This is not the file as it was shown. Please choose it again."))
    read = reader.parse_file(held["text"].encode(), max_bytes=2 * MAX_UPLOAD_BYTES)
    try:
        plan = import_export.apply_import(
            read, by=request.user, name=held["name"], agreed_digest=request.POST.get("shown", "")
        )
    except import_export.ImportRefused as reason:
        return _page(
            request,
            plan=import_export.plan_import(read),
            held=request.POST["held"],
            name=held["name"],
            refused=str(reason),
        )
    told = ngettext("%(n)d draft was added.", "%(n)d drafts were added.", len(plan.revisions))
    more = _("They await review, whatever they were where they came from.")
    flash.success(request, f"{told % {'n': len(plan.revisions)}} {more}")
    return redirect("messages:exchange")


def _page(request: HttpRequest, **more: object) -> HttpResponse:
    context = {
        "frames": Frame.choices,
        "states": Revision.State.choices,
        "locales": Rendition.objects.order_by("locale").values_list("locale", flat=True).distinct(),
        "limit": MAX_UPLOAD_BYTES // 1000,
        "columns": records.COLUMNS,
        "stored": Revision.objects.count(),
        "chosen": request.GET,
    }
    return render(request, "messages/exchange/exchange.html", context | more)
