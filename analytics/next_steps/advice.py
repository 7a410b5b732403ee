"""What a verdict leads to: messages to use, or what was learned and how large the next trial would have to be."""

from dataclasses import dataclass
from enum import StrEnum

from analytics import wording
from analytics.models import Estimate
from analytics.report_rows import DifferenceRow
from analytics.results import build
from analytics.results.build import Report
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from campaign.wizard.sample_size import SampleSizeInputs, needed_people
from messages.models import Theme

_DIFFERENCES = (0.1, 0.05, 0.03, 0.02, 0.01)  # that the table of sizes shows


class AdviceKind(StrEnum):
    """What the latest look leads to."""

    WAIT = "wait"  # no verdict yet
    WITHHELD = "withheld"  # the data cannot be trusted
    USE = "use"  # something worked
    HARM = "harm"  # nothing worked, and something did harm
    LEARN = "learn"  # nothing was shown to work


@dataclass(frozen=True, slots=True)
class TrialSize:
    """How many people in all a trial of this design takes to find a difference, as a share."""

    difference: float
    people: int

    @property
    def people_in_words(self) -> str:
        return wording.number(wording.to_two_figures(self.people))


@dataclass(frozen=True, slots=True)
class Advice:
    """What the latest look leads to, the report it rests on, and what the page offers for it."""

    kind: AdviceKind
    report: Report | None = None
    working: tuple[Arm, ...] = ()  # not stopped, the best first
    against_control: tuple[DifferenceRow, ...] = ()
    sizes: tuple[TrialSize, ...] = ()
    untried_themes: tuple[Theme, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether each comparison with the control was shown to make no difference that matters."""
        return all(row.verdict == Estimate.Verdict.NO_DIFFERENCE for row in self.against_control)


def advise(campaign: Campaign) -> Advice:
    """Return what the latest look at a campaign leads to, from what may be shown of it to all staff."""
    analysis = campaign.analyses.filter(exception="").order_by("-look").first()
    report = build.build(analysis, early=False) if analysis else None
    if report is None or report.embargoed:
        return Advice(AdviceKind.WAIT, report)
    if report.withheld:
        return Advice(AdviceKind.WITHHELD, report)
    arms = {arm.key: arm for arm in campaign.arms.with_texts()}
    # What is put to use are these texts, whatever others of their kind would do.
    rows = tuple(row for row in report.primary.differences if arms[row.control].is_control)
    told = tuple(row for row in report.primary.answers if arms[row.control].is_control)
    sign = -1.0 if report.primary.outcome.better == "lower" else 1.0
    better = sorted((row for row in rows if row.verdict == "better"), key=lambda row: -sign * (row.effect or 0.0))
    working = tuple(arms[row.treated] for row in better if arms[row.treated].paused_at is None)
    if working:
        return Advice(AdviceKind.USE, report, working, told)
    kind = AdviceKind.HARM if any(row.verdict == "worse" for row in rows) else AdviceKind.LEARN
    return Advice(
        kind, report, (), told, tuple(_sizes(campaign, report, list(arms.values()))), tuple(_untried_themes(campaign))
    )


def _sizes(campaign: Campaign, report: Report, arms: list[Arm]) -> list[TrialSize]:
    """Return the people in all that this design takes, from the control's rate as it may be shown."""
    plan: AnalysisPlan = campaign.plan
    primary = plan.outcomes.get(role=PlannedOutcome.Role.PRIMARY)
    rate = next((row.rate for row in report.primary.rates if row.is_control), None)
    weights = {arm.key: arm.weight for arm in arms}
    if rate is None or not 0 < rate < 1 or OUTCOMES[primary.outcome].kind != "yes-no":
        return []
    sizes = []
    for difference in _DIFFERENCES:
        inputs = SampleSizeInputs(
            expected_rate=round(rate, 2) or 0.01,
            smallest_difference=difference,
            weights=tuple(weights.values()),
            per_day=0,
            pairs=tuple((weights[pair.treated], weights[pair.control]) for pair in plan.pairs),
            comparisons=len(plan.pairs) if plan.correction != AnalysisPlan.Correction.NONE else 1,
            level=plan.level,
            power=plan.power,
            monitoring=plan.monitoring,
            spending=plan.spending,
        )
        try:
            sizes.append(TrialSize(difference, needed_people(inputs)))
        except ValueError:  # no rate lies that far
            continue
    return sizes


def smallest_found(advice: Advice) -> TrialSize | None:
    """Return the smallest difference of the table that as many people as were planned would find."""
    if advice.report is None:
        return None
    found = [size for size in advice.sizes if size.people <= advice.report.planned_people]
    return min(found, key=lambda size: size.difference, default=None)


def _untried_themes(campaign: Campaign) -> list[Theme]:
    """Return the themes with an approved message that no arm of the campaign shows, by name."""
    shown = campaign.arms.values("texts__revision__message__theme")
    approved = Theme.objects.filter(messages__revisions__renditions__state="approved", messages__stopped_at=None)
    return list(approved.exclude(pk__in=shown).exclude(frame="neutral").distinct().order_by("frame", "name"))
