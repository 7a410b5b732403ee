"""Forged receipts of many kinds, made from genuine ones. None may be accepted."""

from __future__ import annotations

import hashlib
import hmac
import random
import string
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from campaign.assignment.receipts import RECEIPT_LENGTH, Receipt, ReceiptExpired, ReceiptInvalid, ReceiptSigner

ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
NOTE_BYTES, HIDDEN_BYTES, MAC_BYTES = 52, 5, 32
NOW = 490_000  # hours since 1970
_LOOK_ALIKES = {
    "A": "\u0410\uff21\u0391",
    "K": "\u212a\uff2b",
    "e": "\u0435\uff45",
    "o": "\u043e\u03bf",
    "-": "\u2010\u2212",
}


def decode_receipt(text: str) -> bytes:
    """Decode a receipt."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode_receipt(raw: bytes | bytearray) -> str:
    """Encode a receipt."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def receipt_of_before(key_number: int, key: bytes, note: Receipt) -> str:
    """A receipt as they were signed until the arm was hidden."""
    ids = (note.campaign, note.arm, note.placement, note.hour, note.closes)
    content = struct.pack(">BIIIII8s16s", key_number, *ids, note.locale.encode(), note.nonce)
    return encode_receipt(content + signature(key, content))


def signature(key: bytes, note: bytes | bytearray) -> bytes:
    """The signature that only the holder of a key can compute."""
    return hmac.digest(key, note, "sha256")


