"""The form of one help link: what is known of it, and how we know."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf.global_settings import LANGUAGES
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from messages.help_links import link_checker
from messages.help_links.directory import EDITABLE_FIELDS
from messages.models import HelpLink
from messages.text import countries

_CHOOSE = ("", _("Choose one"))
_UNKNOWN = ("", _("Not known"))
_BESIDE_THE_PAGE = ("contact", "hours", "cost")


if TYPE_CHECKING:
    HelpLinkModelForm = forms.ModelForm[HelpLink]
else:
    HelpLinkModelForm = forms.ModelForm  # Django's cannot be subscripted while it runs


class HelpLinkForm(HelpLinkModelForm):
    """Every fact may be left open; then it is shown as not known."""

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
    was = forms.CharField(required=False, widget=forms.HiddenInput)  # what the writer saw; the page sends `current`

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
        self.has_conflict = False
        self.fields["country"] = _choice(
            self.fields["country"], [_CHOOSE, (countries.EVERYWHERE, _("Everywhere")), *countries.by_name()]
        )
        spoken = sorted(LANGUAGES, key=lambda pair: str(pair[1]))
        known = [pair for pair in spoken if len(pair[0]) <= 8]
        self.fields["language"] = _choice(self.fields["language"], [_UNKNOWN, *known])
        for name in ("note", "source"):
            self.fields[name].required = True
        self.current_digest = link_digest(self.instance)

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            host, _path = link_checker.split_url(url)
        except link_checker.UnsafeAddress:
            raise ValidationError(_("Use an address that begins with https:// and has no port or password.")) from None
        if "." not in host.strip(".") or host.replace(".", "").isdigit():
            raise ValidationError(_("Use the name of a site, such as https://help.example/."))
        return url

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        beyond_the_page = set(told.get("channels") or ()) - {HelpLink.Channel.WEB}
        if not told.get("facts_from") and (beyond_the_page or any(told.get(name) for name in _BESIDE_THE_PAGE)):
            self.add_error("facts_from", _("Please say where you read the number, the hours or the cost."))
        self._see_whether_overtaken(told.get("was", ""))
        return told

    def _see_whether_overtaken(self, was: str) -> None:
        """Someone saved while this form stood open: nothing is lost, and the second time it is meant."""
        if self.current_digest and was != self.current_digest:
            self.has_conflict = True
            self.add_error(
                None,
                _(
                    "A colleague changed this link while you wrote. Your words are kept below. "
                    "Compare them with theirs, then save again to keep yours."
                ),
            )


def _choice(field: forms.Field, choices: list[Any]) -> forms.ChoiceField:
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices
    return field


def link_digest(link: HelpLink) -> str:
    """Differs whenever something told of the link has changed; empty for one that is not kept yet."""
    if link._state.adding:
        return ""
    told = json.dumps([getattr(link, name) for name in EDITABLE_FIELDS], ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:16]
