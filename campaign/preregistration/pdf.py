"""Render a plan as PDF. Runs as a separate process, because the libraries would double the memory of a web worker.

`python -I campaign/preregistration/pdf.py` reads the plan in words as JSON and writes the file; equal input gives equal
bytes. It uses nothing of this project but its fonts; campaign.preregistration.export calls it.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.enums import XPos, YPos

FONTS = Path(__file__).with_name("fonts")
INK, SOFT, LINE = (28, 33, 40), (88, 96, 105), (205, 205, 200)


class PlanPdf(FPDF):
    """A4 pages with the plan's name and fingerprint at the foot."""

    def __init__(self, plan: dict[str, Any]) -> None:
        super().__init__(format="A4")
        self.plan_data = plan
        self.add_font("Plan", fname=FONTS / "DejaVuSans.ttf")
        self.add_font("Plan", "B", fname=FONTS / "DejaVuSans-Bold.ttf")
        self.set_margins(20, 18, 20)
        self.set_auto_page_break(True, margin=22)
        self.set_text_shaping(True)
        self.set_creation_date(datetime.fromisoformat(plan["dated"]))
        self.set_title(plan["title"])
        self.set_lang(plan["language"])
        self.set_producer("Second Thought")

    def footer(self) -> None:
        self.set_y(-16)
        self.set_font("Plan", size=7)
        self.set_text_color(*SOFT)
        self.cell(0, 4, self.plan_data["foot"], align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.cell(0, 4, f"{self.page_no()} / {{nb}}", align="R")

    def write_paragraph(
        self,
        text: str,
        *,
        size: float = 10,
        bold: bool = False,
        ink: tuple[int, int, int] = INK,
        indent: float = 0,
        after: float = 1.2,
        right_to_left: bool = False,
    ) -> None:
        """Write one paragraph."""
        self.set_font("Plan", "B" if bold else "", size)
        self.set_text_color(*ink)
        self.set_x(self.l_margin + (0 if right_to_left else indent))
        align = "R" if right_to_left else "L"
        self.multi_cell(self.epw - indent, size * 0.5, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(after)


def render_pdf(plan: dict[str, Any]) -> bytes:
    """Return the PDF of a plan that campaign.preregistration.export has put into words."""
    paper = PlanPdf(plan)
    right_to_left = plan["right_to_left"]
    paper.add_page()
    paper.write_paragraph(plan["eyebrow"], size=9, ink=SOFT, right_to_left=right_to_left)
    paper.write_paragraph(plan["title"], size=17, bold=True, after=2, right_to_left=right_to_left)
    for line in plan["standing"]:
        paper.write_paragraph(line, size=9, ink=SOFT, right_to_left=right_to_left)
    for section in plan["sections"]:
        _write_section(paper, section, right_to_left)
    return bytes(paper.output())


def _write_section(paper: PlanPdf, section: dict[str, Any], right_to_left: bool) -> None:
    paper.ln(3)
    if paper.will_page_break(34):
        paper.add_page()
    paper.start_section(section["title"])
    paper.set_draw_color(*LINE)
    paper.line(paper.l_margin, paper.get_y(), paper.w - paper.r_margin, paper.get_y())
    paper.ln(3)
    paper.write_paragraph(section["title"], size=13, bold=True, after=2, right_to_left=right_to_left)
    for row in section["rows"]:
        if paper.will_page_break(16):
            paper.add_page()
        paper.write_paragraph(row["title"], bold=True, after=0.8, right_to_left=right_to_left)
        for sentence in row["plain"]:
            paper.write_paragraph(sentence, right_to_left=right_to_left)
        for line in row["formal"]:
            paper.write_paragraph(line, size=8, ink=SOFT, after=0.8)
        for words in row["words"]:
            _write_words(paper, words)
        paper.ln(2)


def _write_words(paper: PlanPdf, words: dict[str, Any]) -> None:
    """Write the exact words of an arm, indented."""
    right_to_left = words["direction"] == "rtl"
    paper.ln(1)
    paper.write_paragraph(
        f"{words['arm']} ({words['locale']})", size=8.5, ink=SOFT, indent=6, after=0.6, right_to_left=right_to_left
    )
    paper.write_paragraph(words["headline"], bold=True, indent=6, after=0.8, right_to_left=right_to_left)
    for paragraph in words["body"].split("\n"):
        if paragraph.strip():
            paper.write_paragraph(paragraph, indent=6, after=0.8, right_to_left=right_to_left)


if __name__ == "__main__":
    sys.stdout.buffer.write(render_pdf(json.load(sys.stdin)))
