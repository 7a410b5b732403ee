"""What a verdict leads to: messages to use, or what was learned and how large the next trial would have to be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import sqrt
from statistics import fmean

from django.utils.translation import gettext as _

from analytics import wording
from analytics.comparison.text_mixes import MIXED_TEXTS
from analytics.models import Estimate
from analytics.report_rows import DifferenceRow, KindRow
from analytics.results import build
from analytics.results.build import Report
from analytics.results.outcome_rows import people_scale
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from campaign.wizard.plan_size import DEFAULT_SPREAD, sample_size_inputs
from campaign.wizard.revision_choice import selectable_revisions
from campaign.wizard.sample_size import MoreTextsNeeded, needed_people, people_for_these_texts
from messages.models import Message, Theme

_DIFFERENCES = (0.1, 0.05, 0.03, 0.02, 0.01)  # that the table of sizes shows


class AdviceKind(StrEnum):
    """What the latest look leads to."""

    WAIT = "wait"  # no verdict yet
    ENDED = "ended"  # closed before the first planned look, so there will be none
    WITHHELD = "withheld"  # the data cannot be trusted
    USE = "use"  # something worked
    HARM = "harm"  # nothing worked, and something did harm
    LEARN = "learn"  # nothing was shown to work
    ALONE = "alone"  # in use without a holdout, so nothing is compared


@dataclass(frozen=True, slots=True)
class TrialSize:
    """How many people in all a trial of this design takes to find a difference, as a share.

    `people` are enough for both answers of a plan about frames, and None if no number is; `for_these_texts` for one.
    """

    difference: float
    people: int | None
    for_these_texts: int

    @property
    def people_in_words(self) -> str:
        return _("never") if self.people is None else _in_words(self.people)

    @property
    def for_these_texts_in_words(self) -> str:
        return _in_words(self.for_these_texts)


@dataclass(frozen=True, slots=True)
class TextsAssumed:
    """How many texts a message has, or sets there are, and by how much they are taken to differ, as a share."""

    texts: int
    spread: float
    are_matched: bool


@dataclass(frozen=True, slots=True)
class Advice:
    """What the latest look leads to, the report it rests on, and what the page offers for it."""

    kind: AdviceKind
    report: Report | None = None
    working: tuple[Arm, ...] = ()  # not stopped, the best first
    gains: Mapping[str, str] = field(default_factory=dict)  # what each of them did more than the control, in words
    against_control: tuple[DifferenceRow, ...] = ()
    fresh_texts: tuple[Message, ...] = ()  # of the appeal that is in use, and not shown there
    sizes: tuple[TrialSize, ...] = ()
    texts: TextsAssumed | None = None  # for the sizes; None with one text in each message
    untried_themes: tuple[Theme, ...] = ()
    is_about_kind: bool = False  # what works is told by texts of a kind, because a text was stopped

    @property
    def is_settled(self) -> bool:
        """Whether each comparison with the control was shown to make no difference that matters."""
        return all(row.verdict == Estimate.Verdict.NO_DIFFERENCE for row in self.against_control)


def advise(campaign: Campaign) -> Advice:
    """Return what the latest look at a campaign leads to, from what may be shown of it to all staff."""
    if campaign.is_use and not campaign.arms.get(is_control=True).weight:
        shown = campaign.arms.with_texts().get(is_control=False)
        usable = () if shown.paused_at else (shown,)
        return Advice(AdviceKind.ALONE, working=usable, fresh_texts=tuple(_fresh_texts(shown)))
    analysis = campaign.analyses.filter(exception="").order_by("-look").first()
    report = build.build(analysis, early=False) if analysis else None
    if report is None or report.embargoed:
        return Advice(AdviceKind.ENDED if campaign.state == Campaign.State.CLOSED else AdviceKind.WAIT, report)
    if report.withheld:
        return Advice(AdviceKind.WITHHELD, report)
    arms = {arm.key: arm for arm in campaign.arms.with_texts()}
    told = tuple(row for row in report.primary.answers if arms[row.control].is_control)
    # What is put to use are these texts, whatever others of their kind would do: unless their mixes differed.
    mixed = wording.translate_reason(MIXED_TEXTS.reason)
    rows = tuple(row for row in report.primary.differences if arms[row.control].is_control)
    about_kind = any(row.reason == mixed for row in rows)
    if about_kind:
        rows = told
    sign = -1.0 if report.primary.outcome.better == "lower" else 1.0
    better = sorted((row for row in rows if row.verdict == "better"), key=lambda row: -sign * (row.effect or 0.0))
    working = tuple(arms[row.treated] for row in better if arms[row.treated].paused_at is None)
    if working:
        has_rates = report.primary.outcome.kind != "ordered"
        gains = {row.treated: _gain(row, people_scale(report.primary)) for row in better if has_rates}
        fresh = tuple(_fresh_texts(working[0])) if campaign.is_use else ()
        return Advice(AdviceKind.USE, report, working, gains, told, fresh, is_about_kind=about_kind)
    kind = AdviceKind.HARM if any(row.verdict == "worse" for row in rows) else AdviceKind.LEARN
    spread = _spread(campaign.plan, told)
    return Advice(
        kind,
        report,
        against_control=told,
        sizes=tuple(_sizes(campaign.plan, report, list(arms.values()), spread)),
        texts=_texts_assumed(campaign.plan, list(arms.values()), spread),
        untried_themes=tuple(_untried_themes(campaign)),
    )


def _spread(plan: AnalysisPlan, told: Sequence[DifferenceRow]) -> float:
    """Return by how much texts are taken to differ: as planned, or as the comparisons with the control saw, if more."""
    seen = [row.details.spread or 0.0 for row in told if isinstance(row, KindRow) and row.details]
    planned = DEFAULT_SPREAD if plan.text_spread is None else plan.text_spread
    return max(planned, sqrt(fmean(spread**2 for spread in seen)) if seen else 0.0)


def _texts_assumed(plan: AnalysisPlan, arms: Sequence[Arm], spread: float) -> TextsAssumed | None:
    if not plan.texts:
        return None
    texts = min(sum(text.stopped_at is None for text in arm.texts.all()) for arm in arms)
    return TextsAssumed(texts, spread, plan.texts == AnalysisPlan.Texts.MATCHED)


def _sizes(plan: AnalysisPlan, report: Report, arms: list[Arm], spread: float) -> Iterator[TrialSize]:
    """Return the people in all that this design takes, from the control's rate as it may be shown."""
    primary = plan.outcomes.get(role=PlannedOutcome.Role.PRIMARY)
    rate = next((row.rate for row in report.primary.rates if row.is_control), None)
    if rate is None or not 0 < rate < 1 or OUTCOMES[primary.outcome].kind != "yes-no":
        return
    for difference in _DIFFERENCES:
        rounded = round(rate, 2) or 0.01
        inputs = sample_size_inputs(
            plan, arms, expected_rate=rounded, smallest_difference=difference, text_spread=spread
        )
        try:
            alone = people_for_these_texts(inputs)
        except ValueError:  # no rate lies that far
            continue
        try:
            yield TrialSize(difference, needed_people(inputs), alone)
        except MoreTextsNeeded:
            yield TrialSize(difference, None, alone)


