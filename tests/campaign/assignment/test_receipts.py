import base64
import hmac
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.assignment.receipts import (
    RECEIPT_LENGTH,
    Receipt,
    ReceiptExpired,
    ReceiptInvalid,
    ReceiptSigner,
    closing_hour,
    fresh_nonce,
    fresh_salt,
)

OFFICE = ReceiptSigner({1: b"a" * 32})
NOTE = Receipt(campaign=3, arm=7, placement=2, hour=500_000, closes=500_003, locale="pt-br", nonce=bytes(range(16)))
# As it was signed until 29 November 2026, with the arm in the open.
BEFORE = "AQAAAAMAAAAHAAAAAgAHoSAAB6EjcHQtYnIAAAAAAQIDBAUGBwgJCgsMDQ4PaQC46xmaLxROb329dpbmt60TX71Lf7xKenKkLNsSTSE"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def raw_bytes(note: Receipt) -> bytes:
    return base64.urlsafe_b64decode(OFFICE.issue(note, salt=fresh_salt()))


def test_a_receipt_says_again_what_it_was_issued_for() -> None:
    assert OFFICE.verify(OFFICE.issue(NOTE), hour=500_000) == NOTE


def test_a_receipt_has_the_documented_length() -> None:
    assert len(OFFICE.issue(NOTE)) == RECEIPT_LENGTH == 112


@pytest.mark.parametrize("tag", ["zh-hant-tw", "yue-hant-hk", "ca-valencia", "zzz-zzzz-zzz"])
def test_a_language_with_script_and_region_makes_it_no_longer(tag: str) -> None:
    note = NOTE._replace(locale=tag)
    assert OFFICE.verify(OFFICE.issue(note), hour=500_000) == note
    assert len(OFFICE.issue(note)) == RECEIPT_LENGTH


def test_a_receipt_says_that_its_view_is_left_out() -> None:
    note = NOTE._replace(left_out=True)
    assert OFFICE.verify(OFFICE.issue(note, salt=fresh_salt()), hour=500_000) == note


