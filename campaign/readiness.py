"""What still stands between a campaign and its launch, each in a sentence, and where it is mended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from campaign.assignment import cumulative
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from campaign.outcomes import CATALOGUE
from messages import help_links, review


class Mend(StrEnum):
    """Where something is put right."""

    ARMS = "arms"
    WORDS = "words"  # `about` is the message
    PLACES = "places"
    ETHICS = "ethics"
    PLAN = "plan"
    TIMES = "times"
    OTHER = "other campaign"  # `about` is the other one
    HELP = "help links"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing in the way."""

    said: str
    mend: Mend
    about: str = ""


def said(text: str) -> str:
    """A reason as it is kept: without what no database takes, and without space around it."""
    return text.replace("\0", "").strip()


def obstacles(campaign: Campaign) -> list[Obstacle]:
    """What keeps it from being submitted."""
    arms = list(campaign.arms.select_related("revision__message"))
    found = [*_of_arms(arms), *stopped_words(campaign.arms.all()), *_of_words(arms)]
    if not campaign.placements.exists():
        found.append(Obstacle(_("Choose at least one placement."), Mend.PLACES))
    if not (campaign.ethics_reference or campaign.ethics_exemption):
        found.append(Obstacle(_("Say who agreed to this trial, or why nobody has to."), Mend.ETHICS))
    found += [Obstacle(problem, Mend.PLAN) for problem in _of_plan(campaign, {arm.key for arm in arms})]
    return found + taken_placements(campaign)


def before_launch(campaign: Campaign, *, now: datetime) -> list[Obstacle]:
    """What keeps it from being launched: the same, its times, and help that somebody has to look at first."""
    found = obstacles(campaign)
    if campaign.ends_at is not None and campaign.ends_at <= (campaign.starts_at or now):
        found.append(Obstacle(_("The campaign would end before it starts: choose a later end."), Mend.TIMES))
    return found + [Obstacle(problem, Mend.HELP) for problem in help_links.in_the_way(today=timezone.localdate(now))]


def spoken(campaign: Campaign) -> list[str]:
    """The languages in which the words of every arm that is not paused are approved."""
    shown = campaign.arms.filter(paused_at=None).select_related("revision__message")
    own = [review.approved_locales(arm.revision) for arm in shown]
    return sorted(set.intersection(*own)) if own else []


def stopped_words(arms: QuerySet[Arm]) -> list[Obstacle]:
    """Arms whose message was stopped everywhere: they are shown to nobody until that is lifted."""
    told = _("The message of “%(arm)s” was stopped everywhere: somebody has to lift that first.")
    stopped = arms.filter(revision__message__stopped_at__isnull=False).select_related("revision__message")
    return [Obstacle(told % {"arm": arm.name}, Mend.WORDS, arm.revision.message.key) for arm in stopped]


def taken_placements(campaign: Campaign) -> list[Obstacle]:
    """Other campaigns that run where this one would."""
    taken = Campaign.objects.filter(state__in=Campaign.LIVE, placements__in=campaign.placements.all())
    return [
        Obstacle(
            _("“%(name)s” already runs at one of these placements.") % {"name": other.name}, Mend.OTHER, other.slug
        )
        for other in taken.exclude(pk=campaign.pk).distinct()
    ]


def _of_arms(arms: list[Arm]) -> Iterator[Obstacle]:
    if len(arms) < 2:
        yield Obstacle(_("A campaign needs at least two arms."), Mend.ARMS)
    elif sum(arm.is_control for arm in arms) != 1:
        yield Obstacle(_("One arm must be the control."), Mend.ARMS)
    else:
        try:
            cumulative([arm.weight for arm in arms])
        except ValueError:
            yield Obstacle(_("At least one arm needs a weight above zero."), Mend.ARMS)


def _of_words(arms: list[Arm]) -> Iterator[Obstacle]:
    locales = [review.approved_locales(arm.revision) for arm in arms]
    for arm, own in zip(arms, locales, strict=True):
        if not own:
            problem = _("The words of “%(arm)s” are not approved.") % {"arm": arm.name}
            yield Obstacle(problem, Mend.WORDS, arm.revision.message.key)
    if locales and all(locales) and not set.intersection(*locales):
        yield Obstacle(_("The arms have no approved language in common."), Mend.ARMS)


def _of_plan(campaign: Campaign, keys: set[str]) -> Iterator[str]:
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    if plan is None:
        yield _("The campaign has no analysis plan.")
        return
    if not plan.outcomes.filter(role=PlannedOutcome.Role.PRIMARY).exists():
        yield _("The plan needs a primary outcome.")
    if not _looks_are_sound(plan.looks):
        yield _("The looks must rise to 1, such as 0.25, 0.5, 1.")
    if plan.planned_per_arm < 1:
        yield _("Say how many people are to be shown each arm.")
    if plan.strata and plan.clusters:
        yield _("Choose strata or clusters, not both.")
    for planned in plan.outcomes.all():
        name = {"outcome": _(CATALOGUE[planned.outcome].name)}
        if CATALOGUE[planned.outcome].better == "none":
            yield _("“%(outcome)s” is neither good nor bad, so no verdict can rest on it.") % name
        if planned.harm_margin is not None and CATALOGUE[planned.outcome].kind != "yes-no":
            yield _("“%(outcome)s” cannot have a harm margin: choose a yes/no outcome.") % name
    if plan.correction == AnalysisPlan.Correction.DUNNETT:
        yield from _of_dunnett(plan)
    if not plan.comparisons or any(
        len(pair) != 2 or set(pair) - keys or pair[0] == pair[1] for pair in plan.comparisons
    ):
        yield _("The plan's comparisons must each name two arms of this campaign.")


def _of_dunnett(plan: AnalysisPlan) -> Iterator[str]:
    primary = plan.outcomes.filter(role=PlannedOutcome.Role.PRIMARY).first()
    if plan.monitoring != AnalysisPlan.Monitoring.FIXED:
        yield _("Dunnett’s correction is for one look at the end.")
    if plan.strata or plan.clusters or (primary and CATALOGUE[primary.outcome].kind != "yes-no"):
        yield _("Dunnett’s correction is for a plain yes/no outcome, without strata or clusters.")
    if len({pair.control for pair in plan.pairs}) > 1:
        yield _("Dunnett’s correction compares every arm with one control.")


def _looks_are_sound(looks: object) -> bool:
    """Shares of the planned people that rise to 1."""
    return (
        isinstance(looks, list)
        and bool(looks)
        and all(isinstance(share, int | float) and not isinstance(share, bool) for share in looks)
        and all(after - before >= 0.001 for before, after in zip([0.0, *looks], looks, strict=False))
        and looks[-1] == 1
    )
