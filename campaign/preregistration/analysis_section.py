"""The part of a plan's words that says how it is measured, compared, stopped and judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from campaign.models import AnalysisPlan
from campaign.outcomes import OUTCOMES
from campaign.preregistration.rows import PlanNames, PreregistrationRow, localize_percent, localize_share, outcome_name

PlanContent = Mapping[str, Any]


def primary_outcome(promise: PlanContent) -> str:
    """The outcome that decides; empty while a draft names none."""
    return next((planned["outcome"] for planned in promise["outcomes"] if planned["role"] == "primary"), "")


def smallest_difference(promise: PlanContent) -> float:
    """The primary outcome's smallest difference that matters; 0 if there is none."""
    return next((o["smallest_difference"] or 0.0 for o in promise["outcomes"] if o["role"] == "primary"), 0.0)


def is_ordered(outcome: str) -> bool:
    """Whether it has steps, such as a rating, rather than yes and no."""
    return outcome in OUTCOMES and OUTCOMES[outcome].kind == "ordered"


def analysis_rows(promise: PlanContent, named: PlanNames) -> Iterator[PreregistrationRow]:
    """How the answer is found, as the template asks for it."""
    yield PreregistrationRow(
        "models", _("Statistical models"), tuple(_models(promise, named)), tuple(_models_formal(promise))
    )
    yield PreregistrationRow(
        "transformations",
        _("Transformations"),
        (_("None. Each outcome is a yes or a no, or one of a few steps in their order."),),
    )
    yield PreregistrationRow(
        "inference", _("Inference criteria"), tuple(_inference(promise)), tuple(_inference_formal(promise))
    )
    yield PreregistrationRow(
        "exclusion",
        _("Data exclusion"),
        (
            _("Only people who had the message on their screen count; a message that was sent but not seen does not."),
            _(
                "Left out before anyone knows what they do: machines that name themselves, networks that ask too "
                "often, and browsers that ask not to be counted."
            ),
        ),
        (f"denominator = {promise['denominator']}",),
    )
    yield PreregistrationRow(
        "missing",
        _("Missing data"),
        (
            _("Who saw a message and did nothing counts as not having done it. No number is filled in."),
            _("If messages were not seen in the planned shares, the split is broken, and every verdict is withheld."),
        ),
        ("χ², α = 0.0005",),
    )
    yield PreregistrationRow(
        "exploratory",
        _("Exploratory analysis"),
        (
            _("A look or an outcome that stands in no plan is shown as exploratory, and no verdict rests on it."),
            _("Other methods on the same counts stand beside the planned one, for whoever wants to check."),
        ),
    )


def describe_outcomes(promise: PlanContent) -> tuple[list[str], list[str]]:
    """Each outcome in words, and formally."""
    said = {
        "primary": _("“%(outcome)s” is the primary outcome: it decides. %(better)s"),
        "secondary": _("“%(outcome)s” explains, and decides nothing. %(better)s"),
        "guardrail": _("“%(outcome)s” is watched for harm; it never crowns a winner. %(better)s"),
    }
    better = {"higher": _("More is better."), "lower": _("Less is better."), "none": ""}
    plain, formal = [], []
    for planned in promise["outcomes"]:
        name = outcome_name(planned["outcome"])
        told = [(said[planned["role"]] % {"outcome": name, "better": better[planned["better"]]}).strip()]
        if planned["role"] != "primary" and planned.get("smallest_difference"):
            told.append(
                _("A difference under %(difference)s is too small to matter.")
                % {"difference": localize_share(planned["smallest_difference"])}
            )
        plain.append(" ".join(told))
        numbers = [
            f"{short} = {planned[key]}"
            for key, short in (("smallest_difference", "δ"), ("harm_margin", "margin"))
            if planned.get(key) is not None
        ]
        formal.append(", ".join([f"{planned['outcome']} ({planned['role']}, {planned['better']})", *numbers]))
    return plain or [_("None is chosen yet.")], formal


