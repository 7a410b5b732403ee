"""Decide whether a help link was checked recently enough, and list what is missing or stale among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from messages.text.lint import MUST, Remark
from messages.text.translatable import Translatable

STALE_AFTER_DAYS = 180
MISSING_LANE_SENTENCES = {
    "affected": Translatable("There is no help link for the person shown."),
    "self": Translatable("There is no help link for the person who wants to stop."),
}


@dataclass(frozen=True, slots=True)
class HelpLinkStatus:
    """The name, the lane and the last check of a help link."""

    name: str
    lane: str
    verified_on: date | None


def is_fresh(verified_on: date | None, *, today: date) -> bool:
    """Whether the last check of a help link still counts."""
    return verified_on is not None and (today - verified_on).days <= STALE_AFTER_DAYS


def fresh_until(verified_on: date | None) -> date | None:
    """The last day on which a check counts; None if there was none."""
    return verified_on and verified_on + timedelta(days=STALE_AFTER_DAYS)


def lint_help_links(links: Sequence[HelpLinkStatus], *, today: date) -> tuple[Remark, ...]:
    """Remarks on missing, unchecked and stale links."""
    remarks = [
        Remark("no-help", MUST, sentence, "help")
        for lane, sentence in MISSING_LANE_SENTENCES.items()
        if not any(link.lane == lane for link in links)
    ]
    if unchecked := [f"“{link.name}”" for link in links if link.verified_on is None]:
        sentence = Translatable("Nobody has confirmed yet that these links work: {links}.", links=", ".join(unchecked))
        remarks.append(Remark("unchecked-help", MUST, sentence, "help"))
    for link in links:
        if link.verified_on and not is_fresh(link.verified_on, today=today):
            sentence = Translatable(
                "“{link}” was last checked {days} days ago. The limit is {most}.",
                link=link.name,
                days=(today - link.verified_on).days,
                most=STALE_AFTER_DAYS,
            )
            remarks.append(Remark("stale-help", MUST, sentence, "help"))
    return tuple(remarks)
