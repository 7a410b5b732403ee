"""Forms for a placement, a partner's name, and a partner's contacts."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaign.models import Partner, Placement
from campaign.placements import changes
from campaign.placements.origins import InvalidOrigin, is_safe_url, parse_origin, url_as_sent
from messages.i18n import countries
from messages.models import Revision
from messages.query_numbers import parse_whole_number
from messages.stale_copies import SeenDigestForm, ids_of

MAX_ORIGINS, MAX_PER_DAY = 50, 100_000_000
_ADDRESS = _("Enter an address such as https://example.org/thanks.")
_UNSAFE = _(
    "Enter an address that begins with https:// and contains no name or password. Only localhost can use http://."
)
_STOPPED = _("This text was stopped everywhere. Choose another, or none.")


class OriginsField(forms.CharField):
    """A list of origins, one per line, each exactly as a browser sends it."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "off"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = [line.strip() for line in (super().to_python(value) or "").splitlines()]
        origins, errors = [], []
        for number, line in enumerate(lines, start=1):
            try:
                origins += [parse_origin(line)] if line else []
            except InvalidOrigin as reason:
                errors.append(_("Line %(number)d: %(reason)s") % {"number": number, "reason": reason})
        if errors:
            raise ValidationError([str(error) for error in errors])
        if len(origins) > MAX_ORIGINS:
            message = ngettext("Enter at most %(most)d site.", "Enter at most %(most)d sites.", MAX_ORIGINS)
            raise ValidationError(message % {"most": MAX_ORIGINS})
        return list(dict.fromkeys(origins))


class CountriesField(forms.MultipleChoiceField):
    """Countries by their codes, in the order of the codes."""

    widget = forms.SelectMultiple(attrs={"size": 6})

    def clean(self, value: Any) -> list[str]:
        return sorted(super().clean(value))


