"""Forms of accounts: signing in, joining, second factors, invitations and roles."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from messages.accounts.partners import partner_choices
from messages.models import ApiToken
from messages.roles import ALL_ROLES, PARTNER_CONTACT, ROLE_NAMES

WRONG_ADDRESS = _("Enter an email address, such as name@example.org.")


def _password_field(missing: Any) -> forms.CharField:
    return forms.CharField(max_length=1024, strip=False, error_messages={"required": missing})


class SignInForm(forms.Form):
    username = forms.CharField(max_length=150, error_messages={"required": _("Enter your name.")})
    password = _password_field(_("Enter your password."))


class PasskeyAnswer(forms.JSONField):
    """The browser's answer for a passkey: a JSON object of at most a few kilobytes."""

    def to_python(self, value: Any) -> Any:
        unreadable = ValidationError(_("The browser’s answer could not be read. Try again."))
        if isinstance(value, str) and len(value) > 20_000:
            raise unreadable
        try:
            answer = super().to_python(value)
        except (ValueError, RecursionError):  # huge numbers, deep nesting
            raise unreadable from None
        if answer is not None and not isinstance(answer, dict):
            raise unreadable
        return answer


class CodeForm(forms.Form):
    """A code of the app, a recovery code, or the answer of a passkey."""

    code = forms.CharField(max_length=40, required=False)
    credential = PasskeyAnswer(required=False)


class PasskeyForm(forms.Form):
    name = forms.CharField(
        max_length=60, error_messages={"required": _("Enter a name that tells you which device it is on.")}
    )
    credential = PasskeyAnswer(error_messages={"required": _("The browser did not create a passkey. Try again.")})


class TokenForm(forms.Form):
    name = forms.CharField(
        max_length=60, error_messages={"required": _("Enter a name that tells you which program uses it.")}
    )
    scopes = forms.MultipleChoiceField(
        choices=ApiToken.Scope.choices,
        initial=[ApiToken.Scope.CAMPAIGNS, ApiToken.Scope.RESULTS],
        error_messages={
            "required": _("Choose what the program may do."),
            "invalid_choice": _("Choose what the program may do."),
        },
    )


class InviteForm(forms.Form):
    email = forms.EmailField(
        error_messages={
            "required": _("Enter the email address of the person you want to invite."),
            "invalid": WRONG_ADDRESS,
        }
    )
    role = forms.ChoiceField(
        choices=[(role, ROLE_NAMES[role]) for role in ALL_ROLES],
        error_messages={"required": _("Choose what they will do here."), "invalid_choice": _("Choose one of these.")},
    )
    partner = forms.TypedChoiceField(
        coerce=int, empty_value=None, required=False, error_messages={"invalid_choice": _("Choose one of these.")}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partners = partner_choices()
        self.fields["partner"].choices = [("", ""), *self.partners]  # type: ignore[attr-defined]  # a field of choices

    def clean(self) -> dict[str, Any]:
        """Ask for the partner of a partner contact, who would see nothing without one."""
        cleaned = super().clean() or {}
        if cleaned.get("role") != PARTNER_CONTACT:
            cleaned["partner"] = None
        elif not self.partners:
            self.add_error("partner", _("There are no partners yet. Add a placement first, then invite its contact."))
        elif cleaned.get("partner") is None and "partner" not in self.errors:
            self.add_error("partner", _("Choose the partner they work for."))
        return cleaned


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        choices=[(role, ROLE_NAMES[role]) for role in ALL_ROLES],
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose one of these.")},
    )


class JoinForm(forms.Form):
    """The name and the password of a new account."""

    username = forms.CharField(
        max_length=150,
        validators=[UnicodeUsernameValidator(message=_("Use only letters, digits and . @ + - _, without spaces."))],
        error_messages={"required": _("Choose the name that your colleagues will see.")},
    )
    password = _password_field(_("Use at least 12 characters for your password."))

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        """Ask for an e-mail address as well where the invitation has none."""
        super().__init__(*args, **kwargs)
        self._email = email
        if not email:
            self.fields["email"] = forms.EmailField(
                error_messages={"required": _("Enter your email address."), "invalid": WRONG_ADDRESS}
            )

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            raise ValidationError(_("Someone here already uses this name. Choose another."))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("password"):
            person = User(username=cleaned.get("username", ""), email=self._email or cleaned.get("email", ""))
            _validate_password(self, "password", cleaned["password"], person)
        return cleaned


class PasswordForm(forms.Form):
    old = _password_field(_("Enter your current password."))
    new = _password_field(_("Use at least 12 characters for your password."))

    def __init__(self, *args: Any, user: User, check_old: Callable[[str], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user, self._check_old = user, check_old

    def clean_old(self) -> str:
        old: str = self.cleaned_data["old"]
        self._check_old(old)
        return old

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("new"):
            _validate_password(self, "new", cleaned["new"], self._user)
        return cleaned


def _validate_password(form: forms.Form, field: str, password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        form.add_error(field, error)