def smallest_found(advice: Advice) -> TrialSize | None:
    """Return the smallest difference of the table that as many people as were planned would find."""
    if advice.report is None:
        return None
    found = [size for size in advice.sizes if size.people is not None and size.people <= advice.report.planned_people]
    return min(found, key=lambda size: size.difference, default=None)


def _gain(row: DifferenceRow, scale: wording.PeopleScale) -> str:
    """Say how many more people did it than after the control."""
    if row.effect is None or row.low is None or row.high is None:
        return ""
    return _("%(gap)s in %(people)s (%(interval)s)") % {
        "gap": wording.difference_phrase(row.effect, scale),
        "people": scale.people,
        "interval": wording.interval_text(row.low, row.high, scale),
    }


def _in_words(people: int) -> str:
    return wording.number(wording.to_two_figures(people))


def _fresh_texts(shown: Arm) -> list[Message]:
    """Return the messages with an approved text of an arm's appeal that the arm does not show."""
    own = {text.revision.message_id for text in shown.texts.all()}
    others = (revision.message for revision in selectable_revisions([shown.frame]))
    return list({message.pk: message for message in others if message.pk not in own}.values())


def _untried_themes(campaign: Campaign) -> list[Theme]:
    """Return the themes with an approved message that no arm of the campaign shows, by name."""
    shown = campaign.arms.values("texts__revision__message__theme")
    approved = Theme.objects.filter(messages__revisions__renditions__state="approved", messages__stopped_at=None)
    return list(approved.exclude(pk__in=shown).exclude(frame="neutral").distinct().order_by("frame", "name"))
