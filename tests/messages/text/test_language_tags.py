"""Languages are found as the web means them. Scripts are checked against CLDR, as Babel holds it."""

import pytest
from babel.core import get_global
from django.conf.locale import LANG_INFO

from messages.text.language_tags import best_match, canonical_tag, direction_of, parse_priority_list, script_of


@pytest.mark.parametrize(
    ("offered", "wanted", "found"),
    [
        (["en", "pt-br"], "pt-BR", "pt-br"),
        (["en", "pt-BR"], "PT-br", "pt-BR"),
        (["en", "es-mx", "es"], "es_MX", "es-mx"),
        (["en", "es"], "es-MX", "es"),
        (["en", "de"], "de-CH-1996", "de"),
        (["en", "de"], "de-x-private", "de"),  # RFC 4647, 3.4: a single letter goes with what follows it
        (["en", "pt-br"], "pt-PT", "pt-br"),
        (["en", "pt-br", "pt"], "pt-PT", "pt"),
        (["zh-hans", "zh-hant"], "zh-Hant-TW", "zh-hant"),
        (["zh-hans", "zh-hant"], "zh-TW", "zh-hant"),
        (["zh-hant", "zh-hans"], "zh", "zh-hans"),
        (["zh-hant", "zh"], "zh-SG", "zh"),
        (["en", "zh-hans"], "zh-TW", None),
        (["en", "zh"], "zh-Hant", None),
        (["en", "sr", "sr-latn"], "sr-ME", "sr-latn"),
        (["en", "ar"], "*", None),
        (["en"], "", None),
    ],
)
def test_lookup_finds_the_language_and_never_another_script(offered: list[str], wanted: str, found: str | None) -> None:
    assert best_match(offered, wanted) == found


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("fr, ar;q=0.3, es;q=0.8", "es"),
        ("ar;q=0.5,es;q=0.5", "ar"),  # of equal weight: the one named first
        ("es;q=0, ar;q=0.1", "ar"),
        ("es;q=nonsense, ar;q=0.1", "ar"),
        ("es ; Q = 0.9 , ar ; q=1.0", "ar"),
        ("de-DE,de;q=0.9", None),
    ],
)
def test_the_whole_list_counts_with_its_weights(header: str, found: str | None) -> None:
    assert best_match(["en", "es", "ar"], header) == found


def test_a_list_without_end_is_read_to_its_twentieth_language() -> None:
    assert len(parse_priority_list("de," * 4_000)) <= 20
    assert parse_priority_list(",;q=1,, ;") == []


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("es_MX", "es-mx"),
        (" zh-Hant-TW ", "zh-hant-tw"),
        ("es-419", "es-419"),
        ("de-CH-1996", "de-ch-1996"),
        ("english", None),
        ("e", None),
        ("en--us", None),
        ("../x", None),
        ("", None),
    ],
)
def test_a_tag_is_kept_in_one_form(text: str, tag: str | None) -> None:
    assert canonical_tag(text) == tag


@pytest.mark.parametrize("tag", [*sorted(LANG_INFO), "zh-tw", "zh-hk", "sr-me", "pa-pk", "uz-af", "az-ir", "kk-cn"])
def test_the_likely_script_is_that_of_cldr(tag: str) -> None:
    likely = get_global("likely_subtags")
    language, *others = tag.replace("zh-cn", "zh-hans").split("-")
    named = next((part for part in others if len(part) == 4), "")
    exact = "_".join([language, *(part.upper() for part in others)])
    expected = named or (likely.get(exact) or likely[language]).split("_")[1]
    assert script_of(tag) == expected.lower()


def test_what_is_written_from_right_to_left_is_known_by_its_script() -> None:
    of_django = {tag for tag, info in LANG_INFO.items() if info.get("bidi")}
    assert {tag for tag in LANG_INFO if direction_of(tag) == "rtl"} == of_django - {"az"}  # Azerbaijani is in Latin
    assert (direction_of("pa-PK"), direction_of("pa"), direction_of("az_Arab")) == ("rtl", "ltr", "rtl")
