"""Pages that list, rotate and destroy keys, as `manage.py keys` does. The bytes of a key are never shown."""

import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from campaign.key_admin import audited
from campaign.key_admin.wording import LEAD_TIME_CHOICES, describe_destruction, key_row
from campaign.keys import rotation, store
from campaign.keys.inventory import KeyInfo, KeyState, list_keys
from messages.accounts.step_up import confirmation_required
from messages.roles import MANAGER, current_user, require_role, role_required


@require_safe
def key_list(request: HttpRequest) -> HttpResponse:
    """List receipt keys, secrets of campaigns, and the site's own keys."""
    require_role(request.user, MANAGER)
    keys = list_keys(_directory(), now=time.time())
    context = {
        "receipts": [key_row(key) for key in keys if key.receipt_key],
        "secrets": [key_row(key) for key in keys if key.campaign_id],
        "others": [key_row(key) for key in keys if key.state == KeyState.SITE_KEY],
        "unsafe": bool(store.key_directory_problems(_directory())),
    }
    return render(request, "campaign/key_admin/keys.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def key_destroy(request: HttpRequest, key: str) -> HttpResponse:
    """Destroy a key after a page that tells what is lost; if anything is, a box has to be ticked."""
    require_role(request.user, MANAGER)
    for info in list_keys(_directory(), now=time.time()):
        if info.name == key and info.is_destroyable:
            return _destroy(request, info)
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(MANAGER)
@confirmation_required
def key_rotate(request: HttpRequest) -> HttpResponse:
    """Create a receipt key, which every server reads before it signs; the previous one goes on verifying."""
    chosen, error = request.POST.get("ahead", str(rotation.ROTATION_LEAD_SECONDS)), ""
    if request.method == "POST":
        by = current_user(request)
        if chosen in LEAD_TIME_CHOICES:
            error = _try_step(
                lambda: audited.rotate_receipt_key(_directory(), clock=time.time, lead_seconds=int(chosen), by=by)
            )
        else:
            error = _("Choose when it starts to sign.")
        if not error:
            flash.success(
                request,
                _("The new key has been created. The previous one keeps verifying messages for as long as needed."),
            )
            return redirect("keys:list")
    context = {"choices": LEAD_TIME_CHOICES.items(), "chosen": chosen, "error": error}
    return render(request, "campaign/key_admin/rotate.html", context)


@confirmation_required
def _destroy(request: HttpRequest, key: KeyInfo) -> HttpResponse:
    error = ""
    if request.method == "POST":
        by = current_user(request)
        if key.is_needed and request.POST.get("lost") != "yes":
            error = _("Tick the box to confirm.")
        else:
            error = _try_step(lambda: audited.destroy_key(_directory(), key, by=by))
        if not error:
            flash.success(request, _("%(key)s has been destroyed.") % {"key": key.name})
            return redirect("keys:list")
    context = {"line": key_row(key), "afterwards": describe_destruction(key), "error": error}
    return render(request, "campaign/key_admin/destroy.html", context)


def _try_step(step: Callable[[], object]) -> str:
    """Run the step; the reason as a sentence if it was refused, else an empty string."""
    if store.key_directory_problems(_directory()):
        return _("The key directory is not safe at the moment. The person who runs the server has to fix that first.")
    try:
        step()
    except rotation.KeyRefused:
        return _("The newest key has not started to sign yet. Wait until it has before you create another.")
    except OSError:
        return _("The key directory could not be changed. Tell the person who runs the server.")
    return ""


def _directory() -> Path:
    return Path(settings.KEY_DIRECTORY)
