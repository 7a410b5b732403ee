"""PURE  A sentence in English that remembers how it was made, so that a page can say it in another language."""

from __future__ import annotations


class Translatable(str):
    """`Said("“{found}” is a figure.", found="84")` reads as its English; `template` and `gaps` are what it was made of.

    A gap may hold another Said: a page translates that one too.
    """

    template: str
    params: dict[str, object]

    def __new__(cls, template: str, **gaps: object) -> Translatable:
        made = super().__new__(cls, template.format(**gaps))
        made.template, made.params = template, gaps
        return made
