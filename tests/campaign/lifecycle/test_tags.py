"""Tags are few and short, written one way, and gone with the last campaign that has them."""

from __future__ import annotations

import pytest
from django.test import Client

from campaign.lifecycle.tags import TagsRefused, read_tags, set_tags
from campaign.models import Tag
from tests import world


def test_what_was_typed_is_read_without_spaces_and_repetition() -> None:
    assert read_tags(" schools ,, Spring  week,SCHOOLS,") == ["SCHOOLS", "Spring week"]


@pytest.mark.parametrize("typed", ["a,b,c,d,e,f", "x" * 25])
def test_too_many_or_too_long_ones_are_refused(typed: str) -> None:
    with pytest.raises(TagsRefused, match="Use up to"):
        read_tags(typed)


@pytest.mark.django_db
def test_a_tag_is_one_however_it_is_typed_and_goes_with_its_last_campaign() -> None:
    one, other = world.draft("one"), world.draft("other")
    set_tags(one, ["Schools"])
    set_tags(other, ["schools", "spring"])
    assert list(other.tags.values_list("name", flat=True)) == ["Schools", "spring"]
    set_tags(other, [])
    assert list(Tag.objects.values_list("name", flat=True)) == ["Schools"]


@pytest.mark.django_db
def test_the_list_is_narrowed_to_a_tag_which_is_escaped(client: Client) -> None:
    world.draft("one")
    world.draft("other")
    world.sign_in(client, world.person("mara", "manager"))
    assert "Saved." in client.post("/campaigns/one/tags/", {"tags": "<b>&"}, follow=True).content.decode()
    page = client.get("/?tag=%3CB%3E%26").content.decode()
    assert 'href="/campaigns/one/"' in page
    assert 'href="/campaigns/other/"' not in page
    assert "&lt;b&gt;&amp;" in page
    assert "<b>&" not in page
    assert (
        "Use up to 5 tags" in client.post("/campaigns/one/tags/", {"tags": "a,b,c,d,e,f"}, follow=True).content.decode()
    )
