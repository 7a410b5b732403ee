"""The freshness of help links, and the remarks on missing, unchecked and stale ones."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from messages.help_links.freshness import HelpLinkStatus, lint_help_links
from messages.text.lint import MUST

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(("days", "stale"), [(0, False), (180, False), (181, True), (-1, False)])
def test_a_help_link_is_stale_after_180_days(days: int, stale: bool) -> None:
    checked = TODAY - timedelta(days=days)
    links = [HelpLinkStatus("Here", "affected", checked), HelpLinkStatus("There", "self", TODAY)]
    assert [r.code for r in lint_help_links(links, today=TODAY)] == (["stale-help"] if stale else [])


def test_help_links_that_nobody_opened_are_named_together() -> None:
    links = [
        HelpLinkStatus("Here", "affected", None),
        HelpLinkStatus("There", "self", TODAY),
        HelpLinkStatus("Yonder", "self", None),
    ]
    (remark,) = lint_help_links(links, today=TODAY)
    assert (remark.code, remark.severity) == ("unchecked-help", MUST)
    assert remark.sentence.endswith(": “Here”, “Yonder”.")


@pytest.mark.parametrize(("lane", "missing"), [("affected", "who wants to stop"), ("self", "for the person shown")])
def test_help_is_there_for_either_person(lane: str, missing: str) -> None:
    (remark,) = lint_help_links([HelpLinkStatus("Here", lane, TODAY)], today=TODAY)
    assert remark.code == "no-help"
    assert missing in remark.sentence
