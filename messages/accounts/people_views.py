"""Pages on which administrators manage people. Changes require a recent confirmation, and are recorded."""

from dataclasses import dataclass

from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from messages import roles
from messages.accounts import api_tokens, invitations, members, second_factors, sessions
from messages.accounts.forms import InviteForm, RoleForm
from messages.accounts.sign_in_views import allow_form_methods
from messages.accounts.step_up import confirmation_required, confirmation_required_for_button
from messages.models import Invitation


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One person in the list."""

    user: User
    role: str
    has_factor: bool
    is_signed_in: bool


@roles.role_required(roles.ADMINISTRATOR)
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """List accounts and open invitations."""
    users = User.objects.prefetch_related("groups").order_by("-is_active", "username")
    now, factor, signed_in = timezone.now(), second_factors.user_ids_with_factor(), sessions.signed_in_user_ids()
    context = {
        "members": [MemberRow(user, _role_name(user), user.pk in factor, user.pk in signed_in) for user in users],
        "invitations": [
            (invitation, roles.ROLE_NAMES.get(invitation.role, invitation.role), invitation.expires_at <= now)
            for invitation in invitations.waiting()
        ],
    }
    return render(request, "messages/accounts/people.html", context)


def _role_name(user: User) -> str:
    return str(roles.ROLE_NAMES.get(roles.main_role(user), ""))


@roles.role_required(roles.ADMINISTRATOR)
@confirmation_required
@allow_form_methods
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody, and show the link, which is sent by e-mail if possible."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        invitation, token = invitations.invite(**form.cleaned_data, by=roles.current_user(request), now=timezone.now())
        return _link_page(request, invitation, token)
    return render(request, "messages/accounts/invite.html", {"form": form, "roles": _role_choices()})


def _role_choices() -> list[tuple[str, str, str]]:
    return [(role, str(roles.ROLE_NAMES[role]), str(roles.ROLE_DESCRIPTIONS[role])) for role in roles.ALL_ROLES]


def _link_page(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    link = request.build_absolute_uri(reverse("welcome", args=[token]))
    context = {
        "invitation": invitation,
        "link": link,
        "sent": invitations.send(invitation, link),
        "role": roles.ROLE_NAMES.get(invitation.role),
    }
    return render(request, "messages/accounts/invitation_link.html", context)


@roles.role_required(roles.ADMINISTRATOR)
@require_POST
@confirmation_required_for_button("people:list")
def update_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Send an invitation again, or withdraw it."""
    try:
        if request.POST.get("do") == "revoke":
            invitations.revoke(pk, by=roles.current_user(request))
            flash.success(request, _("The invitation has been withdrawn. Its link no longer works."))
            return HttpResponseRedirect(reverse("people:list"))
        invitation, token = invitations.resend(pk, by=roles.current_user(request), now=timezone.now())
    except invitations.InvitationOver:
        flash.info(request, _("This invitation has already been accepted or withdrawn."))
        return HttpResponseRedirect(reverse("people:list"))
    return _link_page(request, invitation, token)


@roles.role_required(roles.ADMINISTRATOR)
@confirmation_required
@allow_form_methods
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one person, and change their role, sessions, second factor or account."""
    user = get_object_or_404(User, pk=pk)
    form = RoleForm(request.POST if request.POST.get("do") == "role" else None, initial={"role": roles.main_role(user)})
    if request.method == "POST":
        try:
            if _apply_action(request, user, form):
                return HttpResponseRedirect(reverse("people:list"))
        except members.LastAdministrator:
            flash.error(request, _("This is the only administrator. Give someone else this role first."))
    context = {
        "person": user,
        "role": _role_name(user),
        "has_factor": second_factors.has_factor(user),
        "form": form,
        "held": roles.main_role(user),
        "roles": _role_choices(),
        "sessions": sessions.sessions_of(user),
        "tokens": api_tokens.tokens_of(user),
        "myself": user == request.user,
    }
    return render(request, "messages/accounts/person.html", context)


def _apply_action(request: HttpRequest, user: User, form: RoleForm) -> bool:
    """Do what the pressed button says; return False if the form is invalid."""
    by, name = roles.current_user(request), user.username
    match request.POST.get("do"):
        case "role":
            if not form.is_valid():
                return False
            members.change_role(user, form.cleaned_data["role"], by=by)
            values = {"name": name, "role": roles.ROLE_NAMES[form.cleaned_data["role"]].lower()}
            message = _("%(name)s now has the role %(role)s.") % values
        case "deactivate":
            members.deactivate(user, by=by)
            message = _("The account of %(name)s is now closed.") % {"name": name}
        case "reactivate":
            members.reactivate(user, by=by)
            message = _("The account of %(name)s is open again.") % {"name": name}
        case "end-sessions":
            members.end_sessions(user, by=by)
            message = _("%(name)s has been signed out everywhere.") % {"name": name}
        case "reset-factor":
            second_factors.reset(user, by=by)
            message = _("%(name)s will set up a new second factor at the next sign-in.") % {"name": name}
        case _:
            raise BadRequest("There is no such button.")
    flash.success(request, message)
    return True
