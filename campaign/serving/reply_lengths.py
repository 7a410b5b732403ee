"""Make replies alike in length: who watches sizes on the network learns neither the message nor what was pressed.

What a visitor of one placement is sent in one language has one length: each arm's message, counted or not, and each of
the pages behind it. Replies are filled up with spaces at their end, which JSON and HTML allow. The lengths are worked
out when the snapshot is made.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from campaign.assignment.receipts import RECEIPT_LENGTH
from campaign.serving.hosted_pages import PAGE_SECTIONS, HostedPages, PageParts

if TYPE_CHECKING:
    from campaign.serving.snapshot_entries import RenditionEntry

_SESSION_NOTE = b',"unit":"session"'
_LONGEST_ENVELOPE = len(b'{"message":,"receipt":""}') + RECEIPT_LENGTH + len(_SESSION_NOTE)


@dataclass(frozen=True, slots=True)
class ReplyLengths:
    """The lengths in bytes of what one placement sends in one language."""

    message: int = 0  # the answer of the API
    page: int = 0  # the hosted page, and each page behind it


def reply_lengths(
    key: str, renditions: Iterable["RenditionEntry"], pages: HostedPages, choices: Collection[bytes] = ()
) -> Mapping[str, ReplyLengths]:
    """The lengths by language, such that each of these texts fits, with the longest envelope and a receipt.

    `choices` are the ways to choose another language that a page may hold.
    """
    longest_choice = max(map(len, choices), default=0)
    messages: defaultdict[str, int] = defaultdict(int)
    longest_page: defaultdict[str, int] = defaultdict(int)
    for rendition in renditions:
        name = rendition.language
        messages[name] = max(messages[name], _length(rendition.message_json, key) + _LONGEST_ENVELOPE)
        page = sum(_length(part, key) for part in rendition.page) + RECEIPT_LENGTH * (len(rendition.page) - 1)
        page += _length(pages[f"{name}:{PAGE_SECTIONS}"], key) + longest_choice
        longest_page[name] = max(longest_page[name], page)
    for path, parts in pages.items():
        name = path.partition(":")[0]
        longest_page[name] = max(longest_page[name], _length(parts, key))
    return MappingProxyType(
        {name: ReplyLengths(messages[name], longest_page[name]) for name in {*messages, *longest_page}}
    )


def _length(parts: PageParts, key: str) -> int:
    return sum(map(len, parts)) + len(key.encode()) * (len(parts) - 1)
