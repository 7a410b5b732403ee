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
    html = rendered('{% explain "guardrail" %}Guardrails{% endexplain %}{% term_notes %}')
    assert re.search(r'<button [^>]*type="button"[^>]*popovertarget="term-guardrail"[^>]*>Guardrails</button>', html)
    assert 'aria-describedby="term-guardrail"' in html
    assert '<div class="term-note" id="term-guardrail" role="tooltip" popover><b>guardrail</b> An outcome that' in html
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
        html = rendered('{% explain "guardrail" %}{% endexplain %}{% term_notes %}')
    assert ">salvaguarda</button>" in html
    assert "Un resultado que vigila el daño" in html


def test_a_document_without_a_request_keeps_the_words_alone() -> None:
    assert Template(LOAD + '{% explain "look" %}A [look].{% endexplain %}').render(Context()) == "A look."


def test_a_word_that_the_glossary_lacks_is_a_fault() -> None:
    with pytest.raises(KeyError):
        rendered('{% explain "nothing such" %}{% endexplain %}')


def test_a_heading_reads_as_it_is_written_and_its_note_comes_once_where_the_page_ends() -> None:
    html = rendered(
        '<h1>{% explain "placement" %}Placements{% endexplain %}</h1><p>All.</p>{% term_notes %}{% term_notes %}'
    )
    heading, _end, rest = html.partition("</h1>")
    assert re.sub(r"<[^<>]*>", "", heading) == "Placements"
    assert rest.startswith("<p>All.</p><div")
    assert rest.count('id="term-placement"') == 1


class TestTermsInSentencesMadeElsewhere:
    def found(self, sentence: str, *terms: str) -> list[tuple[str, str]]:
        names = " ".join(f'"{term}"' for term in terms)
        html = rendered(f"{{% find_terms {names} %}}{sentence}{{% endfind_terms %}}")
        assert re.sub(r"<[^<>]*>", "", html) == re.sub(r"<[^<>]*>", "", sentence)
        buttons = re.finditer(r'popovertarget="([\w-]+)"[^>]*>([^<>]+)</button>', html)
        return [(button[1], button[2]) for button in buttons]

    def test_are_found_as_whole_words_in_the_singular_or_plural_and_once(self) -> None:
        assert self.found("Controls, and the control.", "control") == [("term-control", "Controls")]
        assert self.found("Uncontrolled; a controller.", "control") == []

    def test_are_found_outside_tags_alone(self) -> None:
        assert self.found('<p title="the control">The <b>control</b>.</p>', "control") == [("term-control", "control")]

    def test_are_left_alone_in_what_is_pressed(self) -> None:
        assert self.found('<a href="/">the control</a>', "control") == []

    def test_are_found_by_their_words_in_the_language_of_the_reader(self) -> None:
        with translation.override("es"):
            assert self.found("Dos salvaguardas.", "guardrail") == [("term-guardrail", "salvaguardas")]

    def test_which_the_page_explains_already_are_not_explained_again(self) -> None:
        html = rendered(
            '{% explain "look" %}A [look].{% endexplain %}{% find_terms "look" %}A look.{% endfind_terms %}'
        )
        assert html.count("<button") == 1

    def test_of_a_document_without_a_request_stay_words(self) -> None:
        source = LOAD + '{% find_terms "look" %}A look.{% endfind_terms %}{% term_notes %}'
        assert Template(source).render(Context()) == "A look."
