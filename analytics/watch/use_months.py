"""Whether a message in use still works, month by month, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext

from analytics import wording
from analytics.disclosure import gate
from analytics.models import Estimate
from campaign.models import Arm, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES


@dataclass(frozen=True, slots=True)
class UseMonth:
    """One month in words; `standing` is "works", "worse", "unclear", "held", "few", or "alone" without a holdout."""

    from_day: date
    to_day: date
    standing: str
    rates: str
    sentence: str


@dataclass(frozen=True, slots=True)
class UseSummary:
    """Whether it still works, in one sentence, and each month, the latest first."""

    sentence: str
    fades: bool
    months: tuple[UseMonth, ...]
    trial: str = ""  # what people did in the trial, where nobody is held out
    has_holdout: bool = True


def summarize_use(campaign: Campaign) -> UseSummary | None:
    """Return how a message in use works; None for a trial."""
    if not campaign.is_use:
        return None
    control = campaign.arms.get(is_control=True)
    stored = gate.monthly_effects(campaign, early=False)
    if not control.weight:
        return UseSummary(
            gettext(
                "Nobody sees “%(control)s” any more, so we cannot tell whether the message still works. To find out, "
                "plan a new trial."
            )
            % {"control": control.name},
            fades=False,
            months=tuple(reversed([_month_alone(each) for each in stored])),
            trial=_trial_sentence(campaign, control),
            has_holdout=False,
        )
    if not stored:
        return UseSummary(gettext("Too few people so far to tell whether it still works."), fades=False, months=())
    primary = campaign.plan.outcomes.get(role=PlannedOutcome.Role.PRIMARY)
    is_lower_better = OUTCOMES[primary.outcome].better == "lower"
    months = tuple(_month(each, is_lower_better=is_lower_better) for each in stored)
    fading = next((each for each in reversed(stored) if each["fades"] is not None), None)
    fades = bool(fading and fading["fades"])
    return UseSummary(_sentence(months, stored, fading if fades else None), fades, tuple(reversed(months)))


def _month_alone(stored: dict[str, Any]) -> UseMonth:
    """A month of a message that everybody sees: how many did it, which nothing is compared with."""
    days = date.fromisoformat(stored["from_day"]), date.fromisoformat(stored["to_day"])
    rate = stored["treated_rate"]
    if rate is None:
        return UseMonth(*days, "few", "", gettext("Too few people to tell."))
    scale = wording.choose_scale([rate])
    values = {"treated": scale.count(rate), "people": scale.people}
    return UseMonth(*days, "alone", gettext("%(treated)s of %(people)s with the message") % values, "")


def _trial_sentence(use: Campaign, control: Arm) -> str:
    """Say how many did it in the trial, as its latest look may show it; nothing if that is hidden."""
    looks = gate.latest_released_looks([use.based_on], early=False) if use.based_on else []
    pair = use.plan.pairs[0]
    primary = use.plan.outcomes.get(role=PlannedOutcome.Role.PRIMARY).outcome
    rates = {
        row.treated.key: row.effect
        for look in looks
        for row in look.estimates
        if not look.is_withheld and row.kind == Estimate.Kind.RATE and row.outcome == primary and row.effect is not None
    }
    if not {pair.treated, pair.control} <= rates.keys():
        return ""
    scale = wording.choose_scale([rates[pair.treated], rates[pair.control]])
    return gettext(
        "In the trial it was %(treated)s of %(people)s with the message, and %(control)s with “%(name)s”. A month that "
        "differs from that may have other reasons: other visitors, or another season."
    ) % {
        "treated": scale.count(rates[pair.treated]),
        "people": scale.people,
        "control": scale.count(rates[pair.control]),
        "name": control.name,
    }


def _month(stored: dict[str, Any], *, is_lower_better: bool) -> UseMonth:
    rates = [rate for rate in (stored["treated_rate"], stored["control_rate"]) if rate is not None]
    scale = wording.choose_scale(rates)
    effect, low, high = stored["effect"], stored["low"], stored["high"]
    days = date.fromisoformat(stored["from_day"]), date.fromisoformat(stored["to_day"])
    if effect is None:
        return UseMonth(*days, "few", "", gettext("Too few people to tell."))
    best, worst = (-high, -low) if is_lower_better else (low, high)
    standing = "works" if best > 0 else "worse" if worst < 0 else "unclear"
    standing = "held" if stored.get("by_one_network") else standing  # releases of before do not say
    gap = gettext("%(gap)s (%(interval)s)") % {
        "gap": wording.difference_phrase(effect, scale),
        "interval": wording.interval_text(low, high, scale),
    }
    words = {
        "works": gettext("Works: %(gap)s than in the holdout."),
        "worse": gettext("Does worse: %(gap)s than in the holdout."),
        "unclear": gettext("Can’t tell yet: %(gap)s than in the holdout."),
        "held": gettext("Can’t tell yet: %(gap)s than in the holdout. One network alone could have changed this."),
    }[standing]
    told = gettext("%(treated)s of %(people)s with the message, %(control)s in the holdout")
    numbers = {
        "treated": scale.count(stored["treated_rate"]),
        "control": scale.count(stored["control_rate"]),
        "people": scale.people,
    }
    return UseMonth(*days, standing, told % numbers, words % {"gap": gap})


def _sentence(months: Sequence[UseMonth], stored: Sequence[dict[str, Any]], fading: dict[str, Any] | None) -> str:
    """Say first what asks for an action: harm, then fading, then that it works."""
    if months[-1].standing == "worse":
        return gettext("In the last month, the message did worse than the holdout. Stop using it.")
    if fading is not None:
        scale = wording.choose_scale([rate for rate in (fading["treated_rate"], fading["control_rate"]) if rate])
        sure = gettext(
            "It works less well than in its first month: %(now)s than in the holdout, compared with "
            "%(first)s at first. People may have got used to it. Try other texts or another message."
        )
        held = gettext(
            "It seems to work less well than in its first month: %(now)s than in the holdout, compared with "
            "%(first)s at first. But one network alone could have caused that, so we cannot tell yet."
        )
        return (held if fading.get("fades_by_one_network") else sure) % {
            "now": wording.difference_phrase(fading["effect"], scale),
            "first": wording.difference_phrase(stored[0]["effect"], scale),
        }
    if any(month.standing == "works" for month in months[-2:]):
        return gettext("It still works.")
    if months[-1].standing == "held":
        return gettext(
            "One network alone could have changed the last month, so we cannot tell yet whether it still works. More "
            "people are needed."
        )
    return gettext("We cannot tell yet whether it still works. More people are needed.")
