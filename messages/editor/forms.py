"""The forms of the editor: words, what they rest on, and for a new message its theme, frame and language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from messages.editor.save import Claims, EditBaseline, EditedText
from messages.i18n import languages
from messages.models import ClaimStrength, Frame, Rendition, Revision, Theme

_HEADLINE = Rendition._meta.get_field("headline").max_length
_BODY = 1200
_SOURCES_MOST, _SOURCE_LENGTH = 20, 600


PREVIEW_CHOICES: dict[str, list[tuple[str, Any]]] = {
    "place": [("page", _("Our page")), ("embed", _("Embed"))],
    "screen": [("phone", _("Phone")), ("desktop", _("Desktop"))],
    "colours": [("light", _("Light")), ("dark", _("Dark"))],
    "direction": [("", _("As written")), ("rtl", _("Right to left")), ("ltr", _("Left to right"))],
}


class PreviewOptionsForm(forms.Form):
    """How the preview shows the words."""

    place = forms.ChoiceField(label=_("Where"), choices=PREVIEW_CHOICES["place"])
    screen = forms.ChoiceField(label=_("Screen"), choices=PREVIEW_CHOICES["screen"])
    colours = forms.ChoiceField(label=_("Colours"), choices=PREVIEW_CHOICES["colours"])
    direction = forms.ChoiceField(label=_("Direction"), choices=PREVIEW_CHOICES["direction"])

    @classmethod
    def normalize(cls, typed: Mapping[str, str]) -> dict[str, str]:
        """One value for each; whatever is odd counts as the first."""
        values = {name: [value for value, _label in choices] for name, choices in PREVIEW_CHOICES.items()}
        return {name: typed[name] if typed.get(name) in known else known[0] for name, known in values.items()}


class EditorTextForm(forms.Form):
    """A headline and plain paragraphs."""

    headline = forms.CharField(
        label=_("Headline"),
        max_length=_HEADLINE,
        help_text=_("One sentence that respects the reader."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "true"}),
        error_messages={"required": _("Write a headline.")},
    )
    body = forms.CharField(
        label=_("Words"),
        max_length=_BODY,
        help_text=_("Short paragraphs of plain text, parted by an empty line. The last one offers a way out."),
        widget=forms.Textarea(attrs={"rows": 7, "spellcheck": "true"}),
        error_messages={"required": _("Write a few words below the headline.")},
    )

    def __init__(self, *args: Any, locale: str = "", direction: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        if locale:
            for name in ("headline", "body"):
                self.fields[name].widget.attrs |= {"lang": locale, "dir": direction}

    def clean_body(self) -> str:
        return _lines(self.cleaned_data["body"])

    def edited_text(self, claims: Claims) -> EditedText:
        """What was typed, once it is valid."""
        return EditedText(self.cleaned_data["headline"], self.cleaned_data["body"], claims)


class TextAndClaimsForm(EditorTextForm):
    """The original: its claims hold for all its translations."""

    claim_strength = forms.ChoiceField(
        label=_("How well is it known?"),
        choices=ClaimStrength.choices,
        help_text=_("The words may not sound surer than this."),
    )
    sources = forms.CharField(
        label=_("Sources"),
        required=False,
        help_text=_("One on each line, none if the words claim nothing. What you only remember is no source."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    note = forms.CharField(
        label=_("Why so?"),
        required=False,
        max_length=Revision._meta.get_field("note").max_length,
        help_text=_("One sentence for the reviewer, if it helps: why it is worded this way."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean_sources(self) -> str:
        lines = [line.strip() for line in _lines(self.cleaned_data["sources"]).split("\n") if line.strip()]
        if len(lines) > _SOURCES_MOST or any(len(line) > _SOURCE_LENGTH for line in lines):
            raise forms.ValidationError(
                _("At most %(most)d sources, each of up to %(long)d characters."),
                params={"most": _SOURCES_MOST, "long": _SOURCE_LENGTH},
            )
        return "\n".join(lines)

    def clean_note(self) -> str:
        return _lines(self.cleaned_data["note"])

    def claims(self) -> Claims:
        """What was said about them, once it is valid."""
        said = self.cleaned_data
        return Claims(
            said["claim_strength"], tuple(said["sources"].split("\n")) if said["sources"] else (), said["note"]
        )


class NewMessageForm(TextAndClaimsForm):
    """Words for a message that is not there yet."""

    theme = forms.ModelChoiceField(
        label=_("Theme"),
        queryset=Theme.objects.all(),
        required=False,
        to_field_name="key",
        empty_label=_("Choose one, or name your own below"),
        help_text=_("The line of argument."),
        error_messages={"invalid_choice": _("There is no such theme any more. Choose another.")},
    )
    theme_name = forms.CharField(
        label=_("Name of your own theme"),
        max_length=Theme._meta.get_field("name").max_length,
        required=False,
        help_text=_("Only if none of the themes above fits: two or three words."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    frame = forms.ChoiceField(
        label=_("What does it appeal to?"),
        choices=Frame.choices,
        help_text=_("A trial compares these, so a message keeps to one."),
    )
    locale = forms.ChoiceField(label=_("Language"), choices=languages.choices)

    field_order = ("theme", "theme_name", "frame", "locale", "headline", "body", "claim_strength", "sources", "note")

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not said.get("theme") and not said.get("theme_name") and "theme" not in self.errors:
            self.add_error("theme_name", _("Choose a theme above, or name your own here."))
        return said


class BaselineForm(forms.Form):
    """What the writer saw when they began: goes along with the words, unseen."""

    base = forms.IntegerField(min_value=1, max_value=32767, widget=forms.HiddenInput)
    digest = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    newest = forms.IntegerField(min_value=0, max_value=32767, widget=forms.HiddenInput)
    apart = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def baseline(self) -> EditBaseline:
        """As values, once it is valid."""
        said = self.cleaned_data
        return EditBaseline(said["base"], said["digest"], said["newest"], said["apart"])

    @classmethod
    def from_baseline(cls, seen: EditBaseline) -> BaselineForm:
        """For the page."""
        initial = {
            "base": seen.base,
            "digest": seen.digest,
            "newest": seen.newest,
            "apart": seen.force_new_revision or "",
        }
        return cls(initial=initial)


def _lines(text: str) -> str:
    """A browser sends each line's end as two characters."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
