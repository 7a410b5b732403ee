"""The words of an analysis plan: each promise in a plain sentence beside its formal form, in the OSF template's order.

They know of Django its translation alone: functions of what is hashed, and of the names that its keys stand for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign.outcomes import OUTCOMES
from campaign.preregistration import analysis_section as analysis
from campaign.preregistration.rows import (
    PlanNames,
    PreregistrationRow,
    PreregistrationSection,
    localize_number,
    localize_percent,
    localize_share,
    outcome_name,
)

__all__ = ["PlanNames", "PreregistrationRow", "PreregistrationSection", "build_sections"]

PlanContent = Mapping[str, Any]


def build_sections(promise: PlanContent, named: PlanNames) -> tuple[PreregistrationSection, ...]:
    """The whole plan, as the OSF preregistration template asks for it."""
    return (
        PreregistrationSection("study", _("Study information"), tuple(_study(promise, named))),
        PreregistrationSection("design", _("Design plan"), tuple(_design(promise, named))),
        PreregistrationSection("sampling", _("Sampling plan"), tuple(_sampling(promise, named))),
        PreregistrationSection("variables", _("Variables"), tuple(_variables(promise, named))),
        PreregistrationSection("analysis", _("Analysis plan"), tuple(analysis.analysis_rows(promise, named))),
        PreregistrationSection("other", _("Other"), tuple(_other(promise, named))),
    )


def canonical_excerpt(promise: PlanContent, *keys: str) -> str:
    """A part of the plan exactly as it is hashed."""
    part = {key: promise[key] for key in keys if key in promise}
    return json.dumps(part, ensure_ascii=False, sort_keys=True)[1:-1]


def _study(promise: PlanContent, named: PlanNames) -> list[PreregistrationRow]:
    who = (
        _(
            "A campaign manager of the organisation that runs this installation. "
            "A second person, a reviewer, agreed to it."
        )
        if named.is_approved
        else _(
            "A campaign manager of the organisation that runs this installation. "
            "A second person, a reviewer, has to agree before it can start."
        )
    )
    arms = len(promise["arms"])
    told = ngettext(
        "%(count)s message is shown by chance to people who may be about to make a fake nude of a real person.",
        "%(count)s messages are shown by chance to people who may be about to make a fake nude of a real person.",
        arms,
    ) % {"count": localize_number(arms)}
    said = promise["hypothesis"] or _("No hypothesis was written down.")
    return [
        PreregistrationRow("title", _("Title"), (named.title,), (canonical_excerpt(promise, "campaign"),)),
        PreregistrationRow("authors", _("Authors"), (who,)),
        PreregistrationRow(
            "description",
            _("Description"),
            (told, _("What they do next is counted, without anybody knowing who they are.")),
            (canonical_excerpt(promise, "unit"),),
        ),
        PreregistrationRow(
            "hypotheses", _("Hypotheses"), (said, *_pairs_in_words(promise, named)), tuple(_hypotheses(promise))
        ),
    ]


def _pairs_in_words(promise: PlanContent, named: PlanNames) -> list[str]:
    what = outcome_name(analysis.primary_outcome(promise))
    told = _("“%(one)s” is compared with “%(other)s”: does one lead to more or less of “%(outcome)s”?")
    return [
        told % {"one": named.arm_name(treated), "other": named.arm_name(control), "outcome": what}
        for treated, control in promise["comparisons"]
    ]


def _hypotheses(promise: PlanContent) -> list[str]:
    ordered = analysis.is_ordered(analysis.primary_outcome(promise))
    said = "P({t} > {c}) + ½ P({t} = {c})" if ordered else "p({t}) − p({c})"
    null = "½" if ordered else "0"
    return [
        f"H₀: {said.format(t=treated, c=control)} = {null};  H₁: ≠ {null}"
        for treated, control in promise["comparisons"]
    ]


def _design(promise: PlanContent, named: PlanNames) -> list[PreregistrationRow]:
    total = sum(arm["weight"] for arm in promise["arms"]) or 1
    shares = [
        _("“%(arm)s”: %(share)s of the people.")
        % {"arm": named.arm_name(arm["arm"]), "share": localize_percent(arm["weight"] / total)}
        for arm in promise["arms"]
    ]
    control = next((named.arm_name(arm["arm"]) for arm in promise["arms"] if arm["control"]), "")
    if control:
        shares.append(_("“%(arm)s” is the one that the others are compared with.") % {"arm": control})
    if promise.get("factorial"):
        shares.append(
            _(
                "The four form a 2 × 2: harm to the person depicted, and harm to the user, each named or not. "
                "What each adds, and whether both together do more than their sum, is estimated too."
            )
        )
    unit = {
        "view": _("Each shown message is one unit: who comes back is assigned anew."),
        "session": _("Each browser tab is one unit: it keeps its message while it stays open."),
        "subject": _("Each of the partner’s users is one unit, under a key that says nothing about them."),
    }.get(promise["unit"], "")
    return [
        PreregistrationRow(
            "study-type",
            _("Study type"),
            (_("A randomised experiment: chance decides which message somebody sees."),),
        ),
        PreregistrationRow(
            "blinding",
            _("Blinding"),
            (
                _("A visitor sees one message, and can read that chance chose it, but not what the others say."),
                _("Nobody who works here sees an estimate before the first planned look."),
            ),
        ),
        PreregistrationRow(
            "design",
            _("Study design"),
            (_("Between people: each unit gets one message and keeps it."), *shares),
            (
                "weights: " + ", ".join(f"{arm['arm']} {arm['weight']}" for arm in promise["arms"]),
                canonical_excerpt(promise, "factorial"),
            ),
        ),
        PreregistrationRow(
            "randomization",
            _("Randomization"),
            (
                _(
                    "A published hash of a number drawn by chance and of this campaign’s own salt picks the message, "
                    "in the planned shares. The plan commits to the salt, so that the split can be checked later."
                ),
                unit,
            ),
            (canonical_excerpt(promise, "unit"), canonical_excerpt(promise, "salt_sha256")),
        ),
    ]


def _sampling(promise: PlanContent, named: PlanNames) -> list[PreregistrationRow]:
    places = [named.placements.get(key, key) for key in promise["placements"]]
    collected = [
        _("Messages appear at: %(places)s.") % {"places": ", ".join(places)}
        if places
        else _("No place is chosen yet."),
        _("Everybody who comes there while the campaign runs may see one. Nobody is invited, asked or paid."),
    ]
    per_arm, arms = promise["planned_per_arm"], len(promise["arms"])
    size = _("%(each)s people for each message, %(all)s in all, before we decide.") % {
        "each": localize_number(per_arm),
        "all": localize_number(per_arm * arms),
    }
    return [
        PreregistrationRow(
            "existing-data",
            _("Existing data"),
            (_("Registered before any data exist: the plan freezes at launch, before anyone is counted."),),
        ),
        PreregistrationRow(
            "existing-data-explanation",
            _("Explanation of existing data"),
            (_("No data of this campaign exist when it is registered. Rates expected from earlier ones stand below."),),
        ),
        PreregistrationRow(
            "collection", _("Data collection procedures"), tuple(collected), (canonical_excerpt(promise, "placements"),)
        ),
        PreregistrationRow("size", _("Sample size"), (size,), (canonical_excerpt(promise, "planned_per_arm"),)),
        PreregistrationRow("rationale", _("Sample size rationale"), (_rationale(promise),), (_reckoned(promise),)),
        PreregistrationRow(
            "stopping",
            _("Stopping rule"),
            tuple(analysis.describe_stopping_rule(promise)),
            (analysis.formal_stopping_rule(promise),),
        ),
    ]


def _rationale(promise: PlanContent) -> str:
    rate, power = promise.get("expected_rate"), promise.get("power")
    if rate is None or power is None:
        return _("No expected rate was written down: the number was chosen without reckoning.")
    return _(
        "Reckoned with %(rate)s people doing so after the message that the others are compared with, so that a true "
        "difference of %(difference)s shows with a chance of %(power)s."
    ) % {
        "rate": localize_share(rate),
        "difference": localize_share(analysis.smallest_difference(promise)),
        "power": localize_percent(power),
    }


def _reckoned(promise: PlanContent) -> str:
    known = {"smallest_difference": analysis.smallest_difference(promise), **promise}
    return ", ".join(
        f"{name} = {known[name]}"
        for name in ("expected_rate", "smallest_difference", "power", "level")
        if known.get(name) is not None
    )


def _variables(promise: PlanContent, named: PlanNames) -> list[PreregistrationRow]:
    manipulated = [_("The words of the message, exactly as they stand below; nothing else differs on purpose.")]
    measured, measured_formal = analysis.describe_outcomes(promise)
    indices = [
        _(rule.definition) % {"outcome": outcome_name(planned["outcome"])}
        for planned in promise["outcomes"]
        if planned["outcome"] in OUTCOMES and (rule := OUTCOMES[planned["outcome"]].derivation)
    ]
    digests = [
        f"{arm['arm']}: "
        + (", ".join(f"{locale} {digest}" for locale, digest in sorted(arm["languages"].items())) or arm["words"])
        for arm in promise["arms"]
    ]
    return [
        PreregistrationRow(
            "manipulated", _("Manipulated variables"), tuple(manipulated), tuple(digests), words=named.renditions
        ),
        PreregistrationRow("measured", _("Measured variables"), tuple(measured), tuple(measured_formal)),
        PreregistrationRow("indices", _("Indices"), tuple(indices) or (_("None."),)),
    ]


def _other(promise: PlanContent, named: PlanNames) -> list[PreregistrationRow]:
    ethics = promise.get("ethics", {})
    agreed = [
        *([_("Agreed to by: %(who)s.") % {"who": ethics["reference"].rstrip(".")}] if ethics.get("reference") else []),
        *(
            [_("Exempt, because: %(why)s.") % {"why": ethics["exemption"].rstrip(".")}]
            if ethics.get("exemption")
            else []
        ),
    ]
    passed = [
        _("“%(arm)s” (%(language)s) was approved by an exception: %(reason)s")
        % {"arm": named.arm_name(arm["arm"]), "language": made["language"], "reason": made["reason"]}
        for arm in promise["arms"]
        for made in arm.get("exceptions", ())
    ]
    rows = [PreregistrationRow("ethics", _("Ethics"), tuple(agreed) or (_("Nothing is written down yet."),), ())]
    if passed:
        rows.append(PreregistrationRow("exceptions", _("Exceptions of the review"), tuple(passed)))
    return rows
