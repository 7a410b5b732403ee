"""The API of an installation, as far as results are read from it."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from second_thought.files import Look, read_bytes


class ApiError(Exception):
    """The site refused: `status`, its `code`, and its sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class Site:
    """An installation, such as Site("https://messages.example.org", token="..."). The token is kept out of `repr`."""

    address: str
    token: str = field(repr=False)
    timeout: float = 30.0  # seconds

    def campaigns(self) -> list[dict[str, Any]]:
        """Return every campaign, all pages of the list."""
        return self._pages("campaigns/")

    def looks(self, campaign: str) -> list[dict[str, Any]]:
        """Return every recorded look at a campaign, the latest first, as the API gives them."""
        return self._pages(f"campaigns/{_quote(campaign)}/analyses/")

    def look(self, campaign: str, number: int | None = None) -> Look:
        """Return the tables of a look, or of the latest one. Raises ApiError, with 404 if there is nothing to read."""
        if number is None:
            looks = self.looks(campaign)
            if not looks:
                raise ApiError(404, "not_found", "There is no look yet.")
            number = looks[0]["look"]
        return read_bytes(self._get(f"campaigns/{_quote(campaign)}/analyses/{number:d}/files/data-package.zip/"))

    def _pages(self, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        page = 1
        while True:
            answer = json.loads(self._get(f"{path}?page_size=200&page={page}"))
            rows += answer["results"]
            if not answer["next"]:
                return rows
            page += 1

    def _get(self, path: str) -> bytes:
        if urllib.parse.urlsplit(self.address).scheme not in ("http", "https"):
            raise ValueError("The address of a site begins with https://.")
        address = f"{self.address.rstrip('/')}/api/v1/{path}"
        request = urllib.request.Request(address, headers={"Authorization": f"Token {self.token}"})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:  # noqa: S310
                return bytes(answer.read())
        except urllib.error.HTTPError as refused:
            raise _error(refused) from None


def _error(refused: urllib.error.HTTPError) -> ApiError:
    try:
        told = json.loads(refused.read())["error"]
        return ApiError(refused.code, told["code"], told["message"])
    except (ValueError, KeyError, TypeError):
        return ApiError(refused.code, "unknown", "The site gave no reason.")


def _quote(part: str) -> str:
    return urllib.parse.quote(part, safe="")
