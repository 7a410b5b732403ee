"""Build the tables of a released look: counts by arm, counts by placement, and every estimate."""

from collections.abc import Iterator

from django.conf import settings

from analytics.disclosure import gate
from analytics.embargo.access import embargo_filter
from analytics.export.table import Cell, Field, LookTables, Table
from analytics.models import Analysis
from analytics.report_rows import (
    CrossCheckRow,
    DifferenceRow,
    FactorialRow,
    KindRow,
    OutcomeBlock,
    RateRow,
    TextResultRow,
)
from analytics.results.build import Report, build
from campaign.models import Campaign

AS_PLANNED, EXPLORATORY, WITHHELD = "as planned", "exploratory", "withheld"

_ORIGIN = (
    Field("campaign", "string", "The campaign's key."),
    Field("look", "integer", "The recorded look at which these numbers were counted."),
    Field("plan", "string", "SHA-256 of the frozen plan in canonical form."),
    Field(
        "status",
        "string",
        "“as planned”: the plan asks this, at this look. “exploratory”: it does not. “withheld”: no comparison holds.",
    ),
)
_OUTCOME = (
    Field("outcome", "string", "The outcome's key."),
    Field("role", "string", "What the outcome is in the plan: primary, guardrail, secondary, or exploratory."),
)
_COUNTS = (
    *_ORIGIN,
    *_OUTCOME,
    Field("arm", "string", "The arm's key."),
    Field("arm_name", "string", "The arm's name."),
    Field("frame", "string", "Whose harm the message names."),
    Field("is_control", "boolean", "Whether the plan compares the others with it."),
    Field("sent", "integer", "Messages that were sent. Empty where small."),
    Field("seen", "integer", "People who saw the message: what every rate is a share of. Empty where small."),
    Field("did", "integer", "People with the outcome; of a rating, those who answered. Empty where small."),
    Field("control", "string", "The arm that the plan compares it with, where that is the control."),
    Field("difference", "number", "The difference from the control, as in the table of estimates."),
    Field("difference_low", "number", "Lower end of its interval, at the level of the plan."),
    Field("difference_high", "number", "Upper end of its interval."),
    Field("relative_difference", "number", "The same as a share of the control's rate; of the primary outcome."),
    Field("relative_low", "number", "Lower end of its interval, as for a single look."),
    Field("relative_high", "number", "Upper end of its interval."),
)
_PLACES = (
    *_ORIGIN,
    Field("arm", "string", "The arm's key."),
    Field("placement", "string", "The placement's key."),
    Field("locale", "string", "The language in which the message was shown."),
    Field("outcome", "string", "“exposed”: people who saw the message. Otherwise those of them with this outcome."),
    Field("value", "integer", "The answer, of an outcome with several; 0 of any other."),
    Field("count", "integer", "How many. Empty where it is small, or would tell one that is."),
)
_ESTIMATES = (
    *_ORIGIN,
    *_OUTCOME,
    Field(
        "measure",
        "string",
        "What is estimated: rate (of an ordered outcome the mean answer), difference (of an ordered outcome the chance "
        "to answer higher, less one half), ratio, relative difference, factorial contrast, pooled difference.",
    ),
    Field("about", "string", "“these texts”, “texts of this kind”, “one text”, or “several campaigns”."),
    Field("arm", "string", "The arm's key, or the question of a pooled difference."),
    Field("control", "string", "The arm that it is compared with."),
    Field("term", "string", "Which contrast of the factorial, or which text."),
    Field("estimate", "number", "The estimate; rates and differences are shares of 1."),
    Field("low", "number", "Lower end of the interval."),
    Field("high", "number", "Upper end of the interval. Empty with an estimate too, where it has none."),
    Field("level", "number", "Confidence level of the interval."),
    Field("p_value", "number", "How often chance alone would give a difference at least this large."),
    Field("p_adjusted", "number", "The same after the plan's correction for several questions."),
    Field("smallest_difference", "number", "The plan's smallest difference that matters."),
    Field("verdict", "string", "The verdict by the plan's rules."),
    Field("sentence", "string", "The verdict in words."),
    Field("reason", "string", "Why there is no estimate, or no verdict yet."),
    Field("method", "string", "The method of the interval."),
)


