"""The versions of a draft: who changed it, who may therefore not approve it, and what it was before.

Each change is recorded with the whole content that it led to, and with what visitors will meet beside the messages: it
is approved with the draft. Putting back is a change too, and says which version it put back. `draft_authors` says who
has a part in what stands, and `placement_authors` who has one in its places.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import AbstractUser, AnonymousUser, User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Field, Model
from django.utils import timezone

from campaign.assignment.slots import SLOTS
from campaign.lifecycle.actions import record_campaign_action
from campaign.lifecycle.draft_authors import Step, authors_of_versions
from campaign.lifecycle.frozen_plan import canonical_json, fingerprint_of
from campaign.lifecycle.help_link_authors import help_link_authors
from campaign.lifecycle.placement_authors import placement_authors
from campaign.lifecycle.recorded_history import is_history_recorded, people_on_record, record_turn
from campaign.lifecycle.recorded_steps import outside_reviewers_on_record, submitter, text_stoppers
from campaign.lifecycle.version_seals import seal_version
from campaign.lifecycle.visitor_content import help_link_content, placement_content
from campaign.models import AnalysisPlan, Arm, ArmText, Campaign, DraftVersion, Placement, PlannedOutcome
from messages.audit.log import Action
from messages.audit.verified_before import verified_before
from messages.models import Revision
from messages.review.authorship import authors_of_revisions
from messages.roles import OUTSIDE_REVIEWER, REVIEWER, has_role, users_with_role
from messages.stale_copies import replace_people

_CAMPAIGN_FIELDS = (
    *("name", "hypothesis", "unit", "first_slot", "last_slot"),
    *("starts_at", "ends_at", "ethics_reference", "ethics_exemption"),
)
_ARM_FIELDS = ("key", "name", "weight", "is_control", "position")
_FURTHER = "further_revision_ids"  # the texts of an arm beside its first, where it has several
_MET_BESIDE = ("doors", "help_links")  # what visitors meet beside the messages, by key; no version puts it back
_OUTCOME_FIELDS = ("outcome", "role", "smallest_difference", "harm_margin")
_NOT_PLANNED = {"id", "campaign_id", "frozen_at", "canonical", "fingerprint"}
# Left out if so: versions from before there was a choice have no such key.
_EMPTY = {"texts": "", "text_spread": None}
_ALL_SLOTS = {"first_slot": 1, "last_slot": SLOTS}
_PLAN_FIELDS = tuple(f.attname for f in AnalysisPlan._meta.concrete_fields if f.attname not in _NOT_PLANNED)


def draft_content(campaign: Campaign) -> dict[str, Any]:
    """Return everything that planning can change and what visitors will meet beside it, as JSON values read from the
    database."""
    stored = Campaign.objects.get(pk=campaign.pk)
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    content = {
        "campaign": _without(_ALL_SLOTS, _values(stored, _CAMPAIGN_FIELDS)),
        "placements": sorted(stored.placements.values_list("pk", flat=True)),
        "arms": [_arm_content(arm) for arm in stored.arms.order_by("position", "key").prefetch_related("texts")],
        "plan": _plan_content(plan) if plan else None,
        "recipients": sorted(plan.told.values_list("pk", flat=True)) if plan else [],
        "outcomes": list(plan.outcomes.order_by("outcome").values(*_OUTCOME_FIELDS)) if plan else [],
        "doors": placement_content(stored),
        "help_links": {key: fingerprint_of(canonical_json(link)) for key, link in help_link_content().items()},
    }
    plain: dict[str, Any] = json.loads(json.dumps(content, cls=DjangoJSONEncoder))
    return plain


def record_version(campaign: Campaign, *, by: User, put_back: int | None = None, is_on_record: bool = False) -> None:
    """Record what a draft has become, and by whom, if it is not what it was. The caller holds the campaign's lock.

    `put_back` is the number of the version that was put back, if that was the change. A change that has an entry of its
    own `is_on_record` already, and so is who made it.
    """
    content = draft_content(campaign)
    digest = fingerprint_of(canonical_json(content))
    last = campaign.versions.order_by("-number").first()
    if last is None or last.digest != digest:
        number = last.number + 1 if last else 1
        version = DraftVersion(
            campaign=campaign,
            number=number,
            by=by,
            at=timezone.now(),
            content=content,
            digest=digest,
            put_back=put_back,
        )
        # What follows a history that is not whole has no seal: it is not whole either.
        if last is None or is_history_recorded(campaign, list(campaign.versions.order_by("number"))):
            seal_version(version, previous=last)
        version.save(force_insert=True)
        if not is_on_record:
            record_turn(campaign, version, by=by)


def take_over_versions(copy: Campaign, original: Campaign) -> None:
    """Begin the history of a copy with that of its original, whose authors made what the copy takes over."""
    versions = list(original.versions.order_by("number"))
    is_genuine = is_history_recorded(original, versions)  # the copy seals nothing that nobody vouches for
    if not versions:  # a campaign from before versions were recorded
        content = draft_content(original)
        digest = fingerprint_of(canonical_json(content))
        first = {"number": 1, "by": original.created_by, "at": timezone.now()}
        versions = [DraftVersion(**first, content=content, digest=digest)]
    for previous, version in zip([None, *versions], versions, strict=False):
        version.pk, version.campaign, version.seal = None, copy, ""
        if is_genuine:
            seal_version(version, previous=previous)
    DraftVersion.objects.bulk_create(versions)


class DraftHistory:
    """The versions of a draft, and who has a part in what stands now, or would if one were put back."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.versions = list(campaign.versions.select_related("by"))
        self._is_genuine = is_history_recorded(campaign, self.versions)
        self._drafts = [Step(v.number, v.by_id, _planned_part(v.content), v.put_back) for v in self.versions]
        self._around = _help_link_authors(self.versions) | help_link_authors() | {campaign.created_by_id}
        if not self._is_genuine:
            self._around |= people_on_record(campaign)
        self._around |= text_stoppers(campaign)
        self._revisions = set(ArmText.objects.filter(arm__campaign=campaign).values_list("revision", flat=True))
        shown = {number for version in self.versions for number in _revision_ids(version.content)}
        self._writers = authors_of_revisions(self._revisions | shown)

    def contributors(self, version: DraftVersion | None = None, *, by: int | None = None) -> set[int]:
        """Return the primary keys of who has a part in it, and of who began it all.

        `by` would put the version back; None stands for somebody who is not in the history. Of a history that somebody
        wrote in past this program, as of one from before versions were sealed, everybody stays a contributor.
        """
        drafts = [*self._drafts]
        if version is None:
            places = list(self.campaign.placements.values_list("pk", flat=True))
            revisions = self._revisions
        else:
            places, revisions = _placement_ids(version.content["placements"]), _revision_ids(version.content)
            number = self.versions[-1].number + 1
            drafts.append(Step(number, by, _planned_part(version.content), put_back=version.number))
        drawn_up = _last_authors(drafts) if self._is_genuine else {step.by for step in drafts if step.by is not None}
        wrote = {person for number in revisions for person in self._writers[number]}
        return self._around | placement_authors(places) | drawn_up | wrote


