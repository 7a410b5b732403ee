"""Write `docs/starter-texts.md`: each starter text with what the lint compares texts by.

python docs/generate_starter_texts.py
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

from messages.library.matched_sets import compose_messages  # noqa: E402  (after the path)
from messages.text.comparability import measure_text  # noqa: E402
from messages.text.lint import LintText  # noqa: E402
from messages.text.page_layout import PHONE_WIDTH  # noqa: E402

PAGE = DOCS / "starter-texts.md"
_HEAD = f"""# The starter texts, measured

What a trial of the [starter texts](library.md) could measure beside their appeal. Written by `python docs/generate_starter_texts.py` from the texts and
[the lint](words.md#what-arms-are-compared-by). *Grade* is Flesch-Kincaid's, *buttons* the estimated pixels from the headline to the buttons in a window of {PHONE_WIDTH} pixels.

| text | appeal | words | characters | grade | buttons | names the subject | cites a source | offers a way out | another step |
|---|---|---|---|---|---|---|---|---|---|
"""


def page() -> str:
    """The page as it should be."""
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in _rows())


def _rows() -> Iterator[tuple[str, ...]]:
    listed = json.loads((ROOT / "messages/library/messages.json").read_text(encoding="utf-8"))
    for message in (*compose_messages(), *listed):
        for number, text in enumerate(message["revisions"], start=1):
            facts = measure_text(LintText(text["headline"], "\n\n".join(text["body"]), "en", message["claim_strength"]))
            assert facts.readability is not None
            marks = (facts.names_subject, facts.cites_source, facts.offers_way_out, facts.suggests_step)
            name = f"`{message['key']}`" + (f" {number}" if len(message["revisions"]) > 1 else "")
            yield (
                name,
                message["frame"],
                str(facts.words),
                str(facts.characters),
                f"{facts.readability.value:g}",
                str(round(facts.button_position)),
                *("yes" if mark else "no" for mark in marks),
            )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
