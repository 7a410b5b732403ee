"""Find the obstacles to submitting and launching a campaign, each as a sentence for staff."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil, log2

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from campaign.assignment.arm_hash import cumulative_weights
from campaign.assignment.periods import divides_day, longest_washout
from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.i18n.numbers import format_number
from campaign.lifecycle import placement_sharing, webhook_tests
from campaign.lifecycle.alert_recipients import why_nobody_hears
from campaign.models import AnalysisPlan, Arm, ArmText, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from messages.audit import log
from messages.audit.verification import genuine_entries
from messages.audit.verified_before import verified_before
from messages.help_links import directory
from messages.i18n.sentence_translation import translate_sentence
from messages.review import workflow
from messages.review.message_lint import lint_arm_revisions
from messages.review.recorded_approvals import recorded_locales

DAYS_PER_WEEK = 7


class ObstacleReason(StrEnum):
    """The kind of an obstacle. `campaign.wizard.questions` maps each to the question that removes it."""

    FEW_ARMS = "fewer than two arms"
    NO_CONTROL = "not one control"
    NO_WEIGHT = "no arm has a weight"
    UNAPPROVED = "words are not approved"  # `name` is the arm, `target_key` the message
    MIXED_FRAMES = "the texts of an arm appeal to different things"  # `name` is the arm
    STOPPED = "a message was stopped everywhere"  # the same
    NO_LANGUAGE = "no language in common"
    NO_PLACEMENT = "no placement"
    NO_ETHICS = "nobody agreed"
    NO_PLAN = "no plan"
    NO_PRIMARY = "no primary outcome"
    LOOKS_NOT_RISING = "looks do not rise to 1"
    NO_SIZE = "no size"
    PERIODS = "the plan does not fit periods"
    PERIOD_WEEKS = "the weeks do not fit the arms"
    STRATA_AND_CLUSTERS = "strata and clusters"
    NO_DIRECTION = "an outcome is neither good nor bad"  # `name` is the outcome
    MARGIN_UNSUPPORTED = "an outcome cannot have a margin"  # the same
    DUNNETT = "Dunnett's correction does not fit"
    PERIOD_TEXTS = "several texts where a place shows one message at a time"
    SEVERAL_TEXTS = "several texts of which the plan says nothing"
    NOT_MATCHED = "texts of one place are of different sets"
    UNEQUAL_TEXTS = "texts of a set differ in more than their appeal"  # `name` is the set
    ONE_SET = "fewer than two sets"
    ONE_TEXT = "fewer than two texts"  # `name` is the arm
    UNKNOWN_COMPARISONS = "comparisons name other arms"
    SLOTS = "the places cannot be shared"
    PLACEMENT_OCCUPIED = "another campaign runs there"  # `name` is its name, `target_key` its slug
    ENDS_BEFORE_START = "it would end before it starts"
    STALE_HELP_LINK = "help is stale"
    NO_ORGANISATION = "nobody is named as who speaks"
    NOBODY_HEARS = "nobody is alerted to harm"
    WEBHOOK_UNTESTED = "the webhook has not accepted a test"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One obstacle, as a sentence for staff."""

    reason: ObstacleReason
    sentence: str
    name: str = ""
    target_key: str = ""


def clean_reason(text: str) -> str:
    """Return a reason without NUL characters, which databases refuse, and without surrounding whitespace."""
    return text.replace("\0", "").strip()


def submission_obstacles(campaign: Campaign) -> list[Obstacle]:
    """Return what keeps a campaign from being submitted."""
    arms = list(campaign.arms.with_texts().prefetch_related("texts__revision__renditions"))
    obstacles = [*_arm_obstacles(arms), *stopped_message_obstacles(campaign.arms.all()), *_approval_obstacles(arms)]
    if not campaign.placements.exists():
        obstacles.append(Obstacle(ObstacleReason.NO_PLACEMENT, _("Choose at least one placement.")))
    if not (campaign.ethics_reference or campaign.ethics_exemption):
        obstacles.append(
            Obstacle(ObstacleReason.NO_ETHICS, _("Say who approved this trial, or why approval is not needed."))
        )
    return [*obstacles, *_plan_obstacles(campaign, arms)]


