"""Words of a page become buttons that open what the glossary says, once on a page."""

from __future__ import annotations

import re

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

LOAD = "{% load glossary i18n %}"


def rendered(source: str, *, pages: int = 1) -> str:
    request = RequestFactory().get("/")
    context = Context({"request": request, "name": "<b>"})
    return Template(LOAD + source * pages).render(context)


def test_the_words_are_a_button_that_opens_and_is_described_by_the_note() -> None:
    html = rendered('{% explain "guardrail" %}Guardrails{% endexplain %}')
    assert re.search(r'<button [^>]*type="button"[^>]*popovertarget="term-guardrail"[^>]*>Guardrails</button>', html)
    assert 'aria-describedby="term-guardrail"' in html
    assert '<span class="term-note" id="term-guardrail" role="tooltip" popover><b>guardrail</b> An outcome that' in html
    assert "style=" not in html
    assert "onclick" not in html


def test_words_in_brackets_are_the_terms_in_their_order() -> None:
    html = rendered('{% explain "look" "control" %}At each [look], beside the [control], {{ name }}.{% endexplain %}')
    assert re.findall(r'popovertarget="term-(\w+)"[^>]*>(\w+)</button>', html) == [
        ("look", "look"),
        ("control", "control"),
    ]
    assert html.endswith(", &lt;b&gt;.")
    assert "[" not in html


def test_only_the_first_mention_on_a_page_is_explained() -> None:
    assert rendered('{% explain "look" %}A [look].{% endexplain %}', pages=2).count("<button") == 1
    assert rendered('{% explain "look" %}A [look].{% endexplain %}', pages=2).endswith("A look.")


def test_without_words_the_term_is_named_and_explained_in_the_language_of_the_reader() -> None:
    with translation.override("es"):
        html = rendered('{% explain "guardrail" %}{% endexplain %}')
    assert ">salvaguarda</button>" in html
    assert "Un resultado que vigila el daño" in html


def test_a_document_without_a_request_keeps_the_words_alone() -> None:
    assert Template(LOAD + '{% explain "look" %}A [look].{% endexplain %}').render(Context()) == "A look."


def test_a_word_that_the_glossary_lacks_is_a_fault() -> None:
    with pytest.raises(KeyError):
        rendered('{% explain "nothing such" %}{% endexplain %}')