@dataclass
class Forger:
    """Makes forgeries from genuine receipts, without their keys."""

    chance: random.Random
    keys: dict[int, bytes] = field(default_factory=lambda: {1: b"a" * 32, 2: b"b" * 32})

    def __post_init__(self) -> None:
        self.signer = ReceiptSigner(self.keys)
        older = ReceiptSigner({1: self.keys[1]})
        self.genuine = [office.issue(self._note()) for office in (self.signer, older) for _ in range(100)]
        self.expired = [self.signer.issue(self._note(closes=NOW - self.chance.randint(0, 20))) for _ in range(100)]
        self.kinds: dict[str, Callable[[], str]] = {
            "bits flipped": self._bits_flipped,
            "characters changed": self._characters_changed,
            "two characters swapped": self._characters_swapped,
            "cut short": lambda: self._genuine_receipt()[: self.chance.randrange(RECEIPT_LENGTH)],
            "cut short and filled up": lambda: (
                f"{self._genuine_receipt()[: self.chance.randrange(RECEIPT_LENGTH)]:A<{RECEIPT_LENGTH}}"
            ),
            "made longer": self._longer,
            "signed with a key of someone else's": self._other_key,
            "signed with no key": self._no_key,
            "fields swapped": self._fields_swapped,
            "a field changed": self._field_changed,
            "what the mask hides changed": self._hidden_changed,
            "the signature of another receipt": self._spliced,
            "another key number": self._key_number,
            "a key number that nobody has": lambda: self._renumbered(self.chance.randint(3, 255)),
            "the other base64 alphabet": self._alphabet,
            "of before, with bits set that base64 does not use": self._unused_bits,
            "of before, signed with a key of someone else's": self._before_other_key,
            "padding, white space or other signs inside": self._stray,
            "a letter that looks the same": self._look_alike,
            "other capitals": self._capitals,
            "parts turned round": self._parts_reordered,
            "random bytes": lambda: encode_receipt(self.chance.randbytes(NOTE_BYTES + MAC_BYTES)),
            "random text": lambda: "".join(map(chr, (self.chance.randrange(0xD800) for _ in range(RECEIPT_LENGTH)))),
            "genuine, and expired": lambda: self.chance.choice(self.expired),
        }

    def _note(self, *, closes: int = 0) -> Receipt:
        draw = self.chance.randrange
        hour = closes - 3 if closes else NOW - draw(2)
        locale = self.chance.choice(["en", "de", "pt-br"])
        return Receipt(draw(1, 99), draw(1, 99), draw(1, 99), hour, hour + 3, locale, self.chance.randbytes(16))

    def _genuine_receipt(self) -> str:
        return self.chance.choice(self.genuine)

    def _parts(self) -> tuple[bytearray, bytes]:
        raw = decode_receipt(self._genuine_receipt())
        return bytearray(raw[:NOTE_BYTES]), raw[NOTE_BYTES:]

    def _bits_flipped(self) -> str:
        raw = bytearray(decode_receipt(self._genuine_receipt()))
        for bit in self.chance.sample(range(len(raw) * 8), self.chance.randint(1, 4)):
            raw[bit // 8] ^= 1 << bit % 8
        return encode_receipt(raw)

    def _characters_changed(self) -> str:
        text = list(self._genuine_receipt())
        for place in self.chance.sample(range(RECEIPT_LENGTH), self.chance.randint(1, 3)):
            text[place] = self.chance.choice(ALPHABET)
        return "".join(text)

    def _characters_swapped(self) -> str:
        text = list(self._genuine_receipt())
        one, two = self.chance.sample(range(RECEIPT_LENGTH), 2)
        text[one], text[two] = text[two], text[one]
        return "".join(text)

    def _longer(self) -> str:
        more = self.chance.choice(["=", "==", "A", "\n", " ", "\0", "AAAA", self._genuine_receipt(), "\u200b"])
        return self.chance.choice([self._genuine_receipt() + more, more + self._genuine_receipt()])

    def _other_key(self) -> str:
        number = self.chance.choice([1, 2])
        return ReceiptSigner({number: self.chance.randbytes(32)}).issue(self._note())

    def _no_key(self) -> str:
        note, _ = self._parts()
        key = self.chance.choice([b"", b"\0" * 32, bytes(note[:1]), bytes(note[-16:]), b"secret"])
        macs = [signature(key, note), hashlib.sha256(note).digest(), bytes(32), b"\xff" * 32]
        return encode_receipt(bytes(note) + self.chance.choice(macs))

    def _fields_swapped(self) -> str:
        note, mac = self._parts()
        one, two = self.chance.sample(range(1, 17, 4), 2)
        note[one : one + 4], note[two : two + 4] = note[two : two + 4], note[one : one + 4]
        return encode_receipt(bytes(note) + mac)

    def _field_changed(self) -> str:
        note, mac = self._parts()
        at = self.chance.randrange(1, 17, 4)
        value = int.from_bytes(note[at : at + 4], "big") + self.chance.choice([-1, 1, 24, 1000])
        note[at : at + 4] = max(0, value).to_bytes(4, "big")
        return encode_receipt(bytes(note) + mac)

    def _spliced(self) -> str:
        return encode_receipt(bytes(self._parts()[0]) + self._parts()[1])

    def _key_number(self) -> str:
        raw = decode_receipt(self._genuine_receipt())
        return self._renumbered(3 - raw[0], raw)

    def _renumbered(self, number: int, raw: bytes = b"") -> str:
        return encode_receipt(bytes([number]) + (raw or decode_receipt(self._genuine_receipt()))[1:])

    def _alphabet(self) -> str:
        while (text := self._genuine_receipt().replace("-", "+").replace("_", "/")).isalnum():
            pass
        return text

    def _hidden_changed(self) -> str:
        note, mac = self._parts()
        note[-self.chance.randint(1, HIDDEN_BYTES)] ^= self.chance.randint(1, 255)
        return encode_receipt(bytes(note) + mac)

    def _before_other_key(self) -> str:
        return receipt_of_before(self.chance.choice([1, 2]), self.chance.randbytes(32), self._note())

    def _unused_bits(self) -> str:
        text = receipt_of_before(1, self.keys[1], self._note())
        last = ALPHABET.index(text[-1])
        return text[:-1] + ALPHABET[last ^ self.chance.randint(1, 3)]

    def _stray(self) -> str:
        text, sign = self._genuine_receipt(), self.chance.choice("=\n\r\t .!%\0+/~é\u2028\ud800")
        place = self.chance.randrange(RECEIPT_LENGTH)
        return text[:place] + sign + text[place + self.chance.randint(0, 1) :]

    def _look_alike(self) -> str:
        text = self._genuine_receipt()
        places = [place for place, sign in enumerate(text) if sign in _LOOK_ALIKES]
        if not places:
            return "\uff21" + text[1:]
        place = self.chance.choice(places)
        return text[:place] + self.chance.choice(_LOOK_ALIKES[text[place]]) + text[place + 1 :]

    def _capitals(self) -> str:
        return self.chance.choice([str.swapcase, str.lower, str.upper])(self._genuine_receipt())

    def _parts_reordered(self) -> str:
        raw = decode_receipt(self._genuine_receipt())
        note, mac = raw[:NOTE_BYTES], raw[NOTE_BYTES:]
        return encode_receipt(self.chance.choice([mac + note, raw[::-1], note[::-1] + mac, note + mac[::-1]]))


@dataclass
class ForgeryResults:
    """Forgeries tried by kind, those accepted, and those that raised an unexpected exception."""

    tried: Counter[str] = field(default_factory=Counter)
    accepted: list[tuple[str, str]] = field(default_factory=list)
    crashed: list[tuple[str, str]] = field(default_factory=list)


def try_forgeries(count: int, *, first_seed: int = 1) -> ForgeryResults:
    """Try `count` forgeries of all kinds in turn, skipping any that equals a genuine receipt."""
    forger = Forger(random.Random(first_seed))
    genuine, kinds, verdict = set(forger.genuine), list(forger.kinds.items()), ForgeryResults()
    for text in forger.genuine:
        forger.signer.verify(text, hour=NOW)  # control: genuine receipts must verify
    while verdict.tried.total() < count:
        for kind, make in kinds[: count - verdict.tried.total()]:
            while (text := make()) in genuine:
                pass
            verdict.tried[kind] += 1
            try:
                forger.signer.verify(text, hour=NOW)
            except (ReceiptInvalid, ReceiptExpired):
                continue
            except Exception as error:
                verdict.crashed.append((kind, repr(error)))
            else:
                verdict.accepted.append((kind, text))
    return verdict