def launch_obstacles(campaign: Campaign, *, now: datetime) -> list[Obstacle]:
    """Return what keeps a campaign from being launched: the same, another campaign at its places, its dates, a webhook
    that was not tested, nobody who is alerted to harm, and help links that were not checked."""
    obstacles = submission_obstacles(campaign) + occupied_placement_obstacles(campaign)
    start = actual_start(campaign, now=now)
    if campaign.ends_at is not None and campaign.ends_at <= start:
        sentence = _("The campaign would end before it starts. Choose a later end.")
        obstacles.append(Obstacle(ObstacleReason.ENDS_BEFORE_START, sentence))
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    if plan is not None and start != campaign.starts_at and _ends_before_its_periods(campaign, plan, start=start):
        obstacles.append(_end_too_early())
    if plan is not None and (sentence := webhook_tests.missing_test(plan)):
        obstacles.append(Obstacle(ObstacleReason.WEBHOOK_UNTESTED, sentence))
    if sentence := why_nobody_hears(campaign):
        obstacles.append(Obstacle(ObstacleReason.NOBODY_HEARS, sentence))
    if not settings.ORGANISATION:
        sentence = _(
            "Visitors could not see who the message is from. The person who runs this site has to set ORGANISATION."
        )
        obstacles.append(Obstacle(ObstacleReason.NO_ORGANISATION, sentence))
    return obstacles + [
        Obstacle(ObstacleReason.STALE_HELP_LINK, problem)
        for problem in directory.launch_blockers(today=timezone.localdate(now))
    ]


def launch_remarks(campaign: Campaign) -> list[str]:
    """Return what does not keep a campaign from being launched, but would make it find less than it could."""
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    if plan is None or plan.texts != AnalysisPlan.Texts.DIFFERENT or campaign.is_use:
        return []
    compared = {key for pair in plan.pairs for key in pair}
    numbers = {
        arm.name: sum(text.stopped_at is None for text in arm.texts.all())
        for arm in campaign.arms.prefetch_related("texts")
        if arm.key in compared
    }
    if len({*numbers.values()}) < 2 or min(numbers.values()) < 2:
        return []
    sentence = _(
        "“%(least)s” has %(few)s texts and “%(most)s” has %(many)s. A result for messages of this kind is just as "
        "reliable with unequal numbers, but needs many more people. Use the same number of texts for each message: "
        "add some, or leave some out."
    )
    least, most = min(numbers, key=numbers.__getitem__), max(numbers, key=numbers.__getitem__)
    values = {"least": least, "most": most, "few": format_number(numbers[least]), "many": format_number(numbers[most])}
    return [sentence % values]


def actual_start(campaign: Campaign, *, now: datetime) -> datetime:
    """Return when a campaign begins if it is launched now: on its day, or at once where that has passed."""
    return max(campaign.starts_at or now, now)


def _ends_before_its_periods(campaign: Campaign, plan: AnalysisPlan, *, start: datetime) -> bool:
    periods = plan.periods_from(start)
    end = campaign.ends_at
    return periods is not None and end is not None and end.timestamp() < periods.end * SECONDS_PER_HOUR


def _end_too_early() -> Obstacle:
    return Obstacle(ObstacleReason.PERIOD_WEEKS, _("The campaign would end before its last period."))


def common_locales(campaign: Campaign) -> list[str]:
    """Return the locales in which every text of each arm that is not paused is approved, but for texts stopped."""
    return _common_locales(campaign.pk)


@verified_before
def _common_locales(campaign: int) -> list[str]:
    shown = Arm.objects.filter(campaign=campaign, paused_at=None).with_texts()
    shown = shown.prefetch_related("texts__revision__renditions")
    locales = approved_locales(shown)
    return sorted(set.intersection(*locales)) if locales else []


