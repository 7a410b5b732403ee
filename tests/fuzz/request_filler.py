"""Fill generated requests with marks, and mix in real values so that many of them are accepted."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from benchmarks.installation import ORIGIN
from campaign.assignment.receipts import RECEIPT_LENGTH
from campaign.outcomes import RECORDED_OUTCOMES
from tests.fuzz.marks import MarkFactory

_HEADERS = ("User-Agent", "Referer", "Cookie", "X-Forwarded-For", "Accept-Language", "X-Request-Id", "Authorization")
_LONGEST = 200

if TYPE_CHECKING:  # it imports much that no other test needs
    from tests.fuzz.schema_cases import Case


@dataclass
class RequestFiller:
    """Puts marks, and real placements, receipts and a preview token, into generated requests."""

    placements: Sequence[str]
    receipts: Sequence[str]
    preview: str
    marks: MarkFactory
    chance: random.Random

    def fill_in(self, case: Case) -> dict[str, str]:
        """Change a generated case in place, and return the headers to send with it."""
        if "placement" in case.path_parameters and self._happens(0.6):
            case.path_parameters["placement"] = self.chance.choice(self.placements)
        elif "placement" in case.path_parameters:
            case.path_parameters["placement"] = quote(self.marks.new())
        case.query = {name: self._text(name, value) for name, value in (case.query or {}).items()}
        case.query[self.marks.new()] = self.marks.new()
        if isinstance(case.body, (dict, list)):
            case.body = self._value("", case.body)
        elif isinstance(case.body, bytes):
            case.body = self.marks.new().encode() + case.body
        return self._headers()

    def _happens(self, share: float) -> bool:
        return self.chance.random() < share

    def _headers(self) -> dict[str, str]:
        headers = {name: self.marks.new() for name in _HEADERS if self._happens(0.5)}
        if self._happens(0.5):
            headers["Origin"] = ORIGIN if self._happens(0.8) else f"https://{self.marks.new()}.example"
        if self._happens(0.1):
            headers[self.chance.choice(["DNT", "Sec-GPC"])] = "1"
        return headers

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, dict):
            filled = {key: self._value(key, inner) for key, inner in value.items()}
            if "outcome" in filled and self._happens(0.7):
                self._make_event_valid(filled)
            if self._happens(0.1):
                filled[self.marks.new()] = self.marks.new()
            return filled
        if isinstance(value, list):
            return [self._value(name, inner) for inner in value]
        return self._text(name, value)

    def _text(self, name: str, value: Any) -> Any:
        """A text with a mark, or a real value."""
        if not isinstance(value, str):
            return value
        if name == "placement" and self._happens(0.7):
            return self.chance.choice(self.placements)
        if name in ("receipt", "session") and self._happens(0.7):
            return self.chance.choice(self.receipts)
        if name == "preview" and self._happens(0.5):
            return self.preview
        if name in ("outcome", "rating") and (value in RECORDED_OUTCOMES or self._happens(0.7)):
            return value
        marked = self.marks.new() + value
        if name == "receipt" and self._happens(0.5):
            return f"{marked:A<{RECEIPT_LENGTH}}"[:RECEIPT_LENGTH]  # passes all checks up to the signature
        return marked[:_LONGEST] if len(value) <= _LONGEST else marked

    def _make_event_valid(self, event: dict[str, Any]) -> None:
        """Give an event a valid value and no unknown field, so that it may be accepted."""
        for field in set(event) - {"receipt", "outcome"}:
            del event[field]
        outcome = RECORDED_OUTCOMES.get(event["outcome"]) if isinstance(event["outcome"], str) else None
        if outcome and outcome.values:
            event["value"] = self.chance.choice(outcome.values)
