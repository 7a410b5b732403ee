"""What the wizard says of numbers and outcomes: in people of a hundred, in weeks and years, never in symbols."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaign.outcomes import OUTCOMES
from campaign.wizard.sample_size import MAX_DAYS, SEEN_SHARE, NoSampleSize, SampleSize

# An outcome as an answer to "what would show that it works", and what that means.
SUCCESS_LABELS: dict[str, tuple[Any, Any]] = {
    key: (gettext_lazy(goal.label), gettext_lazy(goal.meaning))
    for goal, key in sorted(((o.goal, o.key) for o in OUTCOMES.values() if o.goal), key=lambda pair: pair[0].order)
}
# The same outcomes as a worry: what more harm would look like.
HARM_LABELS: dict[str, Any] = {
    key: gettext_lazy(harm.label)
    for harm, key in sorted(((o.harm, o.key) for o in OUTCOMES.values() if o.harm), key=lambda pair: pair[0].order)
}
# The same outcomes as what people do: "how many do you expect to turn back?"
OUTCOME_VERBS: dict[str, Any] = {key: gettext_lazy(o.verb) for key, o in OUTCOMES.items() if o.verb}
LEVEL_LABELS: dict[float, Any] = {
    0.9: gettext_lazy("Less sure: of 100 trials without any difference, at most 10 would claim one"),
    0.95: gettext_lazy("As is usual: of 100 trials without any difference, at most 5 would claim one"),
    0.99: gettext_lazy("Very sure: of 100 trials without any difference, at most 1 would claim one"),
}
POWER_LABELS: dict[float, Any] = {
    0.8: gettext_lazy("In 80 of 100 trials (usual)"),
    0.9: gettext_lazy("In 90 of 100 trials: this takes about a third more people"),
    0.95: gettext_lazy("In 95 of 100 trials: this takes about two thirds more people"),
}
MONITORING_LABELS: dict[str, tuple[Any, Any]] = {
    "group-sequential": (
        gettext_lazy("At a few set points"),
        gettext_lazy("Usually four times. It can end early if the difference is large, and takes hardly more people."),
    ),
    "fixed": (
        gettext_lazy("Once, at the end"),
        gettext_lazy("It takes the fewest people. Nobody sees an estimate before the end."),
    ),
    "always-valid": (
        gettext_lazy("Whenever we like"),
        gettext_lazy("The freest, and the dearest: up to about twice as many people."),
    ),
}
UNIT_LABELS: dict[str, tuple[Any, Any]] = {
    "view": (
        gettext_lazy("Each message that is shown"),
        gettext_lazy("Nothing is kept in anybody’s browser. Somebody who comes back may see another message."),
    ),
    "session": (
        gettext_lazy("Each browser tab"),
        gettext_lazy(
            "A reload shows the same message and is not counted again. The tab keeps a note until it is closed: read "
            "the legal note in the privacy guide first."
        ),
    ),
    "subject": (
        gettext_lazy("Each person, as the partner knows them"),
        gettext_lazy(
            "Only where a partner’s server sends a key that says nothing to us. The same person always sees the same "
            "message."
        ),
    ),
}


def format_number(value: float) -> str:
    """As the reader's language writes it, without needless zeros."""
    return number_format(f"{value:.10g}", use_l10n=True, force_grouping=True)


def format_share(value: float) -> str:
    """A share as people: "2 in 100"."""
    return _("%(some)s in 100") % {"some": format_number(round(value * 100, 2))}


def format_rounded_share(value: float) -> str:
    """A share that was reckoned, rounded to what anybody can use: "3.4 in 100"."""
    points = value * 100
    return _("%(some)s in 100") % {"some": format_number(round(points, 1) or round(points, 2))}


def format_duration(days: int) -> str:
    """How long, as people say it: "9 days", "about 6 weeks", "about 8 months", "about 3 years"."""
    if days >= MAX_DAYS:
        return _("more than a lifetime")
    if days < 14:
        return ngettext("%(number)s day", "%(number)s days", days) % {"number": days}
    if days < 70:
        weeks = ceil(days / 7)
        return ngettext("about %(number)s week", "about %(number)s weeks", weeks) % {"number": weeks}
    if days < 700:
        months = ceil(days / 30.44)
        return ngettext("about %(number)s month", "about %(number)s months", months) % {"number": months}
    years = ceil(days / 365.25)
    return ngettext("about %(number)s year", "about %(number)s years", years) % {"number": years}


@dataclass(frozen=True, slots=True)
class DetectableDifferenceRow:
    """One line of what shorter times could show."""

    weeks: str
    per_arm: str
    difference: str