def describe_stopping_rule(promise: PlanContent) -> Iterator[str]:
    """When we look, and when an arm or all of it stops."""
    looks = ", ".join(localize_percent(look) for look in promise["looks"])
    if promise["monitoring"] == "always-valid":
        first = localize_percent(promise["looks"][0]) if promise["looks"] else "?"
        yield _(
            "We may look whenever we like from %(share)s of the planned people on. Every interval holds at all looks "
            "at once, and is wider for it."
        ) % {"share": first}
    elif promise["monitoring"] == "group-sequential":
        yield _("We look at %(shares)s of the planned people, and may stop there if the answer is clear.") % {
            "shares": looks
        }
    else:
        yield _("We look once, when the planned people have been counted.")
    yield _("Before the first of these looks nobody sees an estimate.")
    for planned in promise["outcomes"]:
        if planned.get("harm_margin") is not None:
            yield _(
                "“%(outcome)s”: a message that is surely worse than the one it is compared with, by more than "
                "%(margin)s, is paused, by itself and at any time."
            ) % {"outcome": outcome_name(planned["outcome"]), "margin": localize_share(planned["harm_margin"])}


def formal_stopping_rule(promise: PlanContent) -> str:
    spending = f", {promise['spending']}" if promise["monitoring"] == "group-sequential" else ""
    return f"{promise['monitoring']}{spending}, looks = {promise['looks']}"


def _models(promise: PlanContent, named: PlanNames) -> Iterator[str]:
    pairs = [
        _("“%(one)s” against “%(other)s”") % {"one": named.arm_name(treated), "other": named.arm_name(control)}
        for treated, control in promise["comparisons"]
    ]
    if pairs:
        yield _("Compared, in this order: %(pairs)s.") % {"pairs": "; ".join(pairs)}
    if is_ordered(primary_outcome(promise)):
        yield _("For each pair: how often somebody with the one message answers higher than somebody with the other.")
    else:
        yield _(
            "For each pair: of 100 people who saw each, how many more or fewer do it, with an interval around that."
        )
    if promise["strata"]:
        yield _("Compared within each placement, then added up.")
    if promise["clusters"]:
        yield _("Compared by placement and day, because people there have much in common.")


def _models_formal(promise: PlanContent) -> Iterator[str]:
    if is_ordered(primary_outcome(promise)):
        method = "Brunner–Munzel"
    elif promise["monitoring"] == "always-valid":
        method = "p̂₁ − p̂₀, confidence sequence"
    elif promise["monitoring"] == "group-sequential":
        method = "p̂₁ − p̂₀, repeated confidence intervals"
    elif promise["clusters"]:
        method = "p̂₁ − p̂₀ by cluster, CR2"
    elif promise["strata"]:
        method = "Mantel–Haenszel risk difference, Sato variance"
    else:
        method = "p̂₁ − p̂₀, Miettinen–Nurminen score interval"
    yield method
    yield "; ".join(f"{treated} − {control}" for treated, control in promise["comparisons"])
    if promise["strata"] or promise["clusters"]:
        yield f"strata = {promise['strata'] or '–'}, clusters = {promise['clusters'] or '–'}"
    if promise.get("factorial"):
        yield "2 × 2: main effects, interaction"


def _inference(promise: PlanContent) -> Iterator[str]:
    yield _("%(level)s intervals: the range where the true number very likely lies. Both directions count.") % {
        "level": localize_percent(promise["level"])
    }
    if smallest_difference(promise):
        yield _(
            "If that whole range is nearer to nothing than %(difference)s, there is no meaningful difference, "
            "even where it lies on one side."
        ) % {"difference": localize_share(smallest_difference(promise))}
    yield _(
        "Otherwise a message is called better or worse if the whole range lies on one side of no difference, and the "
        "correction below agrees. In all other cases we cannot tell yet."
    )
    if promise["correction"] == "none":
        yield _("Nothing is corrected for asking several questions at once.")
    else:
        yield _(
            "%(correction)s’s correction: asking several questions at once must not make a lucky answer likelier."
        ) % {"correction": dict(AnalysisPlan.Correction.choices).get(promise["correction"], promise["correction"])}


def _inference_formal(promise: PlanContent) -> Iterator[str]:
    alpha = round(1 - promise["level"], 6)
    yield f"α = {alpha}, two-sided; correction = {promise['correction']}"
    yield f"δ = {smallest_difference(promise)}"
