"""A list to choose from is written as Django's templates write it, down to what is escaped."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.test.html import parse_html

from campaign.staff_site.form_renderer import DirectSelects

CHOICES: list[Any] = [
    ("", "Choose"),
    ("a&b", 'A "quoted" <b>name</b>'),
    ("Group <one>", [("1", "One"), (2, "Two")]),
    (None, "Nothing"),
]


class Choice(forms.Form):
    one = forms.ChoiceField(choices=CHOICES, widget=forms.Select(attrs={"size": 6, "data-x": '"', "hidden": True}))
    several = forms.MultipleChoiceField(choices=CHOICES, required=False, disabled=True)


@pytest.mark.parametrize("values", [None, {"one": "2", "several": ["a&b", "1"]}, {"one": "<script>"}])
@pytest.mark.parametrize("field", ["one", "several"])
def test_a_list_is_as_djangos_own(field: str, values: dict[str, Any] | None) -> None:
    ours, theirs = (
        parse_html(str(Choice(values, renderer=renderer)[field])) for renderer in (DirectSelects(), DjangoTemplates())
    )
    assert ours == theirs
