"""The rules for addresses that staff type in and that the server requests."""

from __future__ import annotations

import pytest

from messages.public_http import UnsafeAddress, is_site_url, send_request


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
        "https://[::ffff:93.184.216.34]/",
        "https://[2001:db8::1]/",
        "https://0x7f.0x1/",
        "https://alarm.1/",
        "https://alarm.example/straße",
        "https://alarm.example/a b",
        "",
    ],
)
def test_other_addresses_are_refused_by_forms_and_by_delivery_alike(url: str) -> None:
    assert not is_site_url(url)
    with pytest.raises(UnsafeAddress):
        send_request("POST", url, headers={}, resolve=lambda host: pytest.fail("it was looked up"))
