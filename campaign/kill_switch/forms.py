"""The form that asks for a reason."""

from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.lifecycle.arm_pauses import ARM_REASON_LIMIT


class ReasonForm(forms.Form):
    """A reason for the audit record."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("One or two sentences. They stay on record with your name."),
        max_length=ARM_REASON_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Enter a reason. It stays on record.")},
    )