def approved_locales(arms: Iterable[Arm]) -> list[set[str]]:
    """Return for each arm the locales in which each of its texts is approved, but for those that were stopped."""
    shown = [[text.revision for text in arm.texts.all() if text.stopped_at is None] for arm in arms]
    recorded = recorded_locales(revision for revisions in shown for revision in revisions)
    return [set.intersection(*(recorded[revision.pk] for revision in own)) if own else set() for own in shown]


def stopped_message_obstacles(arms: QuerySet[Arm]) -> list[Obstacle]:
    """Return the arms whose message was stopped everywhere; they are not shown until the stop is lifted."""
    sentence = _("The message of “%(arm)s” is stopped everywhere. Someone has to allow it again first.")
    shown = list(ArmText.objects.filter(arm__in=arms, stopped_at=None).select_related("arm", "revision__message"))
    on_record = messages_stopped_on_record({text.revision.message.key for text in shown})
    return [
        Obstacle(ObstacleReason.STOPPED, sentence % {"arm": text.arm.name}, text.arm.name, text.revision.message.key)
        for text in shown
        if text.revision.message.stopped_at is not None or text.revision.message.key in on_record
    ]


def messages_stopped_on_record(keys: Collection[str]) -> set[str]:
    """Return the keys of those messages whose last step on record is a stop: rows that say otherwise lift none."""
    steps = (log.Action.MESSAGE_STOP, log.Action.MESSAGE_LIFT)
    entries = genuine_entries(log.ObjectKind.MESSAGE, sorted(keys), steps)
    return {key for key, entry in entries.items() if entry is None or entry.action == log.Action.MESSAGE_STOP}


def occupied_placement_obstacles(campaign: Campaign) -> list[Obstacle]:
    """Return the campaigns that run where this one is to run, unless both plans share the place."""
    return [
        Obstacle(
            ObstacleReason.PLACEMENT_OCCUPIED,
            placement_sharing.describe_conflict(campaign, other),
            other.name,
            other.slug,
        )
        for other in placement_sharing.campaigns_in_the_way(campaign)
    ]


def _arm_obstacles(arms: list[Arm]) -> Iterator[Obstacle]:
    if len(arms) < 2:
        yield Obstacle(ObstacleReason.FEW_ARMS, _("A campaign needs at least two messages."))
    elif sum(arm.is_control for arm in arms) != 1:
        yield Obstacle(ObstacleReason.NO_CONTROL, _("Choose which message is the control."))
    else:
        try:
            cumulative_weights(tuple(arm.weight for arm in arms))
        except ValueError:
            yield Obstacle(ObstacleReason.NO_WEIGHT, _("At least one message needs a share above zero."))


def _approval_obstacles(arms: list[Arm]) -> Iterator[Obstacle]:
    for arm in arms:
        if not arm.texts.all():
            problem = _("The text of “%(arm)s” is not approved.") % {"arm": arm.name}
            yield Obstacle(ObstacleReason.UNAPPROVED, problem, arm.name)
        if len({text.revision.message.frame for text in arm.texts.all()}) > 1:
            problem = _("The texts of “%(arm)s” have different appeals. All texts of a message need the same appeal.")
            yield Obstacle(ObstacleReason.MIXED_FRAMES, problem % {"arm": arm.name}, arm.name)
    texts = [text for arm in arms for text in arm.texts.all()]
    recorded = recorded_locales(text.revision for text in texts)
    locales = [recorded[text.revision_id] for text in texts]
    for text, own in zip(texts, locales, strict=True):
        if not own:
            problem = _("The text of “%(arm)s” is not approved.") % {"arm": text.arm.name}
            if workflow.approved_locales(text.revision):
                problem = _("The audit record does not hold the approval of the text of “%(arm)s”.") % {
                    "arm": text.arm.name
                }
            yield Obstacle(ObstacleReason.UNAPPROVED, problem, text.arm.name, text.revision.message.key)
    if locales and all(locales) and not set.intersection(*locales):
        yield Obstacle(ObstacleReason.NO_LANGUAGE, _("The messages have no approved language in common."))


