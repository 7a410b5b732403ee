"""What a draft says so far, in plain words: one row for each question, and the sizes that follow from the answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign.models import AnalysisPlan, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from campaign.wizard import answers, sample_size, wording
from campaign.wizard.questions import PRESETS, STEPS, WizardStep, per_hundred_to_share
from campaign.wizard.wording import SampleSizeText, format_number, format_share


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One question and its stored answer, a line for each thing said; no lines: not answered yet."""

    step: WizardStep
    lines: tuple[str, ...]


def answer_rows(campaign: Campaign) -> list[AnswerRow]:
    """Every question with its answer."""
    return [AnswerRow(step, describe_answer(campaign, step.key)) for step in STEPS]


def describe_answer(campaign: Campaign, step: str) -> tuple[str, ...]:
    """The stored answer to one question, in words."""
    answer = answers.read_answer(campaign, step)
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


def daily_traffic(campaign: Campaign) -> int:
    """Messages a day at all places of the draft, as far as anybody can tell."""
    return campaign.placements.aggregate(all=Sum("expected_per_day"))["all"] or 0


def sample_size_inputs(
    campaign: Campaign, answer: answers.Answer
) -> sample_size.SampleSizeInputs | sample_size.NoSampleSize:
    """What a plan with this answer to "how long" wants to know."""
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    primary = PlannedOutcome.objects.filter(plan__campaign=campaign, role=PlannedOutcome.Role.PRIMARY).first()
    if primary and OUTCOMES[primary.outcome].kind != "yes-no":
        return sample_size.NoSampleSize("ordered")
    sure = answers.read_answer(campaign, "sureness")
    return sample_size.SampleSizeInputs(
        expected_rate=per_hundred_to_share(answer["expected"]),
        smallest_difference=per_hundred_to_share(answer["smallest"]),
        weights=tuple(campaign.arms.values_list("weight", flat=True)),
        per_day=daily_traffic(campaign),
        comparisons=sample_size.comparison_count(plan.comparisons if plan else [], sure["correction"]),
        level=sure["level"],
        power=sure["power"],
        monitoring=sure["monitoring"],
        spending=sure["spending"],
        planned_per_arm=answer.get("planned"),
    )


def sample_size_for_answer(
    campaign: Campaign, answer: answers.Answer
) -> sample_size.SampleSize | sample_size.NoSampleSize:
    """How many people, how long: for an answer whose numbers are there, stored or not."""
    question = sample_size_inputs(campaign, answer)
    return question if isinstance(question, sample_size.NoSampleSize) else sample_size.compute_sample_size(question)


def describe_sample_size_for_answer(campaign: Campaign, answer: answers.Answer) -> SampleSizeText:
    """The same in words."""
    question = sample_size_inputs(campaign, answer)
    arms, per_day = campaign.arms.count(), daily_traffic(campaign)
    if isinstance(question, sample_size.NoSampleSize):
        return wording.describe_sample_size(question, arms=arms, per_day=per_day, monitoring="fixed", comparisons=1)
    return wording.describe_sample_size(
        sample_size.compute_sample_size(question),
        arms=arms,
        per_day=per_day,
        monitoring=question.monitoring,
        comparisons=question.comparisons,
    )


def sample_size_warning(campaign: Campaign) -> str:
    """What is said when the stored number no longer is enough, because another answer has changed since."""
    answer = answers.read_answer(campaign, "length")
    if not (answer["planned"] and answer["expected"]):
        return ""
    size = sample_size_for_answer(campaign, answer)
    if isinstance(size, sample_size.NoSampleSize) or size.is_enough:
        return ""
    return _("%(planned)s people for each message are planned; with the answers as they are it takes %(needed)s.") % {
        "planned": format_number(size.planned),
        "needed": format_number(size.needed),
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
            line += _(", %(share)s of the people") % {"share": wording.format_rounded_share(arm.weight / total)}
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
        expected = expects % {"number": format_number(placement.expected_per_day)}
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
    known = wording.SUCCESS_LABELS.get(outcome)
    return str(known[0]) if known else _(OUTCOMES[outcome].name)


def _harm(campaign: Campaign, plan: Plan, answer: Any) -> list[str]:
    lines = []
    for outcome, worry in wording.HARM_LABELS.items():
        if answer[f"watch_{outcome}"]:
            margin = answer[f"margin_{outcome}"]
            limit = (
                _("a message is paused when it is surely worse than the control by more than %(margin)s")
                % {"margin": format_share(per_hundred_to_share(margin))}
                if margin is not None
                else _("watched, without a limit at which a message is paused")
            )
            lines.append(f"{worry}: {limit}.")
    return lines


def _sureness(campaign: Campaign, plan: Plan, answer: Any) -> list[str]:
    level = wording.LEVEL_LABELS.get(answer["level"])
    at_all = answer["monitoring"] == "group-sequential"
    looks = ", ".join(format_number(round(look * 100, 4)) for look in answer["looks"])
    return [
        str(level) if level else _("Intervals of %(level)s %%.") % {"level": format_number(answer["level"] * 100)},
        _("Looked at: %(when)s.") % {"when": str(wording.MONITORING_LABELS[answer["monitoring"]][0]).lower()}
        + (" " + _("At %(looks)s percent of the people.") % {"looks": looks} if at_all else ""),
        _("Counted: %(unit)s.") % {"unit": str(wording.UNIT_LABELS[answer["unit"]][0]).lower()},
    ]


def _length(campaign: Campaign, plan: Plan, answer: Any) -> list[str]:
    if not answer["planned"]:
        return []
    lines = [_("%(people)s people see each message.") % {"people": format_number(answer["planned"])}]
    lines.append(
        _("A difference under %(smallest)s would change nothing.")
        % {"smallest": format_share(per_hundred_to_share(answer["smallest"]))}
    )
    if answer["expected"]:
        lines.append(
            _("After the control we expect %(rate)s.")
            % {"rate": format_share(per_hundred_to_share(answer["expected"]))}
        )
        size = sample_size_for_answer(campaign, answer)
        if isinstance(size, sample_size.SampleSize) and size.days is not None:
            lines.append(_("At this traffic that takes %(time)s.") % {"time": wording.format_duration(size.days)})
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