def test_its_holder_reads_neither_the_arm_nor_whether_it_counts() -> None:
    kinds = [NOTE, NOTE._replace(arm=8), NOTE._replace(arm=2**32 - 1), NOTE._replace(left_out=True)]
    by_kind = [[raw_bytes(note._replace(nonce=fresh_nonce())) for _ in range(1_000)] for note in kinds]
    ones = [[sum(raw[bit // 8] >> bit % 8 & 1 for raw in sample) for bit in range(84 * 8)] for sample in by_kind]
    # Each bit is the same in all receipts of this placement, or a fair coin: 7 standard deviations from a half.
    assert all(
        len({counts[bit] for counts in ones}) == 1 or all(390 < counts[bit] < 610 for counts in ones)
        for bit in range(84 * 8)
    )


def test_under_the_same_nonce_no_two_receipts_show_that_they_differ() -> None:
    raw = [raw_bytes(note) for note in (NOTE, NOTE._replace(left_out=True), NOTE) for _ in range(100)]
    assert len({content[41:52] for content in raw}) == 300  # the salt and what it hides


def test_a_receipt_of_before_is_valid_until_it_closes() -> None:
    assert OFFICE.verify(BEFORE, hour=500_002) == NOTE
    with pytest.raises(ReceiptExpired):
        OFFICE.verify(BEFORE, hour=500_003)


def test_a_receipt_is_valid_until_its_closing_hour_begins() -> None:
    receipt = OFFICE.issue(NOTE)
    assert OFFICE.verify(receipt, hour=500_002)
    with pytest.raises(ReceiptExpired):
        OFFICE.verify(receipt, hour=500_003)


def test_a_life_of_two_hours_lasts_two_hours_from_the_end_of_the_issue_hour() -> None:
    assert closing_hour(10, 2) == 13


@pytest.mark.parametrize("receipt", [OFFICE.issue(NOTE), BEFORE], ids=["now", "before"])
@pytest.mark.parametrize("place", range(RECEIPT_LENGTH))
def test_changing_any_character_forges_it(place: int, receipt: str) -> None:
    if place >= len(receipt):
        return
    for other in ALPHABET:
        if other != receipt[place]:
            with pytest.raises(ReceiptInvalid):
                OFFICE.verify(receipt[:place] + other + receipt[place + 1 :], hour=500_000)


def test_a_key_of_another_installation_is_not_ours() -> None:
    with pytest.raises(ReceiptInvalid):
        OFFICE.verify(ReceiptSigner({1: b"b" * 32}).issue(NOTE), hour=500_000)


def test_old_keys_verify_while_the_newest_signs() -> None:
    both = ReceiptSigner({1: b"a" * 32, 2: b"c" * 32})
    assert both.verify(OFFICE.issue(NOTE), hour=500_000) == NOTE
    with pytest.raises(ReceiptInvalid):
        OFFICE.verify(both.issue(NOTE), hour=500_000)


notes = st.builds(
    Receipt,
    campaign=st.integers(0, 2**32 - 1),
    arm=st.integers(0, 2**32 - 1),
    placement=st.integers(0, 2**32 - 1),
    hour=st.integers(0, 2**32 - 2),
    closes=st.integers(1, 2**32 - 1),
    locale=st.one_of(
        st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=8),
        st.from_regex(r"[a-z][a-z0-9-]{8,11}", fullmatch=True),
    ),
    nonce=st.binary(min_size=16, max_size=16),
    left_out=st.booleans(),
    text=st.integers(0, 11),
)
rings = st.dictionaries(st.integers(0, 255), st.binary(min_size=32, max_size=32), min_size=1, max_size=4)


@given(notes, rings)
def test_any_note_comes_back_as_it_went_out_under_any_ring(note: Receipt, ring: dict[int, bytes]) -> None:
    office = ReceiptSigner(ring)
    text = office.issue(note)
    assert len(text) == RECEIPT_LENGTH
    assert set(text) <= set(ALPHABET)
    assert office.verify(text, hour=note.closes - 1) == note
    with pytest.raises(ReceiptExpired):
        office.verify(text, hour=note.closes)


@given(notes, st.binary(min_size=1, max_size=200))
def test_the_signature_is_hmac_sha_256_for_a_key_of_any_length(note: Receipt, key: bytes) -> None:
    raw = base64.urlsafe_b64decode(ReceiptSigner({7: key}).issue(note))
    assert raw[52:] == hmac.digest(key, raw[:52], "sha256")


@given(notes, rings, st.data())
def test_a_genuine_receipt_with_anything_changed_is_refused(note: Receipt, ring: dict[int, bytes], data: Any) -> None:
    text = ReceiptSigner(ring).issue(note)
    start = data.draw(st.integers(0, RECEIPT_LENGTH))
    end = data.draw(st.integers(start, RECEIPT_LENGTH))
    forged = text[:start] + data.draw(st.text(max_size=RECEIPT_LENGTH)) + text[end:]
    if forged != text:
        with pytest.raises(ReceiptInvalid):
            ReceiptSigner(ring).verify(forged, hour=0)


@given(notes, rings, rings)
def test_only_the_key_that_signed_it_opens_it(note: Receipt, ring: dict[int, bytes], other: dict[int, bytes]) -> None:
    signing = max(ring)
    if other.get(signing) != ring[signing]:
        with pytest.raises(ReceiptInvalid):
            ReceiptSigner(other).verify(ReceiptSigner(ring).issue(note), hour=0)


@given(
    st.text(min_size=RECEIPT_LENGTH, max_size=RECEIPT_LENGTH)
    | st.text(ALPHABET, min_size=RECEIPT_LENGTH, max_size=RECEIPT_LENGTH),
    st.integers(),
)
def test_whatever_comes_in_is_refused_and_nothing_else_is_raised(text: str, hour: int) -> None:
    with pytest.raises((ReceiptInvalid, ReceiptExpired)):
        OFFICE.verify(text, hour=hour)


@given(st.text())
def test_no_text_is_a_receipt_by_chance(text: str) -> None:
    with pytest.raises(ReceiptInvalid):
        OFFICE.verify(text, hour=500_000)


@given(st.binary(min_size=84, max_size=84) | st.binary(min_size=77, max_size=77))
def test_no_bytes_of_the_right_length_are_a_receipt_by_chance(raw: bytes) -> None:
    with pytest.raises(ReceiptInvalid):
        OFFICE.verify(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), hour=500_000)


def test_a_ring_needs_a_key() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        ReceiptSigner({})


def test_no_two_nonces_are_alike_whichever_thread_draws_them() -> None:
    with ThreadPoolExecutor(8) as threads:
        drawn = [
            nonce for some in threads.map(lambda _: [fresh_nonce() for _ in range(2_000)], range(8)) for nonce in some
        ]
    assert {len(nonce) for nonce in drawn} == {16}
    assert len(set(drawn)) == 16_000


@pytest.mark.process
def test_a_child_process_draws_none_of_its_parent_s_nonces() -> None:
    fresh_nonce()  # some lie ready now
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writes, b"".join(fresh_nonce() for _ in range(200)))
        os._exit(0)
    os.close(writes)
    with open(reads, "rb") as told:
        said = told.read()
    os.waitpid(child, 0)
    theirs = {said[start : start + 16] for start in range(0, len(said), 16)}
    assert len(theirs) == 200
    assert theirs.isdisjoint(fresh_nonce() for _ in range(200))