def contributors(campaign: Campaign) -> set[int]:
    """Return the primary keys of who has a part in what stands now, and of who began it all."""
    return _contributors(campaign.pk)


@verified_before
def _contributors(number: int) -> set[int]:
    return DraftHistory(Campaign.objects.get(pk=number)).contributors()


def authors_and_approvers(campaign: Campaign) -> tuple[list[User], list[User]]:
    """Return who made what the campaign is now, and who may approve it, both by name."""
    people = contributors(campaign)
    return list(User.objects.filter(pk__in=people).order_by("username")), _approvers_except(campaign, people)


def may_approve(campaign: Campaign, user: AbstractUser | AnonymousUser) -> bool:
    """Whether a person reviews, here or from outside, has no part in what waits, and did not send it."""
    sender = submitter(campaign)
    if not reviews(campaign, user) or sender in ("", user.get_username()):
        return False
    return user.pk not in contributors(campaign)


def reviews(campaign: Campaign, user: AbstractUser | AnonymousUser) -> bool:
    """Whether a person is a reviewer, or was asked from outside to review this campaign."""
    return has_role(user, REVIEWER) or is_outside_reviewer(campaign, user)


def is_outside_reviewer(campaign: Campaign, user: AbstractUser | AnonymousUser) -> bool:
    """Whether a person was asked from outside to review this campaign, and still has that role."""
    asked = set(campaign.outside_reviewers.values_list("pk", flat=True))
    if not has_role(user, OUTSIDE_REVIEWER) or user.pk not in asked:
        return False
    return user.get_username() in outside_reviewers_on_record(campaign)


@transaction.atomic
def assign_outside_reviewers(campaign: Campaign, users: Iterable[User], *, seen: str, by: User) -> bool:
    """Make these the campaign's only outside reviewers; whether that is a change.

    `seen` names those whom the person saw; StaleCopy is raised if they are others by now.
    """
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    names = replace_people(campaign.outside_reviewers, users, seen=seen)
    if names is not None:
        record_campaign_action(Action.CAMPAIGN_OUTSIDE, campaign, by=by, reviewers=names)
    return names is not None


def possible_approvers(campaign: Campaign) -> list[User]:
    """Return who may approve what stands now, by name; once it was sent, not who sent it."""
    return _approvers_except(campaign, contributors(campaign))


