"""A draft is planned answer by answer: each is stored at once, so that the draft is all there is to come back to.

`read` gives the stored answer to a question as plain values, `keep` stores a new one. A form carries `state_of` the
answer that its writer saw; if somebody has answered otherwise since, nothing is stored and Overtaken says so.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from campaign.lifecycle import transitions
from campaign.models import AnalysisPlan, Campaign, Placement, PlannedOutcome
from campaign.outcomes import OUTCOMES
from campaign.wizard import arms as wizard_arms
from campaign.wizard.draft import DraftEditConflict, answer_digest, lock_draft, require_manager
from campaign.wizard.questions import per_hundred_to_share, share_to_per_hundred

Role = PlannedOutcome.Role
Answer = dict[str, Any]
RESERVED_SLUGS = {"new"}  # the address of a new campaign
DIRECTIONAL_OUTCOMES = tuple(key for key, outcome in OUTCOMES.items() if outcome.better != "none")
GUARDRAIL_OUTCOMES = tuple(key for key in DIRECTIONAL_OUTCOMES if OUTCOMES[key].kind == "yes-no")
DEFAULT_LOOKS = {"fixed": [1.0], "always-valid": [0.1, 1.0], "group-sequential": [0.25, 0.5, 0.75, 1.0]}
PLAN_DEFAULTS: Answer = {
    "planned_per_arm": 0,
    "smallest_difference": 0.05,
    "monitoring": "group-sequential",
    "looks": DEFAULT_LOOKS["group-sequential"],
}


def create_draft(said: Answer, *, by: User) -> Campaign:
    """A new draft with its name and what it wants to learn, and an empty plan."""
    require_manager(by)
    base = slugify(said["name"])[:40].strip("-") or "campaign"
    for number in count(1):
        slug = base if number == 1 else f"{base}-{number}"
        if slug in RESERVED_SLUGS or Campaign.objects.filter(slug=slug).exists():
            continue
        try:
            with transaction.atomic():
                made = Campaign.objects.create(
                    slug=slug, name=said["name"], hypothesis=said["hypothesis"], created_by=by
                )
                _plan(made)
        except IntegrityError:  # somebody was quicker with the same name
            continue
        return made
    raise AssertionError("numbers do not end")


@transaction.atomic
def save_answer(campaign: Campaign, step: str, said: Answer, *, seen_digest: str, by: User) -> Campaign:
    """Store the answer to one question, unless the stored one is not the one that was seen."""
    locked = lock_draft(campaign, by=by)
    if answer_digest(read_answer(locked, step)) != seen_digest:
        raise DraftEditConflict
    _WRITE[step](locked, said)
    locked.save()  # and with it the time of the change
    return locked


@transaction.atomic
def submit_draft(campaign: Campaign, *, seen_changed_at: str, by: User) -> None:
    """Ask for an approval of the draft as it was read: `seen` is when it had last changed then."""
    locked = lock_draft(campaign, by=by)
    if locked.changed_at.isoformat() != seen_changed_at:
        raise DraftEditConflict
    transitions.submit(locked, by=by)


def read_answer(campaign: Campaign, step: str) -> Answer:
    """The stored answer to one question."""
    return _READ[step](campaign)


def answered_steps(campaign: Campaign) -> set[str]:
    """The questions that have an answer."""
    plan, told = _plan_of(campaign), read_answer(campaign, "told")
    arms = campaign.arms.count() >= 2
    roles = set(PlannedOutcome.objects.filter(plan__campaign=campaign).values_list("role", flat=True))
    facts = {
        "learn": bool(campaign.name and campaign.hypothesis),
        "compare": arms,
        "words": arms,
        "places": campaign.placements.exists(),
        "success": Role.PRIMARY in roles,
        "harm": Role.GUARDRAIL in roles,
        "length": bool(plan and plan.planned_per_arm),
        "ethics": bool(campaign.ethics_reference or campaign.ethics_exemption),
        "told": bool(told["told"] or told["webhook"]),
    }
    facts["sureness"] = facts["length"]  # it has an answer from the beginning; who has gone on has seen it
    return {step for step, fact in facts.items() if fact}


def _plan_of(campaign: Campaign) -> AnalysisPlan | None:
    return AnalysisPlan.objects.filter(campaign=campaign).first()


def _plan(campaign: Campaign) -> AnalysisPlan:
    """The plan, which a draft that was made elsewhere may not have yet."""
    return AnalysisPlan.objects.get_or_create(campaign=campaign, defaults=PLAN_DEFAULTS)[0]


# What each question reads and writes.


def _read_learn(campaign: Campaign) -> Answer:
    return {"name": campaign.name, "hypothesis": campaign.hypothesis}


def _write_learn(campaign: Campaign, said: Answer) -> None:
    campaign.name, campaign.hypothesis = said["name"], said["hypothesis"]


def _write_compare(campaign: Campaign, said: Answer) -> None:
    shape = wizard_arms.arm_keys(campaign)
    wizard_arms.apply_preset(campaign, said["preset"])
    wizard_arms.update_comparisons(campaign, _plan(campaign), previous=shape)


def _write_words(campaign: Campaign, said: Answer) -> None:
    shape = wizard_arms.arm_keys(campaign)
    wizard_arms.set_names_and_weights(campaign, said)
    wizard_arms.update_comparisons(campaign, _plan(campaign), previous=shape)


def _read_places(campaign: Campaign) -> Answer:
    per_day = Placement.objects.values_list("pk", "expected_per_day")
    chosen = campaign.placements.order_by("pk").values_list("pk", flat=True)
    return {"places": [str(pk) for pk in chosen], **{f"per_day_{pk}": number for pk, number in per_day}}


def _write_places(campaign: Campaign, said: Answer) -> None:
    campaign.placements.set(Placement.objects.filter(pk__in=said["places"]))
    for placement in Placement.objects.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        number = said.get(f"per_day_{placement.pk}")
        if number is not None and number != placement.expected_per_day:
            placement.expected_per_day = number
            placement.save(update_fields=["expected_per_day"])


def _outcomes(campaign: Campaign) -> list[PlannedOutcome]:
    return list(PlannedOutcome.objects.filter(plan__campaign=campaign).order_by("outcome"))


def _read_success(campaign: Campaign) -> Answer:
    planned = _outcomes(campaign)
    return {
        "primary": next((o.outcome for o in planned if o.role == Role.PRIMARY), ""),
        "secondary": [o.outcome for o in planned if o.role == Role.SECONDARY],
    }


def _write_success(campaign: Campaign, said: Answer) -> None:
    """An outcome that becomes primary is no guardrail any more; one that is watched for harm stays so."""
    plan, planned = _plan(campaign), {o.outcome: o for o in _outcomes(campaign)}
    secondary = {o for o in said["secondary"] if o not in planned or planned[o].role != Role.GUARDRAIL}
    for old in planned.values():
        if old.outcome != said["primary"] and old.role != Role.GUARDRAIL and old.outcome not in secondary:
            old.delete()
        elif old.role == Role.PRIMARY and old.outcome in secondary - {said["primary"]}:
            _give_part(plan, old.outcome, Role.SECONDARY)  # before there is another primary one
    _give_part(plan, said["primary"], Role.PRIMARY, smallest_difference=None, harm_margin=None)
    for outcome in said["secondary"]:
        if outcome in secondary - {said["primary"]}:
            _give_part(plan, outcome, Role.SECONDARY)


def _give_part(plan: AnalysisPlan, outcome: str, role: str, **more: Any) -> None:
    PlannedOutcome.objects.update_or_create(plan=plan, outcome=outcome, defaults={"role": role, **more})


def _read_harm(campaign: Campaign) -> Answer:
    watched = {o.outcome: o for o in _outcomes(campaign) if o.role == Role.GUARDRAIL}
    told: Answer = {}
    for outcome in GUARDRAIL_OUTCOMES:
        told[f"watch_{outcome}"] = outcome in watched
        told[f"margin_{outcome}"] = share_to_per_hundred(watched[outcome].harm_margin) if outcome in watched else None
    return told


def _write_harm(campaign: Campaign, said: Answer) -> None:
    """What is watched for harm is not counted as working, too: one outcome has one part."""
    plan = _plan(campaign)
    for outcome in GUARDRAIL_OUTCOMES:
        margin = said.get(f"margin_{outcome}")
        if said.get(f"watch_{outcome}"):
            share = None if margin is None else per_hundred_to_share(margin)
            _give_part(plan, outcome, Role.GUARDRAIL, harm_margin=share)
        else:
            PlannedOutcome.objects.filter(plan=plan, outcome=outcome, role=Role.GUARDRAIL).delete()


def _read_sureness(campaign: Campaign) -> Answer:
    plan = _plan_of(campaign) or AnalysisPlan(**PLAN_DEFAULTS)
    return {
        "level": plan.level,
        "monitoring": str(plan.monitoring),
        "power": plan.power,
        "correction": str(plan.correction),
        "looks": list(plan.looks),
        "spending": str(plan.spending),
        "unit": campaign.unit,
        "within": str(plan.strata or plan.clusters),
    }


def _write_sureness(campaign: Campaign, said: Answer) -> None:
    plan = _plan(campaign)
    for name in ("level", "monitoring", "power", "correction", "looks", "spending"):
        setattr(plan, name, said[name])
    plan.strata = said["within"] if said["within"] in AnalysisPlan.Strata.values else ""
    plan.clusters = said["within"] if said["within"] in AnalysisPlan.Clusters.values else ""
    plan.save()
    campaign.unit = said["unit"]


def _read_length(campaign: Campaign) -> Answer:
    plan = _plan_of(campaign) or AnalysisPlan(**PLAN_DEFAULTS)
    return {
        "expected": share_to_per_hundred(plan.expected_rate),
        "smallest": share_to_per_hundred(plan.smallest_difference),
        "planned": plan.planned_per_arm or None,
        "starts": campaign.starts_at and campaign.starts_at.date(),
        "ends": campaign.ends_at and (campaign.ends_at - timedelta(microseconds=1)).date(),
    }


def _write_length(campaign: Campaign, said: Answer) -> None:
    """Days count from midnight to midnight, by the server's clock; a time of day that was set elsewhere stays."""
    plan, stored = _plan(campaign), _read_length(campaign)
    plan.expected_rate = None if said["expected"] is None else per_hundred_to_share(said["expected"])
    plan.smallest_difference = per_hundred_to_share(said["smallest"])
    plan.planned_per_arm = said["planned"]
    plan.save()
    if said["starts"] != stored["starts"]:
        campaign.starts_at = _midnight(said["starts"])
    if said["ends"] != stored["ends"]:
        campaign.ends_at = _midnight(said["ends"] and said["ends"] + timedelta(days=1))


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), tzinfo=UTC) if day else None


