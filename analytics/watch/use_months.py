"""Whether a message in use still works, month by month, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext

from analytics import wording
from analytics.disclosure import gate
from campaign.models import Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES


@dataclass(frozen=True, slots=True)
class UseMonth:
    """One month in words; `standing` is "works", "worse", "unclear", "held" or "few"."""

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


def summarize_use(campaign: Campaign) -> UseSummary | None:
    """Return how a message in use works; None for a trial."""
    if not campaign.is_use:
        return None
    control = campaign.arms.get(is_control=True)
    if not control.weight:
        return UseSummary(
            gettext("Nobody sees “%(control)s” any more, so we cannot tell whether the message still works.")
            % {"control": control.name},
            fades=False,
            months=(),
        )
    stored = gate.monthly_effects(campaign, early=False)
    if not stored:
        return UseSummary(gettext("Too few people so far to tell whether it still works."), fades=False, months=())
    primary = campaign.plan.outcomes.get(role=PlannedOutcome.Role.PRIMARY)
    is_lower_better = OUTCOMES[primary.outcome].better == "lower"
    months = tuple(_month(each, is_lower_better=is_lower_better) for each in stored)
    fading = next((each for each in reversed(stored) if each["fades"] is not None), None)
    fades = bool(fading and fading["fades"])
    return UseSummary(_sentence(months, stored, fading if fades else None), fades, tuple(reversed(months)))


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