class NeutralRevisionField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """An approved neutral revision, labelled with its headline; a stopped one gets an error message of its own."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError:
            stopped = Revision.objects.filter(message__stopped_at__isnull=False)
            if stopped.filter(pk=parse_whole_number(str(value)) or 0).exists():
                raise ValidationError(_STOPPED) from None
            raise

    def label_from_instance(self, revision: Any) -> str:
        headlines = {rendition.locale: rendition.headline for rendition in revision.renditions.all()}
        headline = headlines.get("en") or next(iter(headlines.values()), "")
        return f"{headline} ({revision.message.key}, {revision.number}; {', '.join(sorted(headlines))})"


class PlacementForm(SeenDigestForm):
    """A placement, and optionally a new partner to add with it."""

    digest_fields = changes.PLACEMENT_FIELDS

    partner = forms.ModelChoiceField(
        Partner.objects.order_by("name"),
        label=_("Partner"),
        required=False,
        empty_label=_("A new partner, entered below"),
    )
    new_partner = forms.CharField(
        label=_("Or enter a new partner"),
        required=False,
        max_length=120,
        help_text=_("The organisation that runs the site. Visitors see this name on the page about the message."),
    )
    allowed_origins = OriginsField(
        label=_("Sites that can show it"),
        required=False,
        help_text=_(
            "Enter one per line, exactly: https://www.example.org and https://example.org are different sites."
        ),
    )
    countries = CountriesField(
        label=_("Countries where its visitors live"),
        required=False,
        help_text=_(
            "Visitors see help for these countries and help that works everywhere. If you choose none, "
            "they see all help, and the page is longer."
        ),
    )
    leave_url = forms.URLField(
        label=_("Where “Leave this page” leads"),
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text=_("Leave it empty to use our own plain page."),
        error_messages={"invalid": _ADDRESS},
    )
    continue_url = forms.URLField(
        label=_("Where “Continue” leads"),
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text=_("Leave it empty to close the message and stay on the page."),
        error_messages={"invalid": _ADDRESS},
    )
    expected_per_day = forms.IntegerField(
        label=_("Messages shown per day"),
        required=False,
        min_value=0,
        max_value=MAX_PER_DAY,
        help_text=_(
            "The partner’s estimate. We use it to work out how long a campaign will take. Leave it empty "
            "if nobody knows."
        ),
    )
    network_share = forms.TypedChoiceField(
        label=_("How visitors reach this placement"),
        required=False,
        coerce=int,
        choices=(
            (0, _("Many networks")),
            (10, _("Some large networks: up to 10 in 100 people use the same one, such as a phone company")),
            (50, _("Few networks: up to 50 in 100 people use the same one, such as a school or a company")),
            (100, _("One network: a partner’s server sends all requests, or the page is used inside one organisation")),
        ),
        help_text=_(
            "One network can normally count for only a very small share of a day’s messages, so that "
            "nobody can change a result alone. Choose a larger share if many people come through the "
            "same network. A larger share also makes it easier for one network to change a result, and "
            "we withhold results that one network could have changed."
        ),
    )
    counts_signed_only = forms.BooleanField(
        label=_("Count only requests signed by the partner’s server"),
        required=False,
        help_text=_("Partners cannot sign requests yet. If you choose this, nothing is counted until they can."),
    )
    fallback = NeutralRevisionField(
        queryset=Revision.objects.none(),
        label=_("Text shown when no campaign is running"),
        required=False,
        empty_label=_("None: show nothing"),
        help_text=_("An approved neutral text. Nothing is counted while it is shown."),
    )

    class Meta:
        model = Placement
        fields = list(changes.PLACEMENT_FIELDS)
        labels = {"name": _("Name"), "key": _("Key")}
        help_texts = {
            "name": _("The name that you and the partner use, such as “Search page”."),
            "key": _("The partner’s page uses this key. Leave it empty to create it from the name."),
        }

    field_order = ["name", "key", "partner", "new_partner", *changes.PLACEMENT_FIELDS[3:], "was"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["key"].required = False
        if changes.is_key_fixed(self.instance):
            self.fields["key"].disabled = True
            self.fields["key"].help_text = _(
                "You cannot change this: a campaign was launched here and the partner’s page uses it."
            )
        if self.instance.pk is not None and changes.open_campaigns(self.instance):
            for name in changes.FIXED_FIELDS:
                self.fields[name].disabled = True
                self.fields[name].help_text = _(
                    "You cannot change this while a campaign is open here, because its results depend on it."
                )
        countries_field = self.fields["countries"]
        assert isinstance(countries_field, CountriesField)
        countries_field.choices = countries.choices()
        choices = set(changes.neutral_revisions())
        fallback = self.instance.fallback
        if fallback is not None and fallback.message.stopped_at is None:
            choices.add(fallback.pk)
        field = self.fields["fallback"]
        assert isinstance(field, NeutralRevisionField)
        revisions = Revision.objects.filter(pk__in=choices).select_related("message")
        field.queryset = revisions.prefetch_related("renditions")
        if not self.instance.expected_per_day:
            self.initial["expected_per_day"] = None

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if key in changes.RESERVED_KEYS:
            raise ValidationError(_("One of our pages already uses this key. Choose another."))
        return key or self.instance.key

    def clean_expected_per_day(self) -> int:
        return self.cleaned_data["expected_per_day"] or 0

    def clean_network_share(self) -> int:
        return self.cleaned_data["network_share"] or 0

    def clean_leave_url(self) -> str:
        return _check_url(self.cleaned_data["leave_url"])

    def clean_continue_url(self) -> str:
        return _check_url(self.cleaned_data["continue_url"])

    def clean_new_partner(self) -> str:
        name: str = self.cleaned_data["new_partner"]
        if name and Partner.objects.filter(name__iexact=name).exists():
            raise ValidationError(_("This partner already exists. Choose it above."))
        return name

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or self.cleaned_data
        if fields.get("partner") and fields.get("new_partner"):
            self.add_error("new_partner", _("Choose a partner above or enter a new one here, not both."))
        elif not fields.get("partner") and not fields.get("new_partner") and "new_partner" not in self.errors:
            self.add_error("partner", _("Choose a partner, or enter a new one below."))
        return fields

    def _get_validation_exclusions(self) -> set[str]:
        """Leave the partner to `clean`, whose message is clearer than the model's."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # Django's, not in its stubs
        return excluded | {"partner"}


def _check_url(url: str) -> str:
    if url and not is_safe_url(url):
        raise ValidationError(_UNSAFE)
    return url_as_sent(url)


class PartnerForm(SeenDigestForm):
    """A partner's name."""

    digest_fields = ("name",)

    class Meta:
        model = Partner
        fields = ["name"]
        labels = {"name": _("Name")}
        help_texts = {"name": _("Visitors see it on the page about the message.")}


class ContactsForm(forms.Form):
    """The users who see this partner's placements."""

    contacts = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        label=_("Contacts"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "They see this partner’s placements, the line to paste and the test. They do not see results "
            "or other partners."
        ),
    )

    def __init__(self, *args: Any, partner: Partner, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seen = self.data.get("was", "") if self.is_bound else ids_of(partner.contacts.all())
        self.initial["contacts"] = partner.contacts.all()
        candidates = {user.pk for user in changes.contact_candidates()} | {user.pk for user in partner.contacts.all()}
        self.candidates = User.objects.filter(pk__in=candidates).order_by("username")
        field = self.fields["contacts"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = self.candidates
