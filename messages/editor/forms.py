"""Forms of the editor: text, claims, and for a new message its theme, frame and language."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from messages.editor.save import Claims, EditBaseline, EditedText
from messages.i18n import languages
from messages.models import ClaimStrength, Frame, Rendition, Revision, Theme
from messages.text.rendering import normalize_line_endings

_MAX_SOURCES, _MAX_SOURCE_LENGTH = 20, 600

PREVIEW_CHOICES: dict[str, list[tuple[str, Any]]] = {
    "place": [("page", _("Hosted page")), ("embed", _("Embed"))],
    "screen": [("phone", _("Phone")), ("desktop", _("Desktop"))],
    "colours": [("light", _("Light")), ("dark", _("Dark"))],
    "direction": [("", _("As written")), ("rtl", _("Right to left")), ("ltr", _("Left to right"))],
}


class PreviewOptionsForm(forms.Form):
    """Options of the preview."""

    place = forms.ChoiceField(label=_("Where"), choices=PREVIEW_CHOICES["place"])
    screen = forms.ChoiceField(label=_("Screen"), choices=PREVIEW_CHOICES["screen"])
    colours = forms.ChoiceField(label=_("Colours"), choices=PREVIEW_CHOICES["colours"])
    direction = forms.ChoiceField(label=_("Text direction"), choices=PREVIEW_CHOICES["direction"])

    @classmethod
    def normalize(cls, typed: Mapping[str, str]) -> dict[str, str]:
        """A valid value for each option; unknown values become the first choice."""
        values = {name: [value for value, _label in choices] for name, choices in PREVIEW_CHOICES.items()}
        return {name: typed[name] if typed.get(name) in known else known[0] for name, known in values.items()}


class EditorTextForm(forms.Form):
    """The headline and body of one language."""

    headline = forms.CharField(
        label=_("Headline"),
        max_length=Rendition._meta.get_field("headline").max_length,
        help_text=_("One sentence that respects the reader."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "true"}),
        error_messages={"required": _("Enter a headline.")},
    )
    body = forms.CharField(
        label=_("Text"),
        max_length=Rendition._meta.get_field("body").max_length,
        help_text=_("Short paragraphs of plain text, separated by an empty line. Offer a way out in the last one."),
        widget=forms.Textarea(attrs={"rows": 7, "spellcheck": "true"}),
        error_messages={"required": _("Enter a text below the headline.")},
    )

    def __init__(self, *args: Any, locale: str = "", direction: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        if locale:
            for name in ("headline", "body"):
                self.fields[name].widget.attrs |= {"lang": locale, "dir": direction}

    def clean_body(self) -> str:
        return normalize_line_endings(self.cleaned_data["body"]).strip()

    def edited_text(self, claims: Claims) -> EditedText:
        """The text of a valid form."""
        return EditedText(self.cleaned_data["headline"], self.cleaned_data["body"], claims)


class TextAndClaimsForm(EditorTextForm):
    """The text of the original language, with the claims of the revision."""

    claim_strength = forms.ChoiceField(
        label=_("How well is this known?"),
        choices=ClaimStrength.choices,
        help_text=_("The text must not sound more certain than this."),
    )
    sources = forms.CharField(
        label=_("Sources"),
        required=False,
        help_text=_("One per line. Leave it empty if the text makes no claim. Do not cite from memory."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    note = forms.CharField(
        label=_("Reason for the wording"),
        required=False,
        max_length=Revision._meta.get_field("note").max_length,
        help_text=_("Optional: one sentence that explains the wording to the reviewer."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean_sources(self) -> str:
        typed = normalize_line_endings(self.cleaned_data["sources"])
        lines = [line.strip() for line in typed.split("\n") if line.strip()]
        if len(lines) > _MAX_SOURCES or any(len(line) > _MAX_SOURCE_LENGTH for line in lines):
            raise forms.ValidationError(
                _("Enter at most %(most)d sources, each with up to %(long)d characters."),
                params={"most": _MAX_SOURCES, "long": _MAX_SOURCE_LENGTH},
            )
        return "\n".join(lines)

    def clean_note(self) -> str:
        return normalize_line_endings(self.cleaned_data["note"]).strip()

    def claims(self) -> Claims:
        """The claims of a valid form."""
        cleaned = self.cleaned_data
        sources = tuple(cleaned["sources"].split("\n")) if cleaned["sources"] else ()
        return Claims(cleaned["claim_strength"], sources, cleaned["note"])


class ThemeField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """A choice of theme; those of the starter library have their names in the reader's language."""

    def label_from_instance(self, theme: Theme) -> str:
        return gettext(theme.name)


class NewMessageForm(TextAndClaimsForm):
    """The text and claims of a new message, with its theme, frame and language."""

    theme = ThemeField(
        label=_("Theme"),
        queryset=Theme.objects.all(),
        required=False,
        to_field_name="key",
        empty_label=_("Choose a theme, or enter your own below"),
        help_text=_("The main argument of the message."),
        error_messages={"invalid_choice": _("This theme no longer exists. Choose another.")},
    )
    theme_name = forms.CharField(
        label=_("Your own theme"),
        max_length=Theme._meta.get_field("name").max_length,
        required=False,
        help_text=_("Only if none of the themes above fits. Use two or three words."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    frame = forms.ChoiceField(
        label=_("Appeal"), choices=Frame.choices, help_text=_("Trials compare appeals, so a message has only one.")
    )
    locale = forms.ChoiceField(label=_("Language"), choices=languages.choices)

    field_order = ("theme", "theme_name", "frame", "locale", "headline", "body", "claim_strength", "sources", "note")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("theme") and not cleaned.get("theme_name") and "theme" not in self.errors:
            self.add_error("theme_name", _("Choose a theme above, or enter your own here."))
        return cleaned


class BaselineForm(forms.Form):
    """Hidden fields with what the writer saw when they began."""

    base = forms.IntegerField(min_value=1, max_value=32767, widget=forms.HiddenInput)
    digest = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    newest = forms.IntegerField(min_value=0, max_value=32767, widget=forms.HiddenInput)
    apart = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def baseline(self) -> EditBaseline:
        """The baseline of a valid form."""
        cleaned = self.cleaned_data
        return EditBaseline(cleaned["base"], cleaned["digest"], cleaned["newest"], cleaned["apart"])

    @classmethod
    def from_baseline(cls, baseline: EditBaseline) -> "BaselineForm":
        """The fields for a baseline."""
        return cls(initial=cls.values(baseline))

    @classmethod
    def values(cls, baseline: EditBaseline) -> dict[str, str]:
        """A baseline as the fields of the form."""
        return {
            "base": str(baseline.base),
            "digest": baseline.digest,
            "newest": str(baseline.newest),
            "apart": "on" if baseline.force_new_revision else "",
        }
