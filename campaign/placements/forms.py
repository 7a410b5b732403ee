"""The forms of a placement, of a partner's name, and of who its contacts are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaign.models import Partner, Placement
from campaign.placements import changes
from campaign.placements.origins import InvalidOrigin, is_safe_url, parse_origin
from messages.models import Revision

MAX_ORIGINS, MAX_PER_DAY = 50, 100_000_000
_ADDRESS = _("This is not an address, such as https://example.org/thanks.")
_UNSAFE = _("Use an address that begins with https://. Only localhost may do without.")
_STOPPED = _("These words were stopped everywhere, so no visitor may see them. Choose others, or none.")

if TYPE_CHECKING:
    PlacementBase = forms.ModelForm[Placement]
    PartnerBase = forms.ModelForm[Partner]
else:
    PlacementBase = PartnerBase = forms.ModelForm  # Django's cannot be subscripted while it runs


class OriginsField(forms.CharField):
    """One origin a line, each exactly as a browser sends it."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "off"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = [line.strip() for line in (super().to_python(value) or "").splitlines()]
        found, wrong = [], []
        for number, line in enumerate(lines, start=1):
            try:
                found += [parse_origin(line)] if line else []
            except InvalidOrigin as reason:
                wrong.append(_("Line %(number)d: %(reason)s") % {"number": number, "reason": reason})
        if wrong:
            raise ValidationError([str(sentence) for sentence in wrong])
        if len(found) > MAX_ORIGINS:
            said = ngettext("At most %(most)d site.", "At most %(most)d sites.", MAX_ORIGINS)
            raise ValidationError(said % {"most": MAX_ORIGINS})
        return list(dict.fromkeys(found))


class NeutralRevisionField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django's cannot be subscripted while it runs
    """Approved neutral words, told by their headline; those that were stopped everywhere are refused by name."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError:
            asked = str(value)[:18]
            stopped = Revision.objects.filter(message__stopped_at__isnull=False)
            if asked.isascii() and asked.isdigit() and stopped.filter(pk=asked).exists():
                raise ValidationError(_STOPPED) from None
            raise

    def label_from_instance(self, revision: Any) -> str:
        words = {rendition.locale: rendition.headline for rendition in revision.renditions.all()}
        headline = words.get("en") or next(iter(words.values()), "")
        return f"{headline} ({revision.message.key}, {revision.number}; {', '.join(sorted(words))})"


class PlacementForm(PlacementBase):
    """What is told of one placement; a partner who is not there yet is added with it."""

    partner = forms.ModelChoiceField(
        Partner.objects.order_by("name"), label=_("Partner"), required=False, empty_label=_("A new one, named below")
    )
    new_partner = forms.CharField(
        label=_("Or a new partner"),
        required=False,
        max_length=120,
        help_text=_("Who runs the site. Visitors read this name on the page about the message."),
    )
    allowed_origins = OriginsField(
        label=_("Sites that may show it"),
        required=False,
        help_text=_("One a line, each exactly: https://www.example.org and https://example.org are two."),
    )
    leave_url = forms.URLField(
        label=_("Where “Leave this page” leads"),
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text=_("Leave it empty for our own quiet page."),
        error_messages={"invalid": _ADDRESS},
    )
    continue_url = forms.URLField(
        label=_("Where “Continue” leads"),
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text=_("Leave it empty, and the message closes and the page goes on."),
        error_messages={"invalid": _ADDRESS},
    )
    expected_per_day = forms.IntegerField(
        label=_("Messages shown a day"),
        required=False,
        min_value=0,
        max_value=MAX_PER_DAY,
        help_text=_("As far as the partner can tell; it says how long a trial will take. Empty: nobody knows yet."),
    )
    fallback = NeutralRevisionField(
        queryset=Revision.objects.none(),
        label=_("Words while no campaign runs"),
        required=False,
        empty_label=_("None: nothing is shown"),
        help_text=_("Approved neutral words. Nothing is counted while they stand there."),
    )

    class Meta:
        model = Placement
        fields = list(changes.PLACEMENT_FIELDS)
        labels = {"name": _("Name"), "key": _("Key")}
        help_texts = {
            "name": _("As you and the partner call this spot, such as “Search page”."),
            "key": _("It stands in the partner’s page. Leave it empty to have it made from the name."),
        }

    field_order = [
        "name",
        "key",
        "partner",
        "new_partner",
        "allowed_origins",
        "leave_url",
        "continue_url",
        "expected_per_day",
        "fallback",
    ]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["key"].required = False
        if changes.is_key_fixed(self.instance):
            self.fields["key"].disabled = True
            self.fields["key"].help_text = _("Fixed: a campaign was launched here, and the partner’s page names it.")
        chosen = {revision.pk for revision in changes.neutral_revisions()}
        fallback = self.instance.fallback
        if fallback is not None and fallback.message.stopped_at is None:
            chosen.add(fallback.pk)
        words = self.fields["fallback"]
        assert isinstance(words, NeutralRevisionField)
        words.queryset = Revision.objects.filter(pk__in=chosen).select_related("message").prefetch_related("renditions")
        if not self.instance.expected_per_day:
            self.initial["expected_per_day"] = None

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if key in changes.RESERVED_KEYS:
            raise ValidationError(_("This key is taken by a page of ours. Choose another."))
        return key or self.instance.key

    def clean_expected_per_day(self) -> int:
        return self.cleaned_data["expected_per_day"] or 0

    def clean_leave_url(self) -> str:
        return _safe(self.cleaned_data["leave_url"])

    def clean_continue_url(self) -> str:
        return _safe(self.cleaned_data["continue_url"])

    def clean_new_partner(self) -> str:
        name: str = self.cleaned_data["new_partner"]
        if name and Partner.objects.filter(name__iexact=name).exists():
            raise ValidationError(_("This partner is there already: choose it above."))
        return name

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        if told.get("partner") and told.get("new_partner"):
            self.add_error("new_partner", _("Choose a partner above, or name a new one here: not both."))
        elif not told.get("partner") and not told.get("new_partner") and "new_partner" not in self.errors:
            self.add_error("partner", _("Choose a partner, or name a new one below."))
        return told

    def _get_validation_exclusions(self) -> set[str]:
        """The model's own check of the partner would speak of an empty field; `clean` says it better."""
        left: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # Django's, not in its stubs
        return left | {"partner"}


def _safe(url: str) -> str:
    if url and not is_safe_url(url):
        raise ValidationError(_UNSAFE)
    return url


class PartnerForm(PartnerBase):
    """A partner's name."""

    class Meta:
        model = Partner
        fields = ["name"]
        labels = {"name": _("Name")}
        help_texts = {"name": _("Visitors read it on the page about the message.")}


class ContactsForm(forms.Form):
    """Which partner contacts see this partner's placements."""

    contacts = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        label=_("Contacts"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("They see this partner’s placements, the line to paste and the test: no results, and nobody else."),
    )

    def __init__(self, *args: Any, partner: Partner, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["contacts"] = partner.contacts.all()
        held = {user.pk for user in changes.contact_candidates()} | {user.pk for user in partner.contacts.all()}
        self.candidates = User.objects.filter(pk__in=held).order_by("username")
        field = self.fields["contacts"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = self.candidates