def _read_ethics(campaign: Campaign) -> Answer:
    return {"ethics_reference": campaign.ethics_reference, "ethics_exemption": campaign.ethics_exemption}


def _write_ethics(campaign: Campaign, said: Answer) -> None:
    campaign.ethics_reference, campaign.ethics_exemption = said["ethics_reference"], said["ethics_exemption"]


def _read_told(campaign: Campaign) -> Answer:
    plan = _plan_of(campaign)
    if plan is None:
        return {"told": [], "webhook": ""}
    return {"told": [str(pk) for pk in plan.told.order_by("pk").values_list("pk", flat=True)], "webhook": plan.webhook}


def _write_told(campaign: Campaign, said: Answer) -> None:
    plan = _plan(campaign)
    plan.told.set(User.objects.filter(pk__in=said["told"]))
    plan.webhook = said["webhook"]
    plan.save(update_fields=["webhook"])


_READ = {
    "learn": _read_learn,
    "compare": wizard_arms.read_preset,
    "words": wizard_arms.read_arms,
    "places": _read_places,
    "success": _read_success,
    "harm": _read_harm,
    "sureness": _read_sureness,
    "length": _read_length,
    "ethics": _read_ethics,
    "told": _read_told,
}
_WRITE = {
    "learn": _write_learn,
    "compare": _write_compare,
    "words": _write_words,
    "places": _write_places,
    "success": _write_success,
    "harm": _write_harm,
    "sureness": _write_sureness,
    "length": _write_length,
    "ethics": _write_ethics,
    "told": _write_told,
}