def _plan_obstacles(campaign: Campaign, arms: list[Arm]) -> Iterator[Obstacle]:
    keys = {arm.key for arm in arms}
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    if plan is None:
        yield Obstacle(ObstacleReason.NO_PLAN, _("The campaign has no analysis plan."))
        return
    if not plan.outcomes.filter(role=PlannedOutcome.Role.PRIMARY).exists():
        yield Obstacle(ObstacleReason.NO_PRIMARY, _("The plan needs a primary outcome."))
    if not _is_rising_to_one(plan.looks):
        yield Obstacle(ObstacleReason.LOOKS_NOT_RISING, _("The looks must increase up to 1, such as 0.25, 0.5, 1."))
    if plan.planned_per_arm < 1:
        yield Obstacle(ObstacleReason.NO_SIZE, _("Enter how many people should see each message."))
    yield from _period_obstacles(campaign, plan)
    if plan.strata and plan.clusters:
        yield Obstacle(ObstacleReason.STRATA_AND_CLUSTERS, _("Choose strata or clusters, not both."))
    for planned in plan.outcomes.all():
        name = _(OUTCOMES[planned.outcome].name)
        if OUTCOMES[planned.outcome].better == "none":
            sentence = _("“%(outcome)s” is neither good nor bad, so it cannot decide the verdict.")
            yield Obstacle(ObstacleReason.NO_DIRECTION, sentence % {"outcome": name}, name)
        if planned.harm_margin is not None and OUTCOMES[planned.outcome].kind != "yes-no":
            sentence = _("“%(outcome)s” cannot have a harm limit. Choose a yes/no outcome.")
            yield Obstacle(ObstacleReason.MARGIN_UNSUPPORTED, sentence % {"outcome": name}, name)
    if plan.correction == AnalysisPlan.Correction.DUNNETT:
        yield from _dunnett_obstacles(plan)
    yield from _text_obstacles(plan, arms)
    if not plan.comparisons or any(
        len(pair) != 2 or set(pair) - keys or pair[0] == pair[1] for pair in plan.comparisons
    ):
        yield Obstacle(
            ObstacleReason.UNKNOWN_COMPARISONS,
            _("Each comparison in the plan must name two messages of this campaign."),
        )


def _text_obstacles(plan: AnalysisPlan, arms: list[Arm]) -> Iterator[Obstacle]:
    """Yield what keeps the texts of the arms that are compared from being what the plan says."""
    compared = {key for pair in plan.pairs for key in pair}
    texts = {arm.name: list(arm.texts.all()) for arm in arms if arm.key in compared}
    if plan.texts == AnalysisPlan.Texts.MATCHED:
        sets = {tuple(text.revision.message.matched_set for text in own) for own in texts.values()}
        if len(sets) > 1 or any(not all(own) or len(set(own)) < len(own) for own in sets):
            sentence = _(
                "In matched sets, every message must have the same number of texts, and texts in the same "
                "position must belong to the same set."
            )
            yield Obstacle(ObstacleReason.NOT_MATCHED, sentence)
            return
        if any(len(own) < 2 for own in sets):
            sentence = _("Choose at least two matched sets. A single set says nothing about other texts.")
            yield Obstacle(ObstacleReason.ONE_SET, sentence)
        yield from _unequal_sets(texts)
    elif plan.texts:
        sentence = _("“%(arm)s” has only one text. To use different texts in each message, it needs at least two.")
        for name, own in texts.items():
            if len(own) < 2:
                yield Obstacle(ObstacleReason.ONE_TEXT, sentence % {"arm": name}, name)
    elif any(len(own) > 1 for own in texts.values()):
        sentence = _("One message has several texts. Say whether they are matched sets or different in each message.")
        yield Obstacle(ObstacleReason.SEVERAL_TEXTS, sentence)


