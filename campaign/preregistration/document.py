"""Describe an analysis plan in the order of the OSF template, in words and formally, from its hashed content."""

import json

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign.i18n.numbers import format_frequency, format_number, format_people_by_arm, format_percent
from campaign.outcomes import OUTCOMES
from campaign.planned_people import planned_people
from campaign.preregistration import analysis_section as analysis
from campaign.preregistration.rows import (
    PlanContent,
    PlanNames,
    PreregistrationRow,
    PreregistrationSection,
    outcome_name,
)


def build_sections(content: PlanContent, names: PlanNames) -> tuple[PreregistrationSection, ...]:
    """Build all sections of the preregistration."""
    return (
        PreregistrationSection("study", _("Study information"), tuple(_study(content, names))),
        PreregistrationSection("design", _("Design plan"), tuple(_design(content, names))),
        PreregistrationSection("sampling", _("Sampling plan"), tuple(_sampling(content, names))),
        PreregistrationSection("variables", _("Variables"), tuple(_variables(content, names))),
        PreregistrationSection("analysis", _("Analysis plan"), tuple(analysis.analysis_rows(content, names))),
        PreregistrationSection("other", _("Other"), tuple(_other(content, names))),
    )


def canonical_excerpt(content: PlanContent, *keys: str) -> str:
    """Return some keys of the plan exactly as they are hashed."""
    part = {key: content[key] for key in keys if key in content}
    return json.dumps(part, ensure_ascii=False, sort_keys=True)[1:-1]


def _study(content: PlanContent, names: PlanNames) -> list[PreregistrationRow]:
    who = (
        _(
            "A campaign manager of the organisation that runs this installation. "
            "A second person, a reviewer, agreed to it."
        )
        if names.is_approved
        else _(
            "A campaign manager of the organisation that runs this installation. "
            "A second person, a reviewer, has to agree before it can start."
        )
    )
    arms = len(content["arms"])
    summary = ngettext(
        "%(count)s message is shown by chance to people who may be about to make a fake nude of a real person.",
        "%(count)s messages are shown by chance to people who may be about to make a fake nude of a real person.",
        arms,
    ) % {"count": format_number(arms)}
    hypothesis = content["hypothesis"] or _("No hypothesis was written down.")
    return [
        PreregistrationRow("title", _("Title"), (names.title,), (canonical_excerpt(content, "campaign"),)),
        PreregistrationRow("authors", _("Authors"), (who,)),
        PreregistrationRow(
            "description",
            _("Description"),
            (summary, _("What they do next is counted, without anybody knowing who they are.")),
            (canonical_excerpt(content, "unit"),),
        ),
        PreregistrationRow(
            "hypotheses",
            _("Hypotheses"),
            (hypothesis, *_describe_comparisons(content, names)),
            tuple(_hypotheses(content)),
        ),
    ]


def _describe_comparisons(content: PlanContent, names: PlanNames) -> list[str]:
    outcome = outcome_name(analysis.primary_outcome(content))
    sentence = _("“%(one)s” is compared with “%(other)s”: does one lead to more or less of “%(outcome)s”?")
    return [
        sentence % {"one": names.arm_name(treated), "other": names.arm_name(control), "outcome": outcome}
        for treated, control in content["comparisons"]
    ]


def _hypotheses(content: PlanContent) -> list[str]:
    ordered = analysis.is_ordered(analysis.primary_outcome(content))
    effect = "P({t} > {c}) + ½ P({t} = {c})" if ordered else "p({t}) − p({c})"
    null = "½" if ordered else "0"
    return [
        f"H₀: {effect.format(t=treated, c=control)} = {null};  H₁: ≠ {null}"
        for treated, control in content["comparisons"]
    ]