@dataclass(frozen=True, slots=True)
class SampleSizeText:
    """The answer of the page: one sentence, what to do about it, what it rests on, and the table."""

    sentence: str
    advice: str
    is_warning: bool
    assumptions: tuple[str, ...]
    rows: tuple[DetectableDifferenceRow, ...]


_NO_NUMBER = {
    "ordered": gettext_lazy(
        "We can’t work this out for a rating: it depends on how many people rate, and how ratings spread. Say yourself "
        "how many people should see each message."
    ),
    "no rate that far": gettext_lazy(
        "A difference that large cannot happen from where you begin: choose a smaller difference."
    ),
    "few arms": gettext_lazy("Choose at least two messages first."),
    "no share": gettext_lazy("At least two messages need a share above zero."),
}


def describe_sample_size(
    size: SampleSize | NoSampleSize, *, arms: int, per_day: int, monitoring: str, comparisons: int
) -> SampleSizeText:
    """What the sizes mean, in words."""
    if isinstance(size, NoSampleSize):
        return SampleSizeText(str(_NO_NUMBER[size.reason]), "", size.reason != "ordered", (), ())
    return SampleSizeText(
        sentence=_sentence(size),
        advice=_advice(size),
        is_warning=size.duration_rating in ("too small", "no traffic") or not size.is_enough,
        assumptions=tuple(_assumptions(size, arms, per_day, monitoring, comparisons)),
        rows=tuple(
            DetectableDifferenceRow(
                weeks=ngettext("%(number)s week", "%(number)s weeks", row.weeks) % {"number": row.weeks},
                per_arm=format_number(row.per_arm),
                difference=format_rounded_share(row.difference) if row.difference is not None else _("nothing yet"),
            )
            for row in size.detectable_by_weeks
        ),
    )


def _sentence(size: SampleSize) -> str:
    needs = _("%(people)s people have to see each message.")
    gets = _("%(people)s people would see each message.")
    people = (needs if size.is_enough else gets) % {"people": format_number(size.planned)}
    if size.days is None:
        return people
    if size.duration_rating == "too small":
        return f"{people} " + _("At this traffic it would take %(time)s.") % {"time": format_duration(size.days)}
    return f"{people} " + _("At this traffic that takes %(time)s.") % {"time": format_duration(size.days)}


def _advice(size: SampleSize) -> str:
    said = []
    if not size.is_enough and size.detectable_difference is not None:
        said.append(
            _(
                "That is fewer than it takes: so many people show a difference of %(shown)s or more. For the one that "
                "you named it takes %(needed)s."
            )
            % {"shown": format_rounded_share(size.detectable_difference), "needed": format_number(size.needed)}
        )
    elif not size.is_enough:
        said.append(
            _("That is too few to show any difference. It takes %(needed)s.") % {"needed": format_number(size.needed)}
        )
    match size.duration_rating:
        case "too small":
            said.append(_("Choose fewer messages, more places, or a larger difference."))
        case "long":
            said.append(_("That is long: much will change around it. Fewer messages or more places shorten it."))
        case "no traffic":
            said.append(
                _("How long that takes nobody can say: no place has an expected traffic yet. Go back to “Where”.")
            )
    return " ".join(said)


def _assumptions(size: SampleSize, arms: int, per_day: int, monitoring: str, comparisons: int) -> list[str]:
    told = []
    if per_day:
        told.append(
            _(
                "%(sent)s messages are sent a day, and %(share)s of them are seen on screen: that share is our guess, "
                "and only those who see a message count. So %(seen)s people a day, shared among %(arms)s messages."
            )
            % {
                "sent": format_number(per_day),
                "share": format_share(SEEN_SHARE),
                "seen": format_number(round(size.seen_per_day)),
                "arms": arms,
            }
        )
    if comparisons > 1:
        told.append(
            _("It asks %(number)s questions at once, and so takes more people than one would.")
            % {"number": format_number(comparisons)}
        )
    if monitoring == "always-valid":
        told.append(
            _(
                "You may look whenever you like. The number is the most that this takes: a difference larger than the "
                "smallest one often shows sooner."
            )
        )
    if monitoring == "group-sequential":
        told.append(_("Some people more are reckoned in for the looks on the way."))
    return told


def end_date_warning(starts: date | None, ends: date | None, size: SampleSize | NoSampleSize) -> str:
    """What a set end means for the plan; empty where it leaves time enough."""
    if isinstance(size, NoSampleSize) or size.days is None or not (starts and ends):
        return ""
    length = (ends - starts).days + 1
    if length >= size.days:
        return ""
    return _("It would end after %(length)s, before the planned people have come: that takes %(time)s.") % {
        "length": format_duration(length),
        "time": format_duration(size.days),
    }
