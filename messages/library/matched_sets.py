"""Matched sets: four texts of one length and form that differ in their appeal alone.

In each set headline, closing and form are the same. "victim" is its two sentences and a filler, "user" its two and the
same filler, "both" the two pairs word for word, and "neutral" two fillers. So a trial of several sets compares appeals,
and not one writer's sentences.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("matched_sets.json")
_STRENGTHS = ("none", "value", "reported", "linked", "documented")  # the stronger claim last
_NOTE = (
    "One of four texts of a matched set: equal in length, headline and form. Change one only together with the others."
)


def read_matched_sets() -> list[dict[str, Any]]:
    """The sets of the data file, each with its parts."""
    sets: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return sets


def compose_messages() -> Iterator[dict[str, Any]]:
    """The messages of all sets, in the form of `messages.json`, with the key of their set."""
    for parts in read_matched_sets():
        pairs = {"victim": parts["victim"], "user": parts["user"]}
        first, second = ("victim", "user") if parts["first_in_both"] == "victim" else ("user", "victim")
        first_filler, second_filler = parts["fillers"]
        texts = {
            "neutral": (first_filler, second_filler),
            "victim": (pairs["victim"], second_filler),
            "user": (pairs["user"], second_filler),
            "both": (pairs[first], pairs[second]),
        }
        themes = {
            "neutral": "neutral",
            "victim": parts["victim_theme"],
            "user": parts["user_theme"],
            "both": "both-harms",
        }
        for frame, (beginning, end) in texts.items():
            yield {
                "key": f"{parts['key']}-{frame}",
                "matched_set": parts["key"],
                "theme": themes[frame],
                "frame": frame,
                "note": _NOTE,
                "revisions": [{"headline": parts["headline"], "body": [beginning, f"{end} {parts['closing']}"]}],
                **_claim(parts, frame),
            }


def _claim(parts: dict[str, Any], frame: str) -> dict[str, Any]:
    made = {"neutral": (), "both": ("victim", "user")}.get(frame, (frame,))
    claims = [parts[f"{appeal}_claim"] for appeal in made]
    strengths = ["none", *(claim["claim_strength"] for claim in claims)]
    sources = sorted({source for claim in claims for source in claim["sources"]})
    return {"claim_strength": max(strengths, key=_STRENGTHS.index), "sources": sources}
