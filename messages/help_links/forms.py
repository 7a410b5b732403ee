"""The form of one help link."""

from typing import Any

from django import forms
from django.conf.global_settings import LANGUAGES
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from messages import public_http
from messages.help_links.directory import EDITABLE_FIELDS
from messages.i18n import countries
from messages.models import HelpLink
from messages.stale_copies import SeenDigestForm

_CHOOSE = ("", _("Choose one"))
_UNKNOWN = ("", _("Not known"))
_NEED_A_SOURCE = ("contact", "hours", "cost")


class HelpLinkForm(SeenDigestForm):
    """Facts that are left empty are shown as not known."""

    digest_fields = EDITABLE_FIELDS

    url = forms.URLField(
        label=_("Address"),
        max_length=200,
        assume_scheme="https",
        help_text=_("The page that offers help, not the organisation’s home page. It begins with https://."),
        error_messages={"invalid": _("Enter an address such as https://help.example/.")},
    )
    lane = forms.ChoiceField(label=_("Who it is for"), choices=HelpLink.Lane.choices, widget=forms.RadioSelect)
    audience = forms.ChoiceField(
        label=_("Age or situation"), choices=HelpLink.Audience.choices, widget=forms.RadioSelect
    )
    country = forms.ChoiceField(label=_("Country"), help_text=_("Where the people it helps live."))
    language = forms.ChoiceField(label=_("Language"), required=False, help_text=_("The language of the page."))
    channels = forms.MultipleChoiceField(
        label=_("How to reach it"),
        choices=HelpLink.Channel.choices,
        initial=[HelpLink.Channel.WEB],
        widget=forms.CheckboxSelectMultiple,
    )
    cost = forms.ChoiceField(label=_("Cost"), required=False, choices=[_UNKNOWN, *HelpLink.Cost.choices])

    class Meta:
        model = HelpLink
        fields = list(EDITABLE_FIELDS)
        labels = {
            "name": _("Name"),
            "contact": _("Phone number or email address"),
            "hours": _("Hours"),
            "note": _("Description for visitors"),
            "staff_note": _("Note for colleagues"),
            "source": _("Organisation"),
            "facts_from": _("Source"),
        }
        help_texts = {
            "name": _("The name the service uses for itself."),
            "contact": _("As people dial or write it. Leave it empty if there is only a page."),
            "hours": _("Include the time zone, such as “Every day, 9 to 17, London time”."),
            "note": _("Who it helps and what it asks of them, in one or two sentences."),
            "staff_note": _("Not shown to visitors."),
            "source": _("The organisation and its country. Visitors see this."),
            "facts_from": _("The page where you read the number, hours or cost, and the date."),
        }
        widgets = {
            "note": forms.Textarea(attrs={"rows": 3}),
            "staff_note": forms.Textarea(attrs={"rows": 2}),
            "facts_from": forms.Textarea(attrs={"rows": 2}),
        }

    field_order = [*EDITABLE_FIELDS, "was"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["country"] = _set_choices(
            self.fields["country"], [_CHOOSE, (countries.EVERYWHERE, _("Everywhere")), *countries.choices()]
        )
        languages = sorted((pair for pair in LANGUAGES if len(pair[0]) <= 8), key=lambda pair: str(pair[1]))
        self.fields["language"] = _set_choices(self.fields["language"], [_UNKNOWN, *languages])
        for name in ("note", "source"):
            self.fields[name].required = True

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            public_http.split_url(url)
        except public_http.UnsafeAddress:
            sentence = _(
                "Enter an address that begins with https:// and the name of a site, such as "
                "https://help.example/, without a port or password."
            )
            raise ValidationError(sentence) from None
        return url

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        has_other_channels = set(cleaned.get("channels") or ()) - {HelpLink.Channel.WEB}
        if not cleaned.get("facts_from") and (has_other_channels or any(cleaned.get(name) for name in _NEED_A_SOURCE)):
            self.add_error("facts_from", _("Say where you read the number, the hours or the cost."))
        return cleaned


def _set_choices(field: forms.Field, choices: list[Any]) -> forms.ChoiceField:
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices
    return field
