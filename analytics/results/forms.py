"""The form for what a campaign cost."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from analytics.models import CampaignCost


class CostForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has no generic one at run time
    """An amount and its currency."""

    amount = forms.IntegerField(
        label=_("Amount"),
        help_text=_(
            "Include everything: writing, translation, advertising, hosting and working hours. Enter "
            "whole numbers without cents."
        ),
        min_value=0,
        max_value=10**12,
        error_messages={
            "required": _("Enter an amount, such as 1200."),
            "invalid": _("Enter a whole number, such as 1200."),
        },
    )
    currency = forms.RegexField(
        r"^[A-Z]{3}$",
        label=_("Currency"),
        help_text=_("Three letters, such as EUR or USD."),
        error_messages={
            "required": _("Enter the currency, such as EUR."),
            "invalid": _("A currency has three letters, such as EUR."),
        },
    )

    class Meta:
        model = CampaignCost
        fields = ("amount", "currency")

    def __init__(self, data: Any = None, **options: Any) -> None:
        if data is not None:
            data = data.copy()
            data["currency"] = data.get("currency", "").strip().upper()
        super().__init__(data, **options)