def _unequal_sets(texts: Mapping[str, Sequence[ArmText]]) -> Iterator[Obstacle]:
    """Yield the matched sets whose texts, by the names of their arms, differ in more than their appeal."""
    sentence = _("In the set “%(set)s”, these messages differ in more than their appeal. %(differences)s")
    for own in zip(*texts.values(), strict=True):
        revisions = {arm: text.revision for arm, text in zip(texts, own, strict=True)}
        found = [remark for remarks in lint_arm_revisions(revisions).values() for remark in remarks]
        if found:
            key = own[0].revision.message.matched_set
            differences = " ".join(dict.fromkeys(translate_sentence(remark.sentence) for remark in found))
            yield Obstacle(ObstacleReason.UNEQUAL_TEXTS, sentence % {"set": key, "differences": differences}, key)


def _period_obstacles(campaign: Campaign, plan: AnalysisPlan) -> Iterator[Obstacle]:
    """Yield what keeps a plan from being one of periods, where a placement shows one message at a time."""
    is_planned = campaign.unit == Campaign.Unit.PERIOD
    if is_planned and campaign.shares_places:
        sentence = _("If placements show one message at a time, they cannot be shared. Choose slots 1 to 100.")
        yield Obstacle(ObstacleReason.SLOTS, sentence)
    if is_planned and campaign.is_use:
        yield from _use_by_period_obstacles(campaign, plan)
        return
    if is_planned != bool(plan.period) or is_planned != (plan.clusters == AnalysisPlan.Clusters.PERIOD):
        yield Obstacle(ObstacleReason.PERIODS, _("Say how long each placement shows one message."))
    if not is_planned:
        return
    weights = list(campaign.arms.values_list("weight", flat=True))
    if len(set(weights)) > 1:
        yield Obstacle(
            ObstacleReason.PERIODS, _("If placements show one message at a time, all messages need equal shares.")
        )
    if plan.texts:
        yield Obstacle(
            ObstacleReason.PERIOD_TEXTS,
            _("If placements show one message at a time, each message can have only one text."),
        )
    if plan.monitoring != AnalysisPlan.Monitoring.FIXED:
        sentence = _("If placements show one message at a time, the plan can have only one look, at the end.")
        yield Obstacle(ObstacleReason.PERIODS, sentence)
    if any(OUTCOMES[planned.outcome].kind != "yes-no" for planned in plan.outcomes.all()):
        sentence = _("If placements show one message at a time, use yes/no outcomes only.")
        yield Obstacle(ObstacleReason.PERIODS, sentence)
    if plan.has_hour_periods and weights and not divides_day(plan.period_hours, len(weights)):
        yield Obstacle(ObstacleReason.PERIODS, uneven_hours(len(weights)))
    if plan.period and (sentence := unfit_washout(plan)):
        yield Obstacle(ObstacleReason.PERIODS, sentence)
    needed = fewest_weeks(plan, arms=len(weights), placements=campaign.placements.count())
    if needed and (plan.period_weeks < needed or plan.period_weeks % len(weights)):
        sentence = _(
            "Plan %(weeks)s weeks or more, in a multiple of %(messages)s, so that each message gets "
            "every weekday equally often."
        )
        values = {"weeks": needed, "messages": len(weights)}
        yield Obstacle(ObstacleReason.PERIOD_WEEKS, sentence % values)
    if campaign.starts_at is not None and _ends_before_its_periods(campaign, plan, start=campaign.starts_at):
        yield _end_too_early()


def _use_by_period_obstacles(campaign: Campaign, plan: AnalysisPlan) -> Iterator[Obstacle]:
    """Yield what keeps a message in use from being shown to everybody, its texts in turn."""
    if plan.period not in (AnalysisPlan.Period.DAY, AnalysisPlan.Period.WEEK) or plan.period_weeks:
        # With hours, the count of a text on a day would say at which hours somebody came.
        sentence = _("If placements show the message in use to everyone, each text is shown for a day or a week.")
        yield Obstacle(ObstacleReason.PERIODS, sentence)
    if campaign.arms.exclude(weight=0).count() != 1:
        sentence = _("If placements show the message in use to everyone, nobody can keep seeing the control.")
        yield Obstacle(ObstacleReason.PERIODS, sentence)


