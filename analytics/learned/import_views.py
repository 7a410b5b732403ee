"""The page of other organisations' results: their keys, their bundles, and the buttons that import and remove."""

from collections.abc import Callable

from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from analytics.learned.imports import confirm_signer, import_bundle, remove_import, remove_signer
from analytics.models import KnownSigner, LearnedResult
from campaign.lifecycle.actions import ActionRefused
from messages.accounts.step_up import confirmation_required_for_button
from messages.roles import MANAGER, STAFF_ROLES, current_user, has_role, role_required

MAX_UPLOAD_BYTES = 100_000  # `manage.py import_bundle` takes larger files; the reverse proxy accepts 128 KB


@require_safe
@role_required(*STAFF_ROLES)
def others(request: HttpRequest) -> HttpResponse:
    """List the organisations whose key was confirmed, with what was imported from each."""
    signers = KnownSigner.objects.prefetch_related("results")
    context = {"signers": signers, "may_import": has_role(request.user, MANAGER), "limit": MAX_UPLOAD_BYTES // 1000}
    return render(request, "analytics/learned/others.html", context)


@require_POST
@role_required(MANAGER)
@confirmation_required_for_button("analytics:others")
def confirm(request: HttpRequest) -> HttpResponse:
    """Confirm the key of an organisation."""

    def act(by: User) -> str:
        name, fingerprint = request.POST.get("organisation", ""), request.POST.get("fingerprint", "")
        confirm_signer(name, fingerprint, by=by, now=timezone.now())
        return _("Confirmed. You can import their bundles now.")

    return _perform(request, act)


@require_POST
@role_required(MANAGER)
@confirmation_required_for_button("analytics:others")
def upload(request: HttpRequest) -> HttpResponse:
    """Import a bundle."""

    def act(by: User) -> str:
        file = request.FILES.get("file")
        if not isinstance(file, UploadedFile):
            raise ActionRefused(_("Choose a file."))
        if file.size is None or file.size > MAX_UPLOAD_BYTES:
            raise ActionRefused(
                _(
                    "This file is too large for this page, which accepts up to %(limit)d KB. Ask the person "
                    "who runs this site to import it."
                )
                % {"limit": MAX_UPLOAD_BYTES // 1000}
            )
        imported = import_bundle(file.read(), by=by, now=timezone.now())
        if not imported.is_new:
            return _("This result was already here. Nothing was changed.")
        return _("Imported: “%(name)s”.") % {"name": imported.result.name}

    return _perform(request, act)


@require_POST
@role_required(MANAGER)
@confirmation_required_for_button("analytics:others")
def remove_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Trust a key no longer, and remove what it signed."""

    def act(by: User) -> str:
        signer = KnownSigner.objects.filter(pk=pk).first()
        if signer is None:
            raise ActionRefused(_("It was already removed."))
        remove_signer(signer, by=by)
        return _("Removed, with everything that was imported from them.")

    return _perform(request, act)


@require_POST
@role_required(MANAGER)
@confirmation_required_for_button("analytics:others")
def remove_result(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove one imported result."""

    def act(by: User) -> str:
        result = LearnedResult.objects.select_related("signer").filter(pk=pk).first()
        if result is None:
            raise ActionRefused(_("It was already removed."))
        remove_import(result, by=by)
        return _("Removed.")

    return _perform(request, act)


def _perform(request: HttpRequest, act: Callable[[User], str]) -> HttpResponse:
    """Do it, and return to the page with what came of it."""
    try:
        flash.success(request, act(current_user(request)))
    except ActionRefused as reason:
        flash.error(request, str(reason))
    return redirect("analytics:others")
