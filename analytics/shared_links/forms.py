"""Forms of shared links: whom to give one, which address asks for a code, and the code."""

from django import forms
from django.utils.translation import gettext_lazy as _

from analytics.shared_links.links import LONGEST_DAYS

_WRONG_ADDRESS = _("Enter an email address, such as name@example.org.")
_WRONG_DAYS = _("Enter a number of days from 1 to %(days)d.") % {"days": LONGEST_DAYS}


class GiveForm(forms.Form):
    """Who may read the results, and for how long."""

    email = forms.EmailField(
        error_messages={"required": _("Enter the email address of the person."), "invalid": _WRONG_ADDRESS}
    )
    days = forms.IntegerField(
        min_value=1,
        max_value=LONGEST_DAYS,
        initial=14,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), _WRONG_DAYS),
    )


class NamedPersonForm(forms.Form):
    email = forms.EmailField(error_messages={"required": _("Enter your email address."), "invalid": _WRONG_ADDRESS})


class MailedCodeForm(forms.Form):
    code = forms.CharField(max_length=40, error_messages={"required": _("Enter the code from the email.")})