def _approvers_except(campaign: Campaign, authors: set[int]) -> list[User]:
    people = reviewers_except(campaign, authors)
    if campaign.state != Campaign.State.SUBMITTED:
        return people
    sender = submitter(campaign)
    return [person for person in people if sender and person.get_username() != sender]


def reviewers_except(campaign: Campaign, people: set[int]) -> list[User]:
    """Return the reviewers of a campaign, here and from outside, but for some people, by name."""
    asked = users_with_role(OUTSIDE_REVIEWER).filter(pk__in=campaign.outside_reviewers.values("pk"))
    return list((users_with_role(REVIEWER) | asked).exclude(pk__in=people).order_by("username"))


def changed_parts(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    """Return the keys of `draft_content` that differ between two versions."""
    return tuple(key for key in after if before.get(key) != after[key])


def restore_content(campaign: Campaign, content: dict[str, Any]) -> None:
    """Write the content of a version back into a draft. The caller holds its lock and saves the campaign itself."""
    _assign(campaign, _ALL_SLOTS | content["campaign"])
    campaign.placements.set(Placement.objects.filter(pk__in=_placement_ids(content["placements"])))
    campaign.arms.all().delete()
    for values in content["arms"]:
        wanted = [values["revision_id"], *values.get(_FURTHER, [])]
        found = Revision.objects.in_bulk(wanted)
        fields = {name: values[name] for name in _ARM_FIELDS}
        Arm.objects.create_with_texts([found[number] for number in wanted], campaign=campaign, **fields)
    if content["plan"] is None:
        return
    plan = AnalysisPlan.objects.filter(campaign=campaign).first() or AnalysisPlan(campaign=campaign)
    _assign(plan, _with_minutes(_EMPTY | content["plan"]))
    plan.save()
    plan.told.set(User.objects.filter(pk__in=content["recipients"]))
    plan.outcomes.all().delete()
    PlannedOutcome.objects.bulk_create(PlannedOutcome(plan=plan, **values) for values in content["outcomes"])


def _last_authors(steps: Sequence[Step]) -> set[int]:
    made = authors_of_versions(steps)[steps[-1].number] if steps else ()
    return {person for person in made if person is not None}


def _help_link_authors(versions: Sequence[DraftVersion]) -> set[int]:
    """Who changed a help link while the draft was planned: each is looked at by itself, and no version puts it back."""
    recorded = [version for version in versions if "help_links" in version.content]
    links = {key for version in recorded for key in version.content["help_links"]}
    return {
        person
        for key in links
        for person in _last_authors([Step(v.number, v.by_id, v.content["help_links"].get(key)) for v in recorded])
    }


def _planned_part(content: dict[str, Any]) -> dict[str, Any]:
    """What planning alone can change."""
    planned = {name: value for name, value in content.items() if name not in _MET_BESIDE}
    return planned | {"placements": _placement_ids(content["placements"])}


def _revision_ids(content: Mapping[str, Any]) -> set[int]:
    """The primary keys of the revisions that the arms of a version show."""
    shown = [[values["revision_id"], *values.get(_FURTHER, [])] for values in content["arms"]]
    return {number for numbers in shown for number in numbers if number is not None}


def _placement_ids(recorded: Iterable[int | str]) -> list[int]:
    """The primary keys of placements; versions of before these were recorded name their keys, which can be changed."""
    keys = [place for place in recorded if isinstance(place, str)]
    named = Placement.objects.filter(key__in=keys).values_list("pk", flat=True) if keys else ()
    return sorted([*(place for place in recorded if isinstance(place, int)), *named])


def _arm_content(arm: Arm) -> dict[str, Any]:
    revisions: list[int | None] = [text.revision_id for text in arm.texts.all()]
    first, *further = revisions or [None]
    return {**_values(arm, _ARM_FIELDS), "revision_id": first, **({_FURTHER: further} if further else {})}


def _plan_content(plan: AnalysisPlan) -> dict[str, Any]:
    values = _without(_EMPTY, _values(plan, _PLAN_FIELDS))
    del values["washout_minutes"]
    return values | plan.recorded_washout


def _with_minutes(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a plan as its fields hold them."""
    fields = dict(values)
    hours = fields.pop("washout_hours", None)
    return fields if hours is None else fields | {"washout_minutes": 60 * hours}


def _without(defaults: Mapping[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The values that are not those that a version without them stands for."""
    return {name: value for name, value in values.items() if name not in defaults or value != defaults[name]}


def _values(row: Model, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _assign(row: Model, values: dict[str, Any]) -> None:
    for name, value in values.items():
        field = row._meta.get_field(name)
        assert isinstance(field, Field)
        setattr(row, name, field.to_python(value))
