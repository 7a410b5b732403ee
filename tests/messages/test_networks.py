import pytest

from messages.networks import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2"),
        ("192.0.2.200", "192.0.2"),
        ("2001:db8:7:8::1", "20010db80007"),
        ("2001:db8:7:ffff::9", "20010db80007"),
        ("::ffff:192.0.2.77", "192.0.2"),  # IPv4 as an IPv6 socket shows it
        ("2002:c000:24d:1::9", "192.0.2"),  # IPv4 within IPv6: whoever holds a /24 would hold 256 networks more
        ("2002:c000:2c8::1", "192.0.2"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdb2", "192.0.2"),
        ("2002:7f00:1::", ""),
        ("127.0.0.1", ""),
        ("127.9.8.7", ""),
        ("::ffff:127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
        ("unix:", ""),
        ("not an address", ""),
    ],
)
def test_a_network_is_the_first_bits_of_an_address(address: str, network: str) -> None:
    assert network_of(address) == network
