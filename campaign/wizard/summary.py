"""What a draft says so far, in plain words: one row for each question, and the sizes that follow from the answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign.models import AnalysisPlan, Campaign, PlannedOutcome
from campaign.outcomes import CATALOGUE
from campaign.wizard import answers, sample_size, wording
from campaign.wizard.questions import PRESETS, STEPS, Step, as_share
from campaign.wizard.wording import Reckoned, number, share


@dataclass(frozen=True, slots=True)
class Row:
    """One question and its stored answer, a line for each thing said; no lines: not answered yet."""

    step: Step
    lines: tuple[str, ...]


def rows(campaign: Campaign) -> list[Row]:
    """Every question with its answer."""
    return [Row(step, told(campaign, step.key)) for step in STEPS]


def told(campaign: Campaign, step: str) -> tuple[str, ...]:
    """The stored answer to one question, in words."""
    answer = answers.read(campaign, step)
    if step == "learn":
        return tuple(filter(None, (answer["name"], answer["hypothesis"])))
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    lines = {
        "compare": _compare,
        "words": _words,
        "places": _places,
        "success": _success,
        "harm": _harm,
        "sureness": _sureness,
        "length": _length,
        "ethics": _ethics,
        "told": _hears,
    }[step](campaign, plan, answer)
    return tuple(line for line in lines if line)


def traffic(campaign: Campaign) -> int:
    """Messages a day at all places of the draft, as far as anybody can tell."""
    return campaign.placements.aggregate(all=Sum("expected_per_day"))["all"] or 0


def question_of(campaign: Campaign, answer: answers.Answer) -> sample_size.Question | sample_size.NotSized:
    """What a plan with this answer to "how long" wants to know."""
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    primary = PlannedOutcome.objects.filter(plan__campaign=campaign, role=PlannedOutcome.Role.PRIMARY).first()
    if primary and CATALOGUE[primary.outcome].kind != "yes-no":
        return sample_size.NotSized("ordered")
    sure = answers.read(campaign, "sureness")
    return sample_size.Question(
        expected_rate=as_share(answer["expected"]),
        smallest_difference=as_share(answer["smallest"]),
        weights=tuple(campaign.arms.values_list("weight", flat=True)),
        per_day=traffic(campaign),
        comparisons=sample_size.comparisons_of(plan.comparisons if plan else [], sure["correction"]),
        level=sure["level"],
        power=sure["power"],
        monitoring=sure["monitoring"],
        spending=sure["spending"],
        planned_per_arm=answer.get("planned"),
    )


def size_of(campaign: Campaign, answer: answers.Answer) -> sample_size.Size | sample_size.NotSized:
    """How many people, how long: for an answer whose numbers are there, stored or not."""
    question = question_of(campaign, answer)
    return question if isinstance(question, sample_size.NotSized) else sample_size.size(question)


def reckoned(campaign: Campaign, answer: answers.Answer) -> Reckoned:
    """The same in words."""
    question = question_of(campaign, answer)
    arms, per_day = campaign.arms.count(), traffic(campaign)
    if isinstance(question, sample_size.NotSized):
        return wording.reckoned(question, arms=arms, per_day=per_day, monitoring="fixed", comparisons=1)
    return wording.reckoned(
        sample_size.size(question),
        arms=arms,
        per_day=per_day,
        monitoring=question.monitoring,
        comparisons=question.comparisons,
    )


def reworked(campaign: Campaign) -> str:
    """What is said when the stored number no longer is enough, because another answer has changed since."""
    answer = answers.read(campaign, "length")
    if not (answer["planned"] and answer["expected"]):
        return ""
    size = size_of(campaign, answer)
    if isinstance(size, sample_size.NotSized) or size.is_enough:
        return ""
    return _("%(planned)s people for each message are planned; with the answers as they are it takes %(needed)s.") % {
        "planned": number(size.planned),
        "needed": number(size.needed),
    }


Plan = AnalysisPlan | None


def _compare(campaign: Campaign, plan: Plan, answer: Any) -> list[str]:
    return [str(PRESETS[answer["preset"]].name)] if answer["preset"] else []


def _words(campaign: Campaign, plan: Plan, answer: Any) -> list[str]:
    arms = list(campaign.arms.select_related("revision__message").prefetch_related("revision__renditions"))
    total = sum(arm.weight for arm in arms)
    lines = []
    for arm in arms:
        words = min(arm.revision.renditions.all(), key=lambda one: (one.locale != "en", one.locale), default=None)
        told = {"name": arm.name, "headline": words.headline if words else "–", "number": arm.revision.number}
        line = _("%(name)s: “%(headline)s” (revision %(number)s)") % told
        if arm.is_control:
            line += _(", the one the others are compared with")
        if len({one.weight for one in arms}) > 1:
            line += _(", %(share)s of the people") % {"share": wording.shown_share(arm.weight / total)}
        lines.append(line)
    if arms and len({arm.weight for arm in arms}) == 1:
        lines.append(_("Each is shown as often as the others."))
    if plan and arms:
        names = {arm.key: arm.name for arm in arms}
        pairs = [p for p in plan.pairs if {*p} <= set(names)]
        compared = [_("%(one)s with %(other)s") % {"one": names[p.treated], "other": names[p.control]} for p in pairs]
        lines.append(_("Compared: %(pairs)s.") % {"pairs": "; ".join(compared)} if compared else "")
    return lines


def _places(campaign: Campaign, plan: Plan, answer: Any) -> list[str]:
    lines = []
    for placement in campaign.placements.select_related("partner"):
        told = {"place": placement.name, "partner": placement.partner.name, "number": placement.expected_per_day}
        expects = ngettext("%(number)s message a day", "%(number)s messages a day", placement.expected_per_day)
        expected = expects % {"number": number(placement.expected_per_day)}
        lines.append(
            _("%(place)s (%(partner)s), ") % told
            + (expected if placement.expected_per_day else _("traffic not known yet"))
        )
    return lines


def _success(campaign: Campaign, plan: Plan, answer: Any) -> list[str]:
    lines = [_works(answer["primary"])] if answer["primary"] else []
    if answer["secondary"]:
        lines.append(_("Also shown: %(names)s.") % {"names": "; ".join(_works(key) for key in answer["secondary"])})
    return lines


def _works(outcome: str) -> str:
    known = wording.WORKS.get(outcome)
    return str(known[0]) if known else _(CATALOGUE[outcome].name)


def _harm(campaign: Campaign, plan: Plan, answer: Any) -> list[str]:
    lines = []
    for outcome, worry in wording.WORRIES.items():
        if answer[f"watch_{outcome}"]:
            margin = answer[f"margin_{outcome}"]
            limit = (
                _("a message is paused when it is surely worse than the control by more than %(margin)s")
                % {"margin": share(as_share(margin))}
                if margin is not None
                else _("watched, without a limit at which a message is paused")
            )
            lines.append(f"{worry}: {limit}.")
    return lines


def _sureness(campaign: Campaign, plan: Plan, answer: Any) -> list[str]:
    level = wording.LEVELS.get(answer["level"])
    at_all = answer["monitoring"] == "group-sequential"
    looks = ", ".join(number(round(look * 100, 4)) for look in answer["looks"])
    return [
        str(level) if level else _("Intervals of %(level)s %%.") % {"level": number(answer["level"] * 100)},
        _("Looked at: %(when)s.") % {"when": str(wording.LOOKING[answer["monitoring"]][0]).lower()}
        + (" " + _("At %(looks)s percent of the people.") % {"looks": looks} if at_all else ""),
        _("Counted: %(unit)s.") % {"unit": str(wording.UNITS[answer["unit"]][0]).lower()},
    ]


def _length(campaign: Campaign, plan: Plan, answer: Any) -> list[str]:
    if not answer["planned"]:
        return []
    lines = [_("%(people)s people see each message.") % {"people": number(answer["planned"])}]
    lines.append(
        _("A difference under %(smallest)s would change nothing.") % {"smallest": share(as_share(answer["smallest"]))}
    )
    if answer["expected"]:
        lines.append(_("After the control we expect %(rate)s.") % {"rate": share(as_share(answer["expected"]))})
        size = size_of(campaign, answer)
        if isinstance(size, sample_size.Size) and size.days is not None:
            lines.append(_("At this traffic that takes %(time)s.") % {"time": wording.time(size.days)})
    if answer["starts"]:
        lines.append(_("From %(day)s on.") % {"day": date_format(answer["starts"], "DATE_FORMAT")})
    if answer["ends"]:
        lines.append(_("Until %(day)s, the last day.") % {"day": date_format(answer["ends"], "DATE_FORMAT")})
    return lines


def _ethics(campaign: Campaign, plan: Plan, answer: Any) -> list[str]:
    exempt = answer["ethics_exemption"]
    return [answer["ethics_reference"], _("Nobody has to agree: %(why)s") % {"why": exempt} if exempt else ""]


def _hears(campaign: Campaign, plan: Plan, answer: Any) -> list[str]:
    names = plan.told.order_by("username").values_list("username", flat=True) if plan else []
    return [", ".join(names), answer["webhook"]]