class NotExportable(Exception):
    """Raised where a look has nothing to take away. The message is shown to the user."""


def exportable_looks(campaign: Campaign) -> list[Analysis]:
    """Return the looks that anybody who reads results may take away, oldest first: none under embargo."""
    looks = Analysis.objects.filter(embargo_filter(False), campaign=campaign, embargoed=False)
    return list(looks.select_related("campaign__plan").order_by("look"))


def exportable_look(campaign: Campaign, number: int) -> Analysis | None:
    """Return the look with this number, if anybody who reads results may take it away."""
    return next((each for each in exportable_looks(campaign) if each.look == number), None)


def publishable_look(campaign: Campaign) -> Analysis | None:
    """Return the last look at a closed campaign that anybody who reads results may take away; None if there is none."""
    looks = exportable_looks(campaign) if campaign.state == Campaign.State.CLOSED else []
    return looks[-1] if looks else None


def released_report(analysis: Analysis) -> Report:
    """Return the report of a look that may be taken away. Raises NotExportable."""
    report = build(analysis, early=False)
    if report.embargoed:
        raise NotExportable("There is nothing to download before the first planned look.")
    if report.changed_plan_keys:
        raise NotExportable("The plan in the database is not the one that was frozen, so nothing can be downloaded.")
    return report


def look_tables(analysis: Analysis) -> LookTables:
    """Build the tables of a look within disclosure limits. Without verdicts to trust they hold counts alone."""
    report = released_report(analysis)
    status = status_of(report)
    rows = _Rows(report, look_numbers(report.campaign), status)
    return LookTables(
        campaign=report.campaign.slug,
        name=report.campaign.name,
        look=report.look,
        made_at=report.made_at,
        from_day=report.from_day,
        to_day=report.to_day,
        plan_fingerprint=report.plan_fingerprint,
        frozen_at=report.plan_frozen_at,
        status=status,
        sentence=report.sentence,
        interval_sentence=report.interval_sentence,
        note=report.note,
        small_cell=settings.SMALL_CELL,
        deviations=report.deviations,
        tables=(
            Table(
                "counts",
                "How many people were sent each message, saw it and did what.",
                _COUNTS,
                tuple(rows.of_counts()),
            ),
            Table(
                "counts-by-placement",
                "How many saw each message and did what, by placement and language, as last shown.",
                _PLACES,
                tuple(rows.of_placements(analysis)),
            ),
            Table("estimates", "Every estimate with its interval and verdict.", _ESTIMATES, tuple(rows.of_estimates())),
        ),
    )


def status_of(report: Report) -> str:
    """Return what the numbers of a look are worth."""
    return WITHHELD if report.withheld else EXPLORATORY if report.exploratory else AS_PLANNED


def look_numbers(campaign: Campaign) -> dict[int, int]:
    """Return the number of each look by the id of its analysis."""
    return dict(Analysis.objects.filter(campaign=campaign).values_list("pk", "look"))


