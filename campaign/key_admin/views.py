"""The pages of the keys: which there are and what they do, a new receipt key, and the end of one. No byte is shown.

They call the same verbs as `manage.py keys`. What is done here asks first, within ten minutes, that it is you.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from campaign.key_admin import audited
from campaign.key_admin.wording import AHEAD, afterwards, line
from campaign.keys import store
from campaign.keys.inventory import KeptKey, State, kept
from messages.accounts.step_up import needs_confirmation
from messages.roles import MANAGER, require_role


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """Receipt keys, secrets of campaigns, and what the site itself needs."""
    require_role(request.user, MANAGER)
    found = kept(_directory(), now=time.time())
    context = {
        "receipts": [line(key) for key in found if key.receipt],
        "secrets": [line(key) for key in found if key.number],
        "others": [line(key) for key in found if key.state == State.THE_SITES],
        "unsafe": bool(store.complaints(_directory())),
    }
    return render(request, "campaign/key_admin/keys.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def rotate(request: HttpRequest) -> HttpResponse:
    """A new receipt key, which every server knows before it signs; the one before goes on verifying."""
    require_role(request.user, MANAGER)
    return _rotate(request)


@require_http_methods(["GET", "HEAD", "POST"])
def destroy(request: HttpRequest, key: str) -> HttpResponse:
    """What would be lost is said first; where something would be, a box has to be ticked."""
    require_role(request.user, MANAGER)
    found = next((one for one in kept(_directory(), now=time.time()) if one.name == key and one.may_go), None)
    if found is None:
        raise Http404
    return _destroy(request, found)


@needs_confirmation
def _rotate(request: HttpRequest) -> HttpResponse:
    chosen, error = request.POST.get("ahead", str(store.AHEAD_SECONDS)), ""
    if request.method == "POST":
        by = _me(request)
        if chosen in AHEAD:
            error = _refused(lambda: audited.rotate(_directory(), clock=time.time, ahead=int(chosen), by=by))
        else:
            error = _("Please choose when it begins to sign.")
        if not error:
            flash.success(
                request, _("The new key is there. The one before goes on verifying for as long as it has to.")
            )
            return redirect("keys:list")
    context = {"choices": AHEAD.items(), "chosen": chosen, "error": error}
    return render(request, "campaign/key_admin/rotate.html", context)


@needs_confirmation
def _destroy(request: HttpRequest, key: KeptKey) -> HttpResponse:
    error = ""
    if request.method == "POST":
        by = _me(request)
        if key.is_missed and request.POST.get("lost") != "yes":
            error = _("Please tick the box if you want it all the same.")
        else:
            error = _refused(lambda: audited.destroy_kept(_directory(), key, by=by))
        if not error:
            flash.success(request, _("%(key)s is destroyed.") % {"key": key.name})
            return redirect("keys:list")
    context = {"line": line(key), "afterwards": afterwards(key), "error": error}
    return render(request, "campaign/key_admin/destroy.html", context)


def _refused(step: Callable[[], object]) -> str:
    """Take the step; why it was not taken, as a sentence, or empty."""
    if store.complaints(_directory()):
        return _("The directory of the keys is not safe at the moment. Whoever runs the server has to mend that first.")
    try:
        step()
    except store.KeyRefused:
        return _("The newest key does not sign yet. Wait until it does, then make the next one.")
    except OSError:
        return _("The directory of the keys could not be changed. Please tell whoever runs the server.")
    return ""


def _directory() -> Path:
    return Path(settings.KEY_DIRECTORY)


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
