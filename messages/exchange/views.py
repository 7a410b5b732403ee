"""The page on which managers export messages, and import them after a preview."""

from io import BytesIO

from django.contrib import messages as flash
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
from messages.i18n.sentence_translation import translate_sentence
from messages.models import Frame, Rendition, Revision
from messages.roles import MANAGER, current_user, require_role, role_required
from messages.tables.decoding import decode
from messages.tables.errors import UnreadableFile

MAX_UPLOAD_BYTES = 100_000  # `manage.py messages_import` takes larger files; the reverse proxy accepts 128 KB
_SALT = "messages.exchange"


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show the page, preview an uploaded file, or import a file that was previewed."""
    require_role(request.user, MANAGER)
    if request.method != "POST":
        return _page(request)
    if "held" in request.POST:
        return _import(request)
    return _preview(request)


@require_safe
@role_required(MANAGER)
@confirmation_required_for_button("messages:exchange")
def export(request: HttpRequest) -> HttpResponse:
    """Export as ?format= csv or json; ?frame= ?state= ?locale= filter the revisions."""
    file_format = request.GET.get("format", "csv")
    if file_format not in writer.WRITERS:
        raise Http404
    filters = {name: request.GET.get(name, "") for name in ("frame", "state", "locale")}
    body = writer.WRITERS[file_format](import_export.export_revisions(import_export.filter_revisions(**filters)))
    return download(body, stem=f"messages-{timezone.localdate():%Y-%m-%d}", extension=file_format)


def _preview(request: HttpRequest) -> HttpResponse:
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        return _page(request, error=_("Choose a file."))
    if upload.size is None or upload.size > MAX_UPLOAD_BYTES:
        return _page(
            request,
            error=_(
                "This file is too large for this page, which accepts up to %(limit)d KB. Ask the person "
                "who runs this site to import it, or split it into smaller files."
            )
            % {"limit": MAX_UPLOAD_BYTES // 1000},
        )
    data, name = upload.read(), (upload.name or "file")[:120]
    try:
        plan = import_export.plan_import(reader.parse_file(data, max_bytes=MAX_UPLOAD_BYTES))
    except UnreadableFile as reason:
        return _page(request, error=translate_sentence(reason.args[0]))
    signed_file = signing.dumps({"name": name, "text": decode(BytesIO(data)).text.read()}, salt=_SALT, compress=True)
    return _page(request, plan=plan, held=signed_file, name=name)


def _import(request: HttpRequest) -> HttpResponse:
    """Import the file that was previewed, which comes back signed, if the plan still has the same digest."""
    try:
        preview = signing.loads(request.POST["held"], salt=_SALT)
    except signing.BadSignature:
        return _page(request, error=_("This file has changed since it was checked. Choose it again."))
    parsed = reader.parse_file(preview["text"].encode(), max_bytes=3 * MAX_UPLOAD_BYTES)
    try:
        plan = import_export.apply_import(
            parsed, by=current_user(request), name=preview["name"], agreed_digest=request.POST.get("shown", "")
        )
    except import_export.ImportRefused as reason:
        plan, held = import_export.plan_import(parsed), request.POST["held"]
        return _page(request, plan=plan, held=held, name=preview["name"], refused=str(reason))
    added = ngettext("%(n)d draft was added.", "%(n)d drafts were added.", len(plan.revisions))
    note = _("They are waiting for review, whatever their status was before.")
    flash.success(request, f"{added % {'n': len(plan.revisions)}} {note}")
    return redirect("messages:exchange")


def _page(request: HttpRequest, **extra: object) -> HttpResponse:
    context = {
        "frames": Frame.choices,
        "states": Revision.State.choices,
        "locales": Rendition.objects.order_by("locale").values_list("locale", flat=True).distinct(),
        "limit": MAX_UPLOAD_BYTES // 1000,
        "columns": records.COLUMNS,
        "stored": Revision.objects.count(),
        "chosen": request.GET,
    }
    return render(request, "messages/exchange/exchange.html", context | extra)
