"""The switch on one's account page for results by e-mail."""

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from analytics.notifications.result_mails import set_result_mails
from messages.roles import STAFF_ROLES, current_user, role_required


@role_required(*STAFF_ROLES)
@require_POST
def switch_result_mails(request: HttpRequest) -> HttpResponse:
    """Begin or end results by e-mail for the person who is signed in."""
    wanted = request.POST.get("wanted") == "yes"
    set_result_mails(current_user(request), wanted=wanted, now=timezone.now())
    flash.success(request, _("You will get results by e-mail.") if wanted else _("You get no more results by e-mail."))
    return redirect("account:home")
