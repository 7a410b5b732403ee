"""The support site shows accounts, and answers no question about anything that it does not show."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Field, Model
from django.test import Client, RequestFactory

from messages.roles import ADMINISTRATOR
from tests import world

pytestmark = pytest.mark.django_db
ACCOUNTS = "/admin/auth/user/"


@pytest.fixture
def administrator(client: Client) -> Client:
    world.sign_in(client, world.person("ada", ADMINISTRATOR))
    return client


def lookups(model: type[Model], prefix: str = "", relations: int = 1) -> Iterator[str]:
    """Every lookup of every field that a query on the model can name, through so many relations."""
    for field in model._meta.get_fields():
        name = f"{prefix}{field.name}"
        yield name
        if isinstance(field, Field):
            yield from (f"{name}__{lookup}" for lookup in field.get_lookups())
        if relations and isinstance(field.related_model, type):
            yield from lookups(field.related_model, f"{name}__", relations - 1)


def test_no_page_can_be_filtered_by_any_field_of_any_model() -> None:
    asked = {model: [*lookups(model)] for model in admin.site._registry}
    assert {"password__startswith", "api_tokens__digest__regex", "email__icontains"} <= set(asked[User])
    allowed = [
        f"{model._meta.label}: {lookup}"
        for model, page in admin.site._registry.items()
        for lookup in asked[model]
        if page.lookup_allowed(lookup, "x", RequestFactory().get("/"))
    ]
    assert allowed == []


@pytest.mark.parametrize(
    "query",
    [
        "password__startswith=argon2",
        "username=mara&api_tokens__digest__regex=^a",
        "email__icontains=example",
        "is_superuser__exact=1",
        "groups__name=manager",
        "logentry__object_repr__contains=a",
        "pk__in=1,2",
    ],
)
def test_a_question_in_the_address_is_refused(administrator: Client, query: str) -> None:
    assert administrator.get(f"{ACCOUNTS}?{query}").status_code == 400


def test_an_account_is_named_in_an_address_by_its_number_alone(administrator: Client) -> None:
    mara = world.person("mara")
    assert administrator.get(f"{ACCOUNTS}{mara.username}/change/?_to_field=username").status_code == 400
    assert administrator.get(f"{ACCOUNTS}x/change/?_to_field=password").status_code == 400


def test_a_search_looks_at_names_alone(administrator: Client) -> None:
    User.objects.filter(pk=world.person("mara").pk).update(email="hidden@example.org", password="a hash")

    def found(words: str) -> int:
        count: int = administrator.get(ACCOUNTS, {"q": words}).context["cl"].result_count
        return count

    assert (found("mar"), found("hidden@"), found("a hash")) == (1, 0, 0)


def test_an_account_shows_no_secret(administrator: Client) -> None:
    mara = world.person("mara")
    mara.set_password("four words without sense")
    mara.save()
    page = administrator.get(f"{ACCOUNTS}{mara.pk}/change/").content.decode()
    assert "mara" in page
    assert mara.password not in page
    assert mara.password.rpartition("$")[2] not in page
