"""The analysis section of a preregistration: models, stopping rule, inference criteria."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign.i18n.numbers import format_frequency, format_percent
from campaign.models import AnalysisPlan
from campaign.outcomes import OUTCOMES
from campaign.preregistration.rows import PlanContent, PlanNames, PreregistrationRow, outcome_name


def primary_outcome(content: PlanContent) -> str:
    """Return the key of the primary outcome; empty while a draft has none."""
    return next((planned["outcome"] for planned in content["outcomes"] if planned["role"] == "primary"), "")


def smallest_difference(content: PlanContent) -> float:
    """Return the smallest difference of interest of the primary outcome; 0 if there is none."""
    return next((o["smallest_difference"] or 0.0 for o in content["outcomes"] if o["role"] == "primary"), 0.0)


def is_ordered(outcome: str) -> bool:
    """Whether an outcome is ordered, such as a rating, rather than yes/no."""
    return outcome in OUTCOMES and OUTCOMES[outcome].kind == "ordered"


def analysis_rows(content: PlanContent, names: PlanNames) -> Iterator[PreregistrationRow]:
    """Yield the rows of the section in the order of the OSF template."""
    yield PreregistrationRow(
        "models", _("Statistical models"), tuple(_models(content, names)), tuple(_models_formal(content))
    )
    yield PreregistrationRow(
        "transformations", _("Transformations"), (_("None. Each outcome is yes or no, or one of a few ordered steps."),)
    )
    yield PreregistrationRow(
        "inference", _("Inference criteria"), tuple(_inference(content)), tuple(_inference_formal(content))
    )
    yield PreregistrationRow(
        "exclusion",
        _("Data exclusion"),
        (
            _(
                "Only people who had the message on their screen are counted. A message that was sent but "
                "not seen is not."
            ),
            _(
                "Requests are left out before anyone knows what the person does: bots that identify "
                "themselves, networks that send too many requests, and browsers that ask not to be counted."
            ),
        ),
        (f"denominator = {content['denominator']}",),
    )
    yield PreregistrationRow(
        "missing",
        _("Missing data"),
        (
            _("A person who saw a message and did nothing counts as not having done it. No values are imputed."),
            _("If messages were not seen in the planned shares, the split is broken and every verdict is withheld."),
        ),
        (_formal_split_test(content),),
    )
    yield PreregistrationRow(
        "exploratory",
        _("Exploratory analysis"),
        (
            _("A look or an outcome that is not in the plan is shown as exploratory, and no verdict is based on it."),
            _("Other methods applied to the same counts are shown beside the planned one, as a check."),
        ),
    )


def describe_outcomes(content: PlanContent) -> tuple[list[str], list[str]]:
    """Describe each outcome in words, and formally."""
    roles = {
        "primary": _("“%(outcome)s” is the primary outcome: it decides the verdict. %(better)s"),
        "secondary": _(
            "“%(outcome)s” is a secondary outcome: it helps to explain the result and does not decide "
            "the verdict. %(better)s"
        ),
        "guardrail": _("“%(outcome)s” is watched for harm. It is not used to pick a winner. %(better)s"),
    }
    better = {
        "higher": _("More is better."),
        "lower": _("Less is better."),
        "none": _("Neither more nor less is better, so a difference is called higher or lower."),
    }
    plain, formal = [], []
    for planned in content["outcomes"]:
        name = outcome_name(planned["outcome"])
        sentences = [(roles[planned["role"]] % {"outcome": name, "better": better[planned["better"]]}).strip()]
        if planned["role"] != "primary" and planned.get("smallest_difference"):
            sentences.append(
                _("A difference smaller than %(difference)s is too small to matter.")
                % {"difference": format_frequency(planned["smallest_difference"])}
            )
        plain.append(" ".join(sentences))
        numbers = [
            f"{short} = {planned[key]}"
            for key, short in (("smallest_difference", "δ"), ("harm_margin", "margin"))
            if planned.get(key) is not None
        ]
        formal.append(", ".join([f"{planned['outcome']} ({planned['role']}, {planned['better']})", *numbers]))
    return plain or [_("None chosen yet.")], formal


def describe_randomization(content: PlanContent) -> Iterator[str]:
    """Describe how chance picks the message."""
    if _is_shown_to_everybody(content):
        yield _(
            "Nothing is assigned by chance. Everyone at a placement sees the same text of one message. If the message "
            "has several texts, they take turns: a published hash of this campaign’s own salt draws their order."
        )
        return
    if "periods" not in content:
        yield _(
            "A published hash of a random number and this campaign’s own salt picks the message, in the "
            "planned shares. The plan commits to the salt, so that the split can be checked later."
        )
        return
    if _has_hours(content):
        yield _(
            "A published hash of this campaign’s own salt draws the order. It works in balanced blocks with as many "
            "days as there are messages: in each block, every message has every hour of the day once at each "
            "placement, and on each day the same number of hours. The plan commits to the order, so that it can be "
            "checked later."
        )
        return
    yield _(
        "A published hash of this campaign’s own salt draws the order. It works in balanced blocks "
        "with as many weeks as there are messages: in each block, every message has every weekday "
        "once at each placement. The plan commits to the salt and the order, so that both can be "
        "checked later."
    )


def describe_periods(content: PlanContent) -> Iterator[str]:
    """Describe for how long, and what of each period is not counted."""
    periods = content.get("periods")
    if _is_shown_to_everybody(content):
        values: dict[str, object] = {"length": _period_length(content["periods"]["length"])}
        yield _("A placement shows one text for %(length)s, for as long as the message is in use.") % values
    elif periods:
        values = {"weeks": periods["weeks"], "length": _period_length(periods["length"])}
        yield _("A placement shows one message for %(length)s. The periods last %(weeks)s weeks.") % values
        minutes = periods.get("washout_minutes") or 60 * periods["washout_hours"]
        yield _("The first minutes of each period are not counted: %(minutes)s.") % {"minutes": minutes}


def _is_shown_to_everybody(content: PlanContent) -> bool:
    """Whether it is a message in use at places that can show one text at a time."""
    return "periods" in content and content.get("purpose") == "use"


def _has_hours(content: PlanContent) -> bool:
    return content["periods"]["length"] in AnalysisPlan.PERIODS_OF_HOURS


def _period_length(length: str) -> str:
    named = {"day": _("a day"), "week": _("a week")}
    hours = AnalysisPlan(period=length).period_hours
    return named.get(length) or ngettext("%(number)s hour", "%(number)s hours", hours) % {"number": hours}


def describe_stopping_rule(content: PlanContent) -> Iterator[str]:
    """Describe when the data are looked at, and when an arm or the campaign stops."""
    looks = ", ".join(format_percent(look) for look in content["looks"])
    if content["monitoring"] == "always-valid":
        first = format_percent(content["looks"][0]) if content["looks"] else "?"
        yield _(
            "We may look at any time after %(share)s of the planned people. Every interval holds at all "
            "looks at once, so it is wider."
        ) % {"share": first}
    elif content["monitoring"] == "group-sequential":
        values = {"shares": looks}
        yield _("We look after %(shares)s of the planned people, and may stop there if the answer is clear.") % values
    elif "periods" in content:
        yield _("We look once, after the last planned period has been counted.")
    else:
        yield _("We look once, when the planned people have been counted.")
    yield _("Nobody sees an estimate before the first of these looks.")
    for planned in content["outcomes"]:
        if planned.get("harm_margin") is not None:
            yield _(
                "“%(outcome)s”: a message is paused automatically, at any time, if it is clearly worse than "
                "the one it is compared with, by more than %(margin)s."
            ) % {"outcome": outcome_name(planned["outcome"]), "margin": format_frequency(planned["harm_margin"])}


def formal_stopping_rule(content: PlanContent) -> str:
    spending = f", {content['spending']}" if content["monitoring"] == "group-sequential" else ""
    return f"{content['monitoring']}{spending}, looks = {content['looks']}"


def _models(content: PlanContent, names: PlanNames) -> Iterator[str]:
    pairs = [
        _("“%(one)s” compared with “%(other)s”") % {"one": names.arm_name(treated), "other": names.arm_name(control)}
        for treated, control in content["comparisons"]
    ]
    if pairs:
        yield _("Compared in this order: %(pairs)s.") % {"pairs": "; ".join(pairs)}
    if is_ordered(primary_outcome(content)):
        yield _(
            "For each pair: how often a person who saw one message gives a higher answer than a person "
            "who saw the other."
        )
    else:
        yield _(
            "For each pair: out of 100 people who saw each message, how many more or fewer do it, with an interval."
        )
    if content["strata"]:
        yield _("Compared within each placement, then combined.")
    if _is_shown_to_everybody(content):
        yield _("Nobody sees the control, so nothing can be compared. The harm stop uses the control of the trial.")
    elif "periods" in content and _has_hours(content):
        yield _(
            "Blocks of days are the units. Which message has which hours is drawn again for each block, and the "
            "difference is compared with all those that could have come about in this way (a permutation test)."
        )
    elif "periods" in content:
        yield _(
            "Periods are the units. Their order is drawn again within each set of periods on the same "
            "weekday, and the difference is compared with all those that could have come about in this "
            "way (a permutation test)."
        )
    elif content["clusters"]:
        yield _("Compared by placement and day, because people at one placement on one day have much in common.")
    if content.get("texts"):
        yield _(
            "There are two answers: one for these texts, with people as the sample, and one for texts of "
            "this kind, with these texts as the sample."
        )
    if content.get("texts") == "matched":
        yield _(
            "Texts are compared within their set. The more the difference varies between sets, the less "
            "certain the result is for other texts."
        )
    elif content.get("texts"):
        yield _(
            "The more the texts of one message differ, the less certain the result is for other texts of this kind."
        )


def _formal_split_test(content: PlanContent) -> str:
    test = "χ² at the planned look, Lindon–Malek at any other" if content["monitoring"] == "fixed" else "Lindon–Malek"
    return f"{test}, α = 0.0005"


def _formal_method(content: PlanContent) -> str:
    """Name the estimator, and the interval by the way of looking."""
    sequences = {"always-valid": ", confidence sequence", "group-sequential": ", repeated confidence intervals"}
    sequence = sequences.get(content["monitoring"], "")
    if is_ordered(primary_outcome(content)):
        return f"Brunner–Munzel{sequence}"
    if "periods" in content and not _is_shown_to_everybody(content):
        return "p̂₁ − p̂₀, permutation test within sets of periods, interval by inverting it"
    if content["clusters"]:
        return f"p̂₁ − p̂₀ by cluster, CR2{sequence}"
    if content["strata"]:
        return f"Mantel–Haenszel risk difference, Sato variance{sequence}"
    if sequence:
        return f"p̂₁ − p̂₀{sequence}"
    return f"p̂₁ − p̂₀, {'Dunnett' if content['correction'] == 'dunnett' else 'Miettinen–Nurminen score'} interval"


def _models_formal(content: PlanContent) -> Iterator[str]:
    yield _formal_method(content)
    yield "; ".join(f"{treated} − {control}" for treated, control in content["comparisons"])
    if content["strata"] or content["clusters"]:
        yield f"strata = {content['strata'] or '–'}, clusters = {content['clusters'] or '–'}"
    if content.get("factorial"):
        yield "2 × 2: main effects, interaction"
    if content.get("texts"):
        yield f"texts = {content['texts']}: {_FORMAL_TEXTS[content['texts']]}, no surer than for these texts"


_FORMAL_TEXTS = {
    "matched": "mean over sets, t, from six sets on sign-flip where it can reach α",
    "different": "difference of text means, Welch; Banerjee 1960 where arms have unequal numbers of texts",
}


def _inference(content: PlanContent) -> Iterator[str]:
    values = {"level": format_percent(content["level"])}
    yield _("%(level)s intervals: the range in which the true number very likely lies. Both directions count.") % values
    if smallest_difference(content):
        yield _(
            "If the whole range is closer to zero than %(difference)s, there is no meaningful "
            "difference, even if it lies on one side of zero."
        ) % {"difference": format_frequency(smallest_difference(content))}
    yield _(
        "Otherwise, a message is called better or worse if the whole range lies on one side of zero "
        "and the correction below agrees. In all other cases, we cannot tell yet."
    )
    if content.get("texts"):
        yield _(
            "The verdict is about messages of this kind, so it is based on the second answer, not on these texts alone."
        )
    if content["correction"] == "none":
        yield _("No correction for asking several questions at once.")
    else:
        yield _(
            "%(correction)s’s correction: asking several questions at once must not make a chance finding more likely."
        ) % {"correction": dict(AnalysisPlan.Correction.choices).get(content["correction"], content["correction"])}


def _inference_formal(content: PlanContent) -> Iterator[str]:
    alpha = round(1 - content["level"], 6)
    yield f"α = {alpha}, two-sided; correction = {content['correction']}"
    yield f"δ = {smallest_difference(content)}"