def unfit_washout(plan: AnalysisPlan) -> str:
    """Say what is wrong with the part of each period that is not counted; empty if nothing is."""
    if not plan.has_hour_periods:
        # Else what counts of the hour in which it ends would say a time finer than the hour.
        return (
            ""
            if plan.washout_minutes % 60 == 0
            else _("With days and weeks, leave out whole hours: 60 or 120 minutes.")
        )
    if plan.washout_minutes > longest_washout(plan.period_hours):
        return _("At least 60 minutes of each period have to be counted, or 30 if a period is one hour.")
    return ""


def uneven_hours(arms: int) -> str:
    """Say which periods of hours give so many arms the same hours of each day."""
    fitting = [hours for hours in AnalysisPlan.HOURS if divides_day(hours, arms)]
    if not fitting:
        sentence = _("A day cannot be shared evenly among %(messages)s messages. Show each for a whole day.")
        return sentence % {"messages": arms}
    sentence = _(
        "A day must be shared evenly among all messages. With %(messages)s messages, these periods fit: "
        "%(hours)s hours, or whole days."
    )
    return sentence % {"messages": arms, "hours": ", ".join(map(str, fitting))}


def fewest_weeks(plan: AnalysisPlan, *, arms: int, placements: int) -> int:
    """Return the fewest weeks of periods after which a comparison could show anything; 0 while nobody can say.

    Weeks come in as many as there are arms. Each of their sets of periods could have been drawn in another order, and
    the p-value of the permutation test is at least 2^(1 - sets). With days a set is a weekday, with hours a block of as
    many days as arms: either way there are seven.
    """
    if not (plan.period and arms and placements):
        return 0
    comparisons = 1 if plan.correction == AnalysisPlan.Correction.NONE else max(len(plan.comparisons), 1)
    sets = ceil(1 + log2(comparisons / (1 - plan.level)))
    return arms * ceil(sets / _sets_of_block(plan, placements))


def planned_sets(plan: AnalysisPlan, *, arms: int, placements: int) -> int:
    """Return in how many sets of periods the planned order was drawn; 0 without periods."""
    return plan.period_weeks // arms * _sets_of_block(plan, placements) if plan.period and arms else 0


def _sets_of_block(plan: AnalysisPlan, placements: int) -> int:
    return placements * (1 if plan.period == AnalysisPlan.Period.WEEK else DAYS_PER_WEEK)


def _dunnett_obstacles(plan: AnalysisPlan) -> Iterator[Obstacle]:
    primary = plan.outcomes.filter(role=PlannedOutcome.Role.PRIMARY).first()
    if plan.monitoring != AnalysisPlan.Monitoring.FIXED:
        yield Obstacle(ObstacleReason.DUNNETT, _("Dunnett’s correction is for a single look at the end."))
    if plan.strata or plan.clusters or (primary and OUTCOMES[primary.outcome].kind != "yes-no"):
        sentence = _("Dunnett’s correction is for yes/no outcomes without strata or clusters.")
        yield Obstacle(ObstacleReason.DUNNETT, sentence)
    if len({pair.control for pair in plan.pairs}) > 1:
        yield Obstacle(ObstacleReason.DUNNETT, _("Dunnett’s correction compares every message with one control."))


def _is_rising_to_one(looks: object) -> bool:
    """Whether the looks are shares of the planned people that rise to 1."""
    return (
        isinstance(looks, list)
        and bool(looks)
        and all(isinstance(share, int | float) and not isinstance(share, bool) for share in looks)
        and all(after - before >= 0.001 for before, after in zip([0.0, *looks], looks, strict=False))
        and looks[-1] == 1
    )
