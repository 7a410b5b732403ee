"""Describe a sample size in words: people out of 100, weeks and years, no symbols."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaign.i18n.numbers import format_number, format_people_by_arm, format_per_hundred, format_rounded_per_hundred
from campaign.wizard.sample_size import MAX_DAYS, SEEN_SHARE, NoSampleSize, SampleSize, SampleSizeInputs
from campaign.wizard.texts_in_words import describe_too_few_texts


def format_duration(days: int) -> str:
    """Format a number of days: "9 days", "about 6 weeks", "about 8 months", "about 3 years"."""
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
    """A row of the table: what a number of weeks could show."""

    weeks: str
    people: str
    difference: str


@dataclass(frozen=True, slots=True)
class SampleSizeText:
    """A sample size in words: a sentence, advice, the assumptions, and a table of shorter and longer times."""

    sentence: str
    advice: str
    is_warning: bool
    assumptions: tuple[str, ...]
    rows: tuple[DetectableDifferenceRow, ...]


_NO_NUMBER = {
    "ordered": gettext_lazy(
        "We cannot work this out for a rating, because it depends on how many people rate and how "
        "much the ratings vary. Enter yourself how many people should see a message in total."
    ),
    "no rate that far": gettext_lazy(
        "A difference this large is not possible from this starting point. Choose a smaller one."
    ),
    "few arms": gettext_lazy("Choose at least two messages first."),
    "no share": gettext_lazy("At least two messages need a share above zero."),
}


def describe_sample_size(
    size: SampleSize | NoSampleSize,
    *,
    arms: Sequence[tuple[str, float]],
    per_day: int,
    monitoring: str,
    comparisons: int,
    inputs: SampleSizeInputs | None = None,
) -> SampleSizeText:
    """Describe a sample size, or why there is none. `arms` are names and weights."""
    if isinstance(size, NoSampleSize):
        return SampleSizeText(str(_NO_NUMBER[size.reason]), "", size.reason != "ordered", (), ())
    return SampleSizeText(
        sentence=_sentence(size, arms),
        advice=" ".join(filter(None, (describe_too_few_texts(size, inputs), _advice(size)))),
        is_warning=size.duration_rating in ("too small", "no traffic")
        or not size.is_enough
        or size.is_for_these_texts_alone,
        assumptions=tuple(
            _assumptions(size, sum(weight > 0 for _name, weight in arms), per_day, monitoring, comparisons)
        ),
        rows=tuple(
            DetectableDifferenceRow(
                weeks=ngettext("%(number)s week", "%(number)s weeks", row.weeks) % {"number": row.weeks},
                people=format_number(row.people),
                difference=format_rounded_per_hundred(row.difference)
                if row.difference is not None
                else _("nothing yet"),
            )
            for row in size.detectable_by_weeks
        ),
    )


def _sentence(size: SampleSize, arms: Sequence[tuple[str, float]]) -> str:
    needed = _("%(people)s people have to see a message in total: %(split)s.")
    planned = _("%(people)s people would see a message in total: %(split)s.")
    values = {"people": format_number(size.planned), "split": format_people_by_arm(size.planned, arms)}
    people = (needed if size.is_enough else planned) % values
    if size.days is None:
        return people
    if size.duration_rating == "too small":
        return f"{people} " + _("At this traffic it would take %(time)s.") % {"time": format_duration(size.days)}
    return f"{people} " + _("At this traffic that takes %(time)s.") % {"time": format_duration(size.days)}


def _advice(size: SampleSize) -> str:
    advice = []
    if not size.is_enough and size.detectable_difference is not None:
        advice.append(
            _(
                "That is fewer than needed. With this many people you can see a difference of %(shown)s or "
                "more. For the difference you entered, you need %(needed)s."
            )
            % {"shown": format_rounded_per_hundred(size.detectable_difference), "needed": format_number(size.needed)}
        )
    elif not size.is_enough:
        advice.append(
            _("That is too few people to see any difference. You need %(needed)s.")
            % {"needed": format_number(size.needed)}
        )
    match size.duration_rating:
        case "too small":
            advice.append(_("Choose fewer messages, more placements, or a larger difference."))
        case "long":
            advice.append(
                _(
                    "This is a long time, and much will change around it. Use fewer messages or more placements "
                    "to shorten it."
                )
            )
        case "no traffic":
            advice.append(
                _(
                    "We cannot say how long this takes, because no placement has an expected traffic yet. Go "
                    "back to “Where”."
                )
            )
    return " ".join(advice)


def _assumptions(size: SampleSize, arms: int, per_day: int, monitoring: str, comparisons: int) -> list[str]:
    assumptions = []
    if per_day:
        assumptions.append(
            _(
                "%(sent)s messages are sent per day. We estimate that %(share)s of them are seen on screen, "
                "and only people who see a message are counted. That makes %(seen)s people a day, shared "
                "among %(arms)s messages."
            )
            % {
                "sent": format_number(per_day),
                "share": format_per_hundred(SEEN_SHARE),
                "seen": format_number(round(size.seen_per_day)),
                "arms": arms,
            }
        )
    if comparisons > 1:
        assumptions.append(
            _("It asks %(number)s questions at once, so it needs more people than a single question.")
            % {"number": format_number(comparisons)}
        )
    if monitoring == "always-valid":
        assumptions.append(
            _(
                "You can look at any time. This number is the most you need: a difference larger than the "
                "smallest one often shows sooner."
            )
        )
    if monitoring == "group-sequential":
        assumptions.append(_("This includes a few extra people for the looks along the way."))
    return assumptions


def end_date_warning(starts: date | None, ends: date | None, size: SampleSize | NoSampleSize) -> str:
    """Warn if the campaign would end before the planned number of people has come; empty otherwise."""
    if isinstance(size, NoSampleSize) or size.days is None or not (starts and ends):
        return ""
    length = (ends - starts).days + 1
    if length >= size.days:
        return ""
    values = {"length": format_duration(length), "time": format_duration(size.days)}
    return (
        _("It would end after %(length)s, before the planned people have been reached. That takes %(time)s.") % values
    )
