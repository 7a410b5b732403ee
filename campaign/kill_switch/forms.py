"""The form that asks for a reason."""

from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.lifecycle.arm_pauses import ARM_REASON_LIMIT


class ReasonForm(forms.Form):
    """A reason for the audit record."""

    reason = forms.CharField(
        label=_("Why"),
        help_text=_("A sentence or two. It stays on record, with your name."),
        max_length=ARM_REASON_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Please say why, in a sentence. It stands on the record.")},
    )
