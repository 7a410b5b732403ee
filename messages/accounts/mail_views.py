"""Pages of one's own mail: which address answered, and which mail is wanted."""

from django import forms
from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messages.accounts.forms import WRONG_ADDRESS
from messages.accounts.recorded_accounts import record_step
from messages.accounts.sign_in_views import allow_form_methods
from messages.accounts.step_up import confirmation_required
from messages.roles import STAFF_ROLES, current_user, has_role
from messages.staff_mail import mailboxes
from messages.staff_mail.mail import is_mail_possible


class AddressForm(forms.Form):
    email = forms.EmailField(
        error_messages={"required": gettext_lazy("Enter your email address."), "invalid": WRONG_ADDRESS}
    )


@allow_form_methods
def mail(request: HttpRequest) -> HttpResponse:
    """Show whether mail reaches this person, and let them choose which they want."""
    user = current_user(request)
    mailbox = mailboxes.mailbox_of(user)
    if request.method == "POST":
        mailbox.wants_tasks = bool(request.POST.get("wants_tasks"))
        mailbox.wants_digest = bool(request.POST.get("wants_digest"))
        mailbox.save()
        flash.success(request, _("Saved."))
        return HttpResponseRedirect(reverse("account:mail"))
    context = {
        "mailbox": mailbox,
        "is_confirmed": mailboxes.is_confirmed(user),
        "is_possible": is_mail_possible(),
        "is_staff_member": has_role(user, *STAFF_ROLES),
    }
    return render(request, "messages/accounts/mail.html", context)


@confirmation_required
@allow_form_methods
def confirm_address(request: HttpRequest) -> HttpResponse:
    """Send a code to an address, then take the code: the address is this person's from then on."""
    user, now = current_user(request), timezone.now()
    if request.method == "POST" and "code" in request.POST:
        return _take_code(request)
    form = AddressForm(request.POST or None, initial={"email": user.email})
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["email"]
        try:
            mailboxes.send_code(user, address, now=now)
        except mailboxes.CodeNotSent as reason:
            form.add_error("email", str(reason))
        else:
            return render(request, "messages/accounts/mail_code.html", {"address": address})
    return render(request, "messages/accounts/mail_address.html", {"form": form})


def _take_code(request: HttpRequest) -> HttpResponse:
    user = current_user(request)
    if mailboxes.confirm_by_code(user, request.POST["code"], record=record_step, now=timezone.now()):
        flash.success(request, _("Confirmed. Mail reaches you at %(address)s.") % {"address": user.email})
        return HttpResponseRedirect(reverse("account:mail"))
    context = {
        "address": mailboxes.mailbox_of(user).pending,
        "error": _("That code is not correct, or no longer valid. Try again, or ask for another one."),
    }
    return render(request, "messages/accounts/mail_code.html", context)
