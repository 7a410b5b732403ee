import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.receipt import LENGTH, Receipt, ReceiptExpired, ReceiptInvalid, ReceiptOffice, closing_hour

OFFICE = ReceiptOffice({1: b"a" * 32})
NOTE = Receipt(campaign=3, arm=7, placement=2, hour=500_000, closes=500_003, locale="pt-br", nonce=bytes(range(16)))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def test_a_receipt_says_again_what_it_was_issued_for() -> None:
    assert OFFICE.verify(OFFICE.issue(NOTE), hour=500_000) == NOTE


def test_a_receipt_has_the_documented_length() -> None:
    assert len(OFFICE.issue(NOTE)) == LENGTH == 103


def test_a_receipt_is_valid_until_its_closing_hour_begins() -> None:
    receipt = OFFICE.issue(NOTE)
    assert OFFICE.verify(receipt, hour=500_002)
    with pytest.raises(ReceiptExpired):
        OFFICE.verify(receipt, hour=500_003)


def test_a_life_of_two_hours_lasts_two_hours_from_the_end_of_the_issue_hour() -> None:
    assert closing_hour(10, 2) == 13


@pytest.mark.parametrize("place", range(LENGTH))
def test_changing_any_character_forges_it(place: int) -> None:
    receipt = OFFICE.issue(NOTE)
    for other in ALPHABET:
        if other != receipt[place]:
            with pytest.raises(ReceiptInvalid):
                OFFICE.verify(receipt[:place] + other + receipt[place + 1 :], hour=500_000)


def test_a_key_of_another_installation_is_not_ours() -> None:
    with pytest.raises(ReceiptInvalid):
        OFFICE.verify(ReceiptOffice({1: b"b" * 32}).issue(NOTE), hour=500_000)


def test_old_keys_verify_while_the_newest_signs() -> None:
    both = ReceiptOffice({1: b"a" * 32, 2: b"c" * 32})
    assert both.verify(OFFICE.issue(NOTE), hour=500_000) == NOTE
    with pytest.raises(ReceiptInvalid):
        OFFICE.verify(both.issue(NOTE), hour=500_000)


@given(st.text())
def test_no_text_is_a_receipt_by_chance(text: str) -> None:
    with pytest.raises(ReceiptInvalid):
        OFFICE.verify(text, hour=500_000)


@given(st.binary(min_size=77, max_size=77))
def test_no_bytes_of_the_right_length_are_a_receipt_by_chance(raw: bytes) -> None:
    with pytest.raises(ReceiptInvalid):
        OFFICE.verify(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), hour=500_000)


def test_a_ring_needs_a_key() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        ReceiptOffice({})
