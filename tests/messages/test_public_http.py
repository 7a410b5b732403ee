"""The rules for addresses that staff type in and that the server requests."""

from __future__ import annotations

import pytest

from messages.public_http import is_site_url


@pytest.mark.parametrize(
    "url", ["https://alarm.example/in?key=1", "https://hilfe.münchen.example", "https://a.example:443/"]
)
def test_an_https_address_of_a_named_site_is_accepted(url: str) -> None:
    assert is_site_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://alarm.example/",
        "https://user@alarm.example/",
        "https://:secret@alarm.example/",
        "https://alarm.example:8443/",
        "https://alarm/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::1",
        "",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    assert not is_site_url(url)