class _Rows:
    """The rows of each table of one report."""

    def __init__(self, report: Report, look_numbers: dict[int, int], status: str) -> None:
        self._report, self._look_numbers, self._status = report, look_numbers, status
        self._blocks = (report.primary, *report.others)

    def of_counts(self) -> Iterator[tuple[Cell, ...]]:
        for block in self._blocks:
            control = next((row.key for row in block.rates if row.is_control), "")
            for row in block.rates:
                arm = (row.key, row.name, row.frame, row.is_control, row.served, row.n, row.events)
                start = (*self._origin(block), block.outcome.key, block.role)
                yield (*start, *arm, *self._against(block, row.key, control))

    def _against(self, block: OutcomeBlock, arm: str, control: str) -> tuple[Cell, ...]:
        """The planned comparison of an arm with the control: the difference, and the relative one, with intervals."""
        pair = (arm, control)
        row = next((each for each in block.differences if (each.treated, each.control) == pair), None)
        if row is None or self._report.withheld:
            return (None,) * 7
        checks = self._report.checks if block.role == "primary" else ()
        lift = next((each.lift for each in checks if (each.treated, each.control) == pair), None)
        relative = (None,) * 3 if lift is None else (lift.effect, lift.low, lift.high)
        return (control, row.effect, row.low, row.high, *relative)

    def of_placements(self, analysis: Analysis) -> Iterator[tuple[Cell, ...]]:
        roles = {block.outcome.key: block.role for block in self._blocks}
        for row in gate.released_table(analysis.campaign, early=False, last_look=analysis.look):
            status = self._status_of(roles.get(row.outcome, ""))
            origin = (self._report.campaign.slug, row.look, self._report.plan_fingerprint, status)
            yield (*origin, row.arm, row.placement, row.locale, row.outcome, row.value, row.count)

    def of_estimates(self) -> Iterator[tuple[Cell, ...]]:
        if self._report.withheld:
            return
        for block in self._blocks:
            start = (*self._origin(block), block.outcome.key, block.role)
            yield from ((*start, *self._rate(row)) for row in block.rates)
            yield from ((*start, *self._difference(row, block)) for row in block.differences)
            yield from ((*start, *self._difference(row, block)) for row in block.kinds)
            yield from ((*start, *self._text(row)) for row in block.texts)
        primary = self._report.primary
        start = (*self._origin(primary), primary.outcome.key, primary.role)
        yield from ((*start, *self._contrast(row, "these texts")) for row in self._report.factorial)
        yield from ((*start, *self._contrast(row, "texts of this kind")) for row in self._report.factorial_kinds)
        beside = (*start[:3], EXPLORATORY, *start[4:])
        for check in self._report.checks:
            yield from ((*beside, *row) for row in self._relative(check))
        for pooled in self._report.pooled:
            interval = (pooled.effect, pooled.low, pooled.high, self._report.level)
            yield (*beside, "pooled difference", "several campaigns", pooled.name, None, None, *interval, *[None] * 7)

    def _origin(self, block: OutcomeBlock) -> tuple[Cell, ...]:
        look = self._look_numbers.get(block.analysis_id or 0, self._report.shown_look)
        return (self._report.campaign.slug, look, self._report.plan_fingerprint, self._status_of(block.role))

    def _status_of(self, role: str) -> str:
        return EXPLORATORY if role == EXPLORATORY and self._status == AS_PLANNED else self._status

    def _rate(self, row: RateRow) -> tuple[Cell, ...]:
        interval = (row.rate, row.low, row.high, self._report.level)
        return ("rate", "these texts", row.key, None, None, *interval, *[None] * 7)

    def _difference(self, row: DifferenceRow, block: OutcomeBlock) -> tuple[Cell, ...]:
        return (
            "difference",
            "texts of this kind" if isinstance(row, KindRow) else "these texts",
            row.treated,
            row.control,
            None,
            row.effect,
            row.low,
            row.high,
            self._report.level,
            row.p_value,
            row.p_adjusted,
            block.smallest_difference,
            row.verdict or None,
            row.sentence,
            row.reason or None,
            row.method or None,
        )

    def _text(self, row: TextResultRow) -> tuple[Cell, ...]:
        interval = (row.rate, row.low, row.high, self._report.level)
        return ("rate", "one text", row.arm, None, row.text, *interval, *[None] * 7)

    def _contrast(self, row: FactorialRow, about: str) -> tuple[Cell, ...]:
        return (
            "factorial contrast",
            about,
            None,
            None,
            row.term,
            row.effect,
            row.low,
            row.high,
            self._report.level,
            row.p_value,
            row.p_adjusted,
            self._report.smallest_difference,
            row.verdict or None,
            row.sentence,
            None,
            row.method or None,
        )

    def _relative(self, check: CrossCheckRow) -> Iterator[tuple[Cell, ...]]:
        for measure, found in (("ratio", check.ratio), ("relative difference", check.lift)):
            if found is not None:
                interval = (found.effect, found.low, found.high, self._report.level)
                yield (measure, "these texts", check.treated, check.control, None, *interval, *[None] * 7)
