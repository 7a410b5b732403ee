"""Estimate where the buttons of the hosted page stand on a phone, from the widths of letters.

Letters are as wide as in Arial and Times (Liberation has their metrics); fonts of phones differ by some percent, so one
line more or less is no finding. Sizes are those of `message.css` in a window of 360 pixels.
"""

import unicodedata

from messages.text.rendering import paragraphs_of

PHONE_WIDTH = 360
LINE_HEIGHT = 17.6 * 1.6  # of the body, in pixels
_TEXT_WIDTH = PHONE_WIDTH - 2 * 20
_BODY_SIZE, _HEADLINE_SIZE = 17.6, 26.2
_HEADLINE_LINE = _HEADLINE_SIZE * 1.2
_UNDER_HEADLINE, _BETWEEN_PARAGRAPHS, _OVER_BUTTONS = 17.6, 12.0, 28.0


def _widths_by_letter(letters: dict[int, str]) -> dict[str, int]:
    return {letter: width for width, alike in letters.items() for letter in alike}


# Thousandths of the font size, by the letters that have them.
_SANS = _widths_by_letter({
    191: "'", 222: "ijl’‘ł", 260: "|", 278: " !,./:;I[\\]ftı", 333: "()-`r“”¡{}", 355: '"', 389: "*", 469: "^",
    500: "Jcksvxyz", 556: "#$0123456789?L_abdeghnopqu–", 584: "+<=>~", 611: "FTZ¿ßø", 667: "&ABEKPSVXY",
    722: "CDHNRUw", 778: "GOQ", 833: "Mm", 889: "%æ", 944: "Wœ", 1000: "—…", 1015: "@",
})  # fmt: skip
_BOLD_SERIF = _widths_by_letter({
    220: "|", 250: " ,.", 278: "'/\\ilłı", 333: "!()-:;[]`fjt’‘¡", 389: "Is{}", 444: "cerz",
    500: "#$*0123456789?J_agovxy“”–¿ø", 520: "~", 555: '"', 556: "Sbdhknpquß", 575: "+<=>^", 611: "FP", 667: "BELTZ",
    722: "ACDNRUVXYwæœ", 778: "GHKOQ", 833: "&m", 930: "@", 944: "M", 1000: "%W—…",
})  # fmt: skip
_OTHER_LETTER = 500  # of scripts that the tables do not know


def button_position(headline: str, body: str) -> float:
    """The pixels from the top of the message to its buttons."""
    paragraphs = [count_lines(part) for part in paragraphs_of(body)]
    height = _count_lines(headline, _BOLD_SERIF, _HEADLINE_SIZE) * _HEADLINE_LINE + _UNDER_HEADLINE
    height += sum(paragraphs) * LINE_HEIGHT + max(len(paragraphs) - 1, 0) * _BETWEEN_PARAGRAPHS
    return height + _OVER_BUTTONS


def count_lines(text: str, *, wider: float = 1.0) -> int:
    """The lines of a paragraph; `wider` is a font's width as a multiple of Arial's."""
    return _count_lines(text, _SANS, _BODY_SIZE * wider)


def _count_lines(text: str, widths: dict[str, int], size: float) -> int:
    """Fill lines with words from the left, as browsers do; a word that is wider than a line goes on in the next."""
    room = _TEXT_WIDTH / size * 1000
    space = widths[" "]
    lines, used = 0, room
    for word in text.split():
        width = sum(_letter_width(letter, widths) for letter in word)
        if lines and used + space + width <= room:
            used += space + width
            continue
        full = int(width // room) if width > room else 0
        lines += 1 + full
        used = width - full * room
    return lines


def _letter_width(letter: str, widths: dict[str, int]) -> int:
    if letter in widths:
        return widths[letter]
    base = unicodedata.normalize("NFD", letter)[0]
    if unicodedata.combining(base):
        return 0
    if unicodedata.east_asian_width(base) in "WF":
        return 1000
    return widths.get(base, _OTHER_LETTER)
