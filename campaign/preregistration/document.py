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
        _("A campaign manager at the organisation that runs this site. A second person, a reviewer, approved it.")
        if names.is_approved
        else _(
            "A campaign manager at the organisation that runs this site. A second person, a reviewer, "
            "has to approve it before it can start."
        )
    )
    arms = len(content["arms"])
    alone = _message_of_everybody(content)
    summary = alone and _(
        "Everyone sees “%(message)s”: people who may be about to make a fake nude of a real person."
    ) % {"message": names.arm_name(alone)}
    summary = summary or ngettext(
        "%(count)s message is shown at random to people who may be about to make a fake nude of a real person.",
        "%(count)s messages are shown at random to people who may be about to make a fake nude of a real person.",
        arms,
    ) % {"count": format_number(arms)}
    hypothesis = content["hypothesis"] or _("No hypothesis was recorded.")
    return [
        PreregistrationRow("title", _("Title"), (names.title,), (canonical_excerpt(content, "campaign"),)),
        PreregistrationRow("authors", _("Authors"), (who,)),
        PreregistrationRow(
            "description",
            _("Description"),
            (summary, _("We count what they do next without knowing who they are.")),
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


def _message_of_everybody(content: PlanContent) -> str:
    """Return the arm that everybody sees, in use without a holdout; empty where messages are compared."""
    shown = [arm["arm"] for arm in content["arms"] if arm["weight"]]
    return shown[0] if content.get("purpose") == "use" and len(shown) == 1 else ""


def _design(content: PlanContent, names: PlanNames) -> list[PreregistrationRow]:
    total = sum(arm["weight"] for arm in content["arms"]) or 1
    shares = [
        _("“%(arm)s”: %(share)s of the people.")
        % {"arm": names.arm_name(arm["arm"]), "share": format_percent(arm["weight"] / total)}
        for arm in content["arms"]
    ]
    control = next((names.arm_name(arm["arm"]) for arm in content["arms"] if arm["control"]), "")
    if control:
        shares.append(_("“%(arm)s” is the control.") % {"arm": control})
    if content.get("factorial"):
        shares.append(
            _(
                "The four messages form a 2 × 2: each names harm to the victim, harm to the person making "
                "the picture, both or neither. We also estimate what each harm adds, and whether the two "
                "together do more than their sum."
            )
        )
    unit = {
        "view": _("Each message shown is one unit. A person who comes back is assigned again."),
        "session": _("Each browser tab is one unit. It keeps its message while it stays open."),
        "period": _("Each period at a placement is one unit. Everyone sees the same message there until it ends."),
        "subject": _("Each of the partner’s users is one unit, under a code that says nothing about them."),
    }.get(content["unit"], "")
    alone = _message_of_everybody(content)
    return [
        PreregistrationRow(
            "study-type",
            _("Study type"),
            (
                _("Not an experiment: everyone sees the message that worked in a trial. Nobody sees the control.")
                if alone
                else _("A randomised experiment: chance decides which message a person sees."),
            ),
        ),
        PreregistrationRow(
            "blinding",
            _("Blinding"),
            (
                _(
                    "A visitor sees one message. They can read that it was chosen at random, but not what the "
                    "other messages say."
                ),
                _("None of the staff sees an estimate before the first planned look."),
            ),
        ),
        PreregistrationRow(
            "design",
            _("Study design"),
            tuple(shares) if alone else (_("Between people: each unit gets one message and keeps it."), *shares),
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
        else _("No placement has been chosen yet."),
        _("Anyone who comes there while the campaign is running may see a message. Nobody is invited, asked or paid."),
    ]
    if "slots" in content:
        first, last = content["slots"]
        sentence = _(
            "This campaign has slots %(first)s to %(last)s of the 100 slots for views there, drawn by a "
            "published hash. Another campaign may have the other slots. Each view counts for only one "
            "campaign."
        )
        procedures.append(sentence % {"first": first, "last": last})
    arms = [(names.arm_name(arm["arm"]), arm["weight"]) for arm in content["arms"]]
    people = planned_people(content["planned_per_arm"], [weight for _name, weight in arms])
    size = _("%(people)s people in total before we decide: %(split)s.") % {
        "people": format_number(people),
        "split": format_people_by_arm(people, arms),
    }
    return [
        PreregistrationRow(
            "existing-data",
            _("Existing data"),
            (_("Registered before any data exist: the plan is frozen at launch, before anyone is counted."),),
        ),
        PreregistrationRow(
            "existing-data-explanation",
            _("Explanation of existing data"),
            (
                _(
                    "No data exist for this campaign when it is registered. Rates expected from earlier "
                    "campaigns are given below."
                ),
            ),
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
        return _("No expected rate was recorded: the number was chosen without a calculation.")
    sentence = _(
        "Calculated assuming that %(rate)s people do so after seeing the control, to find a true "
        "difference of %(difference)s with a chance of %(power)s."
    ) % {
        "rate": format_frequency(rate),
        "difference": format_frequency(analysis.smallest_difference(content)),
        "power": format_percent(power),
    }
    if factor is not None:
        # Translators: follows the sentence about the number of people.
        sentence += " " + _(
            "Because people at one placement have much in common, the number is multiplied by %(factor)s."
        ) % {"factor": format_number(factor)}
    if (spread := content.get("text_spread")) is not None:
        spreads = {
            "matched": _("We assumed that the difference varies by %(spread)s between sets."),
            "different": _("We assumed that the texts of one message differ by %(spread)s."),
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
    manipulated = [_("The text of the message, exactly as given below. Nothing else differs on purpose.")]
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
        return [_("Each message has one text, so a result is about this text, not about its appeal.")]
    drawn = _("A message has up to %(count)s texts. Each time it is shown, one of them is drawn with equal chances.")
    relation = {
        "matched": _(
            "The first texts of all messages form a set, so do the second ones, and so on. Within a set, "
            "only the appeal differs."
        ),
        "different": _("Each message has its own texts."),
    }
    return [drawn % {"count": format_number(most)}, *([relation[design]] if design in relation else [])]


def _other(content: PlanContent, names: PlanNames) -> list[PreregistrationRow]:
    ethics = content.get("ethics", {})
    ethics_lines = [
        *([_("Approved by: %(who)s.") % {"who": ethics["reference"].rstrip(".")}] if ethics.get("reference") else []),
        *(
            [_("Exempt because: %(why)s.") % {"why": ethics["exemption"].rstrip(".")}]
            if ethics.get("exemption")
            else []
        ),
    ]
    exceptions = [
        _("“%(arm)s” (%(language)s) was approved as an exception: %(reason)s")
        % {"arm": names.arm_name(arm["arm"]), "language": made["language"], "reason": made["reason"]}
        for arm in content["arms"]
        for text in _texts(arm)
        for made in text.get("exceptions", ())
    ]
    rows = [
        PreregistrationRow("ethics", _("Ethics"), tuple(ethics_lines) or (_("Nothing has been recorded yet."),), ())
    ]
    if exceptions:
        rows.append(PreregistrationRow("exceptions", _("Exceptions in the review"), tuple(exceptions)))
    return rows
