"""Set one document. Runs as a separate process, because the library would double the memory of a web worker.

`python -I campaign/pdf/typeset.py TEMPLATE` reads the values of the document as JSON and writes the PDF. Text is given
as values, so nothing that somebody typed is read as markup. Equal input gives equal bytes. It uses nothing of this
project but its templates and fonts; campaign.pdf.render calls it.
"""

import sys
from pathlib import Path
from typing import Literal

import typst

FONTS = Path(__file__).with_name("fonts")
TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "pdf"
STANDARD: Literal["ua-1"] = (
    "ua-1"  # tagged, with language, title, reading order and descriptions of pictures, or refused
)
_NO_SUCH_LETTER = "could not be displayed"


def typeset(template: str, values: str) -> bytes:
    """Return a document as PDF/UA-1. Raises typst.TypstError for what cannot be set, such as a picture without words.

    A letter that the fonts do not have, as of Chinese, is drawn as a box; the file is tagged all the same, but does not
    say that it keeps to the standard, which has no boxes.
    """
    try:
        return _compile(template, values, STANDARD)
    except typst.TypstError as error:
        if _NO_SUCH_LETTER not in str(error):
            raise
        return _compile(template, values, None)


def _compile(template: str, values: str, standard: Literal["ua-1"] | None) -> bytes:
    return typst.compile(
        TEMPLATES / f"{template}.typ",
        root=TEMPLATES,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        sys_inputs={"values": values},
        format="pdf",
        pdf_standards=standard,
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(typeset(sys.argv[1], sys.stdin.read()))
