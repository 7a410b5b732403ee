"""Language tags as the web means them: BCP 47 tags without regard to case, and lookup by RFC 4647.

A language is never answered in another script: zh-TW is Chinese in traditional script, whatever the list offers. The
script that a tag leaves out is that of `likely_scripts.tsv`.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_TAG = re.compile(r"[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*")
LONGEST_TAG = 12  # language, script and region; a receipt has room for so much (campaign.assignment.receipts)
_MOST_TAGS = 20  # of a priority list; browsers send a handful
_WEIGHT = re.compile(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*")
_RIGHT_TO_LEFT_SCRIPTS = frozenset({"adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"})


def canonical_tag(text: str) -> str | None:
    """A tag in lower case with hyphens, as it is kept and compared: `es_MX` is es-mx; None if it is no language."""
    tag = _normalize(text)
    return tag if _TAG.fullmatch(tag) else None


def _normalize(text: str) -> str:
    return text.strip().lower().replace("_", "-")


def parse_priority_list(text: str) -> list[str]:
    """The tags of an Accept-Language header, or of one tag alone, the most wanted first; those of weight 0 left out."""
    weighted = []
    for part in text.split(",", _MOST_TAGS)[:_MOST_TAGS]:
        name, *parameters = part.split(";")
        tag = _normalize(name)
        weight = _weight(parameters)
        if weight and tag:
            weighted.append((-weight, tag))
    return [tag for _, tag in sorted(weighted, key=lambda pair: pair[0])]


def _weight(parameters: Sequence[str]) -> float:
    if not parameters:
        return 1.0
    match = _WEIGHT.fullmatch(parameters[0].lower())
    return float(match[1]) if match else 0.0


def best_match(offered: Sequence[str], wanted: str) -> str | None:
    """The offered tag that fits a priority list best; None if none of its languages is offered.

    Each wanted tag is cut from its end until it is offered (RFC 4647, 3.4); then its script without a region will do.
    If nothing is found so, a language is taken as another country writes it, in the same script.
    """
    ranges = parse_priority_list(wanted)
    by_tag = {_normalize(tag): tag for tag in reversed(offered)}
    for tag in ranges:
        script = script_of(tag)
        for candidate in (*_truncations(tag), f"{_language(tag)}-{script}"):
            if candidate in by_tag and script_of(candidate) == script:
                return by_tag[candidate]
    for tag in ranges:
        for name in offered:
            if _language(name) == _language(tag) and script_of(name) == script_of(tag):
                return name
    return None


def _truncations(tag: str) -> list[str]:
    """The tag, and what is left of it each time its last part is cut off; a single letter goes with what follows it."""
    parts = tag.split("-")
    return ["-".join(parts[:end]) for end in range(len(parts), 0, -1) if end == 1 or len(parts[end - 1]) > 1]


def _language(tag: str) -> str:
    return _normalize(tag).split("-", 1)[0]


def script_of(tag: str) -> str:
    """The script of a tag, in lower case: the one it names, else the likely one; latn where nothing else is known."""
    language, *others = _normalize(tag).split("-")
    if others and len(others[0]) == 4 and others[0].isalpha():
        return others[0]
    scripts = _likely_scripts()
    regions = (f"{language}-{part}" for part in others)
    return next((scripts[name] for name in regions if name in scripts), scripts.get(language, "latn"))


def direction_of(tag: str) -> str:
    """The writing direction of a tag: "rtl" or "ltr"."""
    return "rtl" if script_of(tag) in _RIGHT_TO_LEFT_SCRIPTS else "ltr"


@cache
def _likely_scripts() -> dict[str, str]:
    """The likely script by language, and by language and region where that differs."""
    lines = Path(__file__).with_name("likely_scripts.tsv").read_text(encoding="ascii").splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))