def _design(content: PlanContent, names: PlanNames) -> list[PreregistrationRow]:
    total = sum(arm["weight"] for arm in content["arms"]) or 1
    shares = [
        _("“%(arm)s”: %(share)s of the people.")
        % {"arm": names.arm_name(arm["arm"]), "share": format_percent(arm["weight"] / total)}
        for arm in content["arms"]
    ]
    control = next((names.arm_name(arm["arm"]) for arm in content["arms"] if arm["control"]), "")
    if control:
        shares.append(_("“%(arm)s” is the one that the others are compared with.") % {"arm": control})
    if content.get("factorial"):
        shares.append(
            _(
                "The four form a 2 × 2: harm to the person depicted, and harm to the user, each named or not. "
                "What each adds, and whether both together do more than their sum, is estimated too."
            )
        )
    unit = {
        "view": _("Each shown message is one unit: who comes back is assigned anew."),
        "session": _("Each browser tab is one unit: it keeps its message while it stays open."),
        "period": _("Each day or week at a place is one unit: everybody sees the same message there until it is over."),
        "subject": _("Each of the partner’s users is one unit, under a key that says nothing about them."),
    }.get(content["unit"], "")
    return [
        PreregistrationRow(
            "study-type", _("Study type"), (_("A randomised experiment: chance decides which message somebody sees."),)
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
                "weights: " + ", ".join(f"{arm['arm']} {arm['weight']}" for arm in content["arms"]),
                canonical_excerpt(content, "factorial"),
            ),
        ),
        PreregistrationRow(
            "randomization",
            _("Randomization"),
            (*analysis.describe_randomization(content), unit),
            tuple(canonical_excerpt(content, key) for key in ("unit", "salt_sha256", "periods") if key in content),
        ),
    ]


def _sampling(content: PlanContent, names: PlanNames) -> list[PreregistrationRow]:
    places = [names.placements.get(key, key) for key in content["placements"]]
    procedures = [
        _("Messages appear at: %(places)s.") % {"places": ", ".join(places)}
        if places
        else _("No place is chosen yet."),
        _("Everybody who comes there while the campaign runs may see one. Nobody is invited, asked or paid."),
    ]
    if "slots" in content:
        first, last = content["slots"]
        sentence = _(
            "Of 100 slots of the views there, this campaign has slots %(first)s to %(last)s, drawn by a published "
            "hash. Another campaign may have others: nobody’s view counts for both."
        )
        procedures.append(sentence % {"first": first, "last": last})
    arms = [(names.arm_name(arm["arm"]), arm["weight"]) for arm in content["arms"]]
    people = planned_people(content["planned_per_arm"], [weight for _name, weight in arms])
    size = _("%(people)s people in all before we decide: %(split)s.") % {
        "people": format_number(people),
        "split": format_people_by_arm(people, arms),
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
            "collection",
            _("Data collection procedures"),
            tuple(procedures),
            (canonical_excerpt(content, "placements", "slots"),),
        ),
        PreregistrationRow(
            "size",
            _("Sample size"),
            (size, *analysis.describe_periods(content)),
            (canonical_excerpt(content, "planned_per_arm"), f"people in all = {people}"),
        ),
        PreregistrationRow(
            "rationale", _("Sample size rationale"), (_rationale(content),), (_size_assumptions(content),)
        ),
        PreregistrationRow(
            "stopping",
            _("Stopping rule"),
            tuple(analysis.describe_stopping_rule(content)),
            (analysis.formal_stopping_rule(content),),
        ),
    ]


def _rationale(content: PlanContent) -> str:
    rate, power, factor = content.get("expected_rate"), content.get("power"), content.get("design_effect")
    if rate is None or power is None:
        return _("No expected rate was written down: the number was chosen without reckoning.")
    sentence = _(
        "Reckoned with %(rate)s people doing so after the message that the others are compared with, so that a true "
        "difference of %(difference)s shows with a chance of %(power)s."
    ) % {
        "rate": format_frequency(rate),
        "difference": format_frequency(analysis.smallest_difference(content)),
        "power": format_percent(power),
    }
    if factor is not None:
        # Translators: follows the sentence about the number of people.
        sentence += " " + _("What people of one place have in common changes the number by the factor %(factor)s.") % {
            "factor": format_number(factor)
        }
    if (spread := content.get("text_spread")) is not None:
        spreads = {
            "matched": _("The difference was taken to vary by %(spread)s from set to set."),
            "different": _("Texts of one message were taken to differ by %(spread)s."),
        }
        # Translators: follows the sentence about the number of people.
        sentence += " " + spreads[content["texts"]] % {"spread": format_frequency(spread)}
    return sentence


