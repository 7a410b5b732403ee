"""PURE  What a campaign showed, from its frozen plan and its last look in the form in which a bundle holds them.

One reading for campaigns of ours and of others: both are searched, counted and pooled alike.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from analytics.stats import Counts, Estimate, NotEstimable

LEVEL = 0.95
WITHHELD = "withheld"
STOPPED = "stopped"  # beside the verdicts
_POOLED_DESIGNS = ("view", "session", "subject")
# Why a comparison is not pooled; LearnedComparison.NotPooled has the words.
DESIGN, HIDDEN, KIND, FRAMES, NOBODY = "design", "hidden", "kind", "frames", "nobody"


@dataclass(frozen=True, slots=True)
class ContrastContent:
    """One planned comparison with the control: the appeals, the verdict, and the counts as released."""

    treated: str
    control: str
    verdict: str
    treated_counts: Counts | None
    control_counts: Counts | None
    difference: Estimate | None
    not_pooled: str = ""


@dataclass(frozen=True, slots=True)
class LearnedContent:
    """What a closed campaign showed."""

    plan_fingerprint: str
    look: int
    ended_on: date | None
    outcome: str
    design: str
    people: int | None
    frames: tuple[str, ...]
    languages: tuple[str, ...]
    verdicts: tuple[str, ...]
    contrasts: tuple[ContrastContent, ...]


def learned_content(plan: Mapping[str, Any], fingerprint: str, look: Mapping[str, Any]) -> LearnedContent:
    """Read what a campaign showed from its plan and its last look."""
    block = next(each for each in look["outcomes"] if each["role"] == "primary")
    design, is_ordered = design_of(plan), block["kind"] == "ordered"
    contrasts = () if look["withheld"] else tuple(_contrasts(plan, block, design, is_ordered=is_ordered))
    verdicts = [WITHHELD] if look["withheld"] else [each.verdict for each in contrasts if each.verdict]
    verdicts += [STOPPED] if look["guardrails_crossed"] else []
    return LearnedContent(
        plan_fingerprint=fingerprint,
        look=look["look"],
        ended_on=date.fromisoformat(look["to_day"]) if look["to_day"] else None,
        outcome=block["outcome"],
        design=design,
        people=look["people"],
        frames=tuple(dict.fromkeys(arm["frame"] for arm in plan["arms"])),
        languages=tuple(sorted({locale for arm in plan["arms"] for locale in arm["languages"]})),
        verdicts=tuple(dict.fromkeys(verdicts)),
        contrasts=contrasts,
    )


def design_of(plan: Mapping[str, Any]) -> str:
    """Return how a frozen plan assigns and compares: what has to match before two campaigns are pooled."""
    if plan.get("purpose") == "use":
        return "use"
    if plan["clusters"]:
        return str(plan["clusters"])
    return str(plan["strata"] or plan["unit"])


def _contrasts(
    plan: Mapping[str, Any], block: Mapping[str, Any], design: str, *, is_ordered: bool
) -> Iterable[ContrastContent]:
    arms = {arm["arm"]: arm for arm in plan["arms"]}
    occurrences = Counter(arm["frame"] for arm in plan["arms"])
    rates = {row["key"]: row for row in block["rates"]}
    # Where arms have several texts, the plan's answer is the one for texts of their kind.
    verdicts = {(row["treated"], row["control"]): row["verdict"] for row in (*block["comparisons"], *block["kinds"])}
    for treated, control in plan["comparisons"]:
        if not arms[control]["control"]:
            continue
        frames = arms[treated]["frame"], arms[control]["frame"]
        counts = _counts(rates.get(treated)), _counts(rates.get(control))
        difference = _difference(*counts)
        yield ContrastContent(
            treated=frames[0],
            control=frames[1],
            verdict=verdicts.get((treated, control), ""),
            treated_counts=None if is_ordered else counts[0],
            control_counts=None if is_ordered else counts[1],
            difference=None if is_ordered else difference,
            not_pooled=KIND
            if is_ordered
            else DESIGN
            if design not in _POOLED_DESIGNS
            else FRAMES
            if any(occurrences[frame] > 1 for frame in frames)
            else HIDDEN
            if None in counts
            else NOBODY
            if difference is None
            else "",
        )


def _counts(row: Mapping[str, Any] | None) -> Counts | None:
    """The counts of an arm as released; None if one of them is not."""
    if row is None or row["n"] is None or row["events"] is None or not row["n"]:
        return None
    return Counts(row["n"], row["events"])


def _difference(treated: Counts | None, control: Counts | None) -> Estimate | None:
    if treated is None or control is None:
        return None
    from analytics.stats import proportions  # imports scipy: only who writes a result needs it

    found = proportions.difference(treated=treated, control=control, method="wald", level=LEVEL)
    return None if isinstance(found, NotEstimable) else found
