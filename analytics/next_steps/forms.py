"""The form that puts a message to use."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.models import Arm, Campaign, Placement

BY_PERIOD = "period"
_ONE_TEXT = _(
    "Nobody, because each page shows everyone the same text. You cannot tell whether the message still works. The "
    "harm stop compares it with the control of the trial."
)
HOLDOUTS = (
    ("10", _("10 of 100 people (recommended): you notice sooner if the message stops working.")),
    ("5", _("5 of 100 people: it takes about twice as long to notice.")),
    (
        "0",
        _(
            "Nobody: you cannot tell whether the message still works. The harm stop compares it with the control of "
            "the trial."
        ),
    ),
    (
        BY_PERIOD,
        _(
            "Nobody, and each page shows everyone the same text for a day: for pages that can show one text at a time, "
            "such as those that a cache holds."
        ),
    ),
)


class UseForm(forms.Form):
    """Which message, where, and how many people keep seeing the control."""

    message = forms.ChoiceField(
        label=_("Which message should be shown?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a message.")},
    )
    holdout = forms.ChoiceField(
        label=_("How many people should keep seeing the control?"),
        choices=HOLDOUTS,
        initial="10",
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how many.")},
    )
    places = forms.ModelMultipleChoiceField(
        Placement.objects.none(),
        label=_("Where should it be shown?"),
        to_field_name="key",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one placement.")},
    )

    def __init__(
        self, data: Any = None, *, campaign: Campaign, working: Sequence[Arm], gains: Mapping[str, str]
    ) -> None:
        super().__init__(data)
        message, holdout, places = self.fields["message"], self.fields["holdout"], self.fields["places"]
        assert isinstance(message, forms.ChoiceField)
        assert isinstance(holdout, forms.ChoiceField)
        assert isinstance(places, forms.ModelMultipleChoiceField)
        message.choices = [
            (arm.key, f"{arm.name}: {gain}" if (gain := gains.get(arm.key)) else arm.name) for arm in working
        ]
        message.initial = working[0].key if working else None
        if campaign.unit == Campaign.Unit.PERIOD:
            holdout.choices, holdout.initial = [(BY_PERIOD, _ONE_TEXT)], BY_PERIOD
        places.queryset = campaign.placements.order_by("name")
        places.initial = list(campaign.placements.all())