def _size_assumptions(content: PlanContent) -> str:
    assumptions = {"smallest_difference": analysis.smallest_difference(content), **content}
    return ", ".join(
        f"{name} = {assumptions[name]}"
        for name in ("expected_rate", "smallest_difference", "power", "level", "design_effect", "text_spread")
        if assumptions.get(name) is not None
    )


def _variables(content: PlanContent, names: PlanNames) -> list[PreregistrationRow]:
    manipulated = [_("The words of the message, exactly as they stand below; nothing else differs on purpose.")]
    manipulated += _describe_texts(content)
    measured, measured_formal = analysis.describe_outcomes(content)
    indices = [
        _(rule.definition) % {"outcome": outcome_name(planned["outcome"])}
        for planned in content["outcomes"]
        if planned["outcome"] in OUTCOMES and (rule := OUTCOMES[planned["outcome"]].derivation)
    ]
    digests = [
        f"{arm['arm']}: "
        + (", ".join(f"{locale} {digest}" for locale, digest in sorted(text["languages"].items())) or text["words"])
        for arm in content["arms"]
        for text in _texts(arm)
    ]
    return [
        PreregistrationRow(
            "manipulated", _("Manipulated variables"), tuple(manipulated), tuple(digests), words=names.renditions
        ),
        PreregistrationRow("measured", _("Measured variables"), tuple(measured), tuple(measured_formal)),
        PreregistrationRow("indices", _("Indices"), tuple(indices) or (_("None."),)),
    ]


def _texts(arm: PlanContent) -> list[PlanContent]:
    return [arm, *arm.get("further_texts", [])]


def _describe_texts(content: PlanContent) -> list[str]:
    """Say how many texts stand for each message, how they relate, and what one alone cannot answer."""
    design, most = content.get("texts"), max((len(_texts(arm)) for arm in content["arms"]), default=1)
    if most == 1:
        return [_("Each message has one text: a result is about this text, not about its appeal.")]
    drawn = _(
        "A message has up to %(count)s texts. Each time it is shown, one of them is drawn; all have equal chances."
    )
    relation = {
        "matched": _(
            "The first texts of all messages form a set, as do the second ones, and so on. Only the appeal differs "
            "within a set."
        ),
        "different": _("Each message has texts of its own."),
    }
    return [drawn % {"count": format_number(most)}, *([relation[design]] if design in relation else [])]


def _other(content: PlanContent, names: PlanNames) -> list[PreregistrationRow]:
    ethics = content.get("ethics", {})
    ethics_lines = [
        *([_("Agreed to by: %(who)s.") % {"who": ethics["reference"].rstrip(".")}] if ethics.get("reference") else []),
        *(
            [_("Exempt, because: %(why)s.") % {"why": ethics["exemption"].rstrip(".")}]
            if ethics.get("exemption")
            else []
        ),
    ]
    exceptions = [
        _("“%(arm)s” (%(language)s) was approved by an exception: %(reason)s")
        % {"arm": names.arm_name(arm["arm"]), "language": made["language"], "reason": made["reason"]}
        for arm in content["arms"]
        for text in _texts(arm)
        for made in text.get("exceptions", ())
    ]
    rows = [PreregistrationRow("ethics", _("Ethics"), tuple(ethics_lines) or (_("Nothing is written down yet."),), ())]
    if exceptions:
        rows.append(PreregistrationRow("exceptions", _("Exceptions of the review"), tuple(exceptions)))
    return rows
