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
        help_text=_("The page that helps, not the home page of whoever runs it. It begins with https://."),
        error_messages={"invalid": _("This is not an address, such as https://help.example/.")},
    )
    lane = forms.ChoiceField(label=_("Who it is for"), choices=HelpLink.Lane.choices, widget=forms.RadioSelect)
    audience = forms.ChoiceField(
        label=_("How old, or in what part"), choices=HelpLink.Audience.choices, widget=forms.RadioSelect
    )
    country = forms.ChoiceField(label=_("Country"), help_text=_("Where the people live whom it serves."))
    language = forms.ChoiceField(label=_("Language"), required=False, help_text=_("That the page is in."))
    channels = forms.MultipleChoiceField(
        label=_("How one can reach it"),
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
            "contact": _("Number or e-mail address"),
            "hours": _("Hours"),
            "note": _("What visitors read about it"),
            "staff_note": _("Note for colleagues"),
            "source": _("Who runs it"),
            "facts_from": _("How you know"),
        }
        help_texts = {
            "name": _("As the service calls itself."),
            "contact": _("As one dials or writes it. Leave it empty if it is only a page."),
            "hours": _("With the time zone, such as “Every day, 9 to 17, London time”."),
            "note": _("Whom it serves and what it asks of them, in a sentence or two."),
            "staff_note": _("Shown on no public page."),
            "source": _("The organisation and its country. Visitors see it."),
            "facts_from": _("The page where you read the number, the hours or the cost, and when."),
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
                "Use an address that begins with https:// and the name of a site, such as https://help.example/, with "
                "no port or password."
            )
            raise ValidationError(sentence) from None
        return url

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        has_other_channels = set(cleaned.get("channels") or ()) - {HelpLink.Channel.WEB}
        if not cleaned.get("facts_from") and (has_other_channels or any(cleaned.get(name) for name in _NEED_A_SOURCE)):
            self.add_error("facts_from", _("Please say where you read the number, the hours or the cost."))
        return cleaned


def _set_choices(field: forms.Field, choices: list[Any]) -> forms.ChoiceField:
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices
    return field
