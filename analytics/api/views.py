"""The staff API for results: tallies, and every recorded look with its estimates and sentences."""

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics import report_rows
from analytics.disclosure import gate
from analytics.embargo.access import embargo_filter, may_look_early
from analytics.models import Analysis, Estimate
from analytics.results import build
from campaign.api.operation import ApiOperation
from campaign.api.views import DeviationSerializer, HasRole, PaginatedView
from campaign.models import AnalysisPlan, PlannedOutcome
from campaign.outcomes import outcome_choices
from campaign.staff_site.access import campaign_for
from messages.models import Frame


class TallySerializer(serializers.Serializer[gate.ReleasedTableRow]):
    look = serializers.IntegerField(help_text="The look at which it was counted.")
    arm = serializers.CharField()
    placement = serializers.CharField()
    locale = serializers.CharField()
    outcome = serializers.ChoiceField(choices=outcome_choices())
    value = serializers.IntegerField()
    count = serializers.IntegerField(allow_null=True, help_text="Null where it is small, or would tell one that is.")


class TallyList(PaginatedView[gate.ReleasedTableRow]):
    """How many closed views of each arm had each outcome that the plan names, a row per placement, locale and value.

    It is as it was at a look: the first, then whenever twice as many people are counted, and the last once the campaign
    is closed. Before the plan's first look only `exposed` is listed: nobody can compare arms early.
    `exposed` is how many saw the message: what every rate is a share of. Rows of different placements add.
    """

    serializer_class = TallySerializer

    @ApiOperation(tag="results", response_serializer=TallySerializer, many=True, error_statuses=(401, 403, 404))
    def get(self, request: Request, slug: str) -> Response:
        return self.paginated_response(
            gate.released_table(campaign_for(request.user, slug), early=may_look_early(request.user))
        )


# Serializers of a look. They use the terms of `manage.py analyse --json`.


class IntervalSerializer(serializers.Serializer[Any]):
    low = serializers.FloatField()
    high = serializers.FloatField()
    level = serializers.FloatField()


class ArmRateSerializer(serializers.Serializer[Any]):
    """Of the `n` people who saw this arm, `events` did it. What is small is null, and so is all that would tell it."""

    arm = serializers.CharField()
    name = serializers.CharField()
    frame = serializers.ChoiceField(choices=Frame.choices)
    is_control = serializers.BooleanField()
    served = serializers.IntegerField(allow_null=True, help_text="Messages sent out, seen or not.")
    n = serializers.IntegerField(allow_null=True)
    events = serializers.IntegerField(allow_null=True)
    hidden = serializers.BooleanField(
        help_text="Whether counts are null because fewer than SMALL_CELL did, or did not."
    )
    rate = serializers.FloatField(allow_null=True)
    interval = IntervalSerializer(allow_null=True)


class ComparisonSerializer(serializers.Serializer[Any]):
    """Treated minus control, in shares: 0.09 is 9 more in 100. Numbers are null where `reason` says why."""

    treated = serializers.CharField()
    control = serializers.CharField()
    effect = serializers.FloatField(allow_null=True)
    interval = IntervalSerializer(allow_null=True)
    p_value = serializers.FloatField(allow_null=True)
    p_adjusted = serializers.FloatField(
        allow_null=True, help_text="After the plan's correction, over the planned comparisons of the outcome."
    )
    verdict = serializers.ChoiceField(choices=Estimate.Verdict.choices, allow_blank=True)
    sentence = serializers.CharField()
    more_per_arm = serializers.IntegerField(
        allow_null=True,
        help_text="People still needed to tell, by the plan's looks, if it stays like this: the mean per arm.",
    )
    more_per_arm_low = serializers.IntegerField(
        allow_null=True, help_text="Where the middle half of what may come begins."
    )
    more_per_arm_high = serializers.IntegerField(
        allow_null=True, help_text="Where it ends; null if no number may tell."
    )
    method = serializers.CharField(allow_blank=True, help_text="What interval and p_value are of.")
    reason = serializers.CharField(allow_blank=True, help_text="Why there is no number, or why the verdict waits.")
    hidden = serializers.BooleanField(help_text="Whether there is none because a count is small.")


class NotWorseSerializer(serializers.Serializer[Any]):
    """Whether an arm is shown to be no worse than the control by the guardrail's margin, as for a single look."""

    treated = serializers.CharField()
    control = serializers.CharField()
    margin = serializers.FloatField()
    p_value = serializers.FloatField(help_text="One-sided, of non-inferiority.")
    sentence = serializers.CharField()


class OutcomeEstimatesSerializer(serializers.Serializer[Any]):
    outcome = serializers.CharField()
    role = serializers.ChoiceField(choices=[*PlannedOutcome.Role.choices, ("exploratory", "Exploratory")])
    smallest_difference = serializers.FloatField(allow_null=True, help_text="As a share; less would change nothing.")
    arms = ArmRateSerializer(many=True)
    comparisons = ComparisonSerializer(many=True)
    not_worse = NotWorseSerializer(many=True, help_text="Of a guardrail with a margin.")


class OmnibusSerializer(serializers.Serializer[Any]):
    """Do the arms differ at all in the primary outcome? Where few are expected in an arm, p is exact."""

    statistic = serializers.FloatField(help_text="Chi-square.")
    df = serializers.IntegerField()
    p_value = serializers.FloatField()
    method = serializers.CharField(
        allow_blank=True,
        help_text="What p is of: pearson, fisher-freeman-halton, or that simulated. Empty: not on record.",
    )


class SampleRatioSerializer(serializers.Serializer[Any]):
    """Was each arm seen as often as its weight asks? On `alarm` every verdict is withheld."""

    status = serializers.ChoiceField(choices=Analysis.SampleRatio.choices)
    p_value = serializers.FloatField(allow_null=True)
    method = serializers.CharField(
        allow_blank=True, help_text="What p is of: pearson, exact or always-valid. Empty: not on record."
    )


class ContrastSerializer(serializers.Serializer[Any]):
    """One contrast of the victim x user factorial, as a share."""

    term = serializers.CharField()
    name = serializers.CharField()
    effect = serializers.FloatField(allow_null=True)
    interval = IntervalSerializer(allow_null=True)
    p_value = serializers.FloatField(allow_null=True)
    p_adjusted = serializers.FloatField(allow_null=True, help_text="After the plan's correction, over the contrasts.")
    method = serializers.CharField(allow_blank=True)
    verdict = serializers.ChoiceField(choices=Estimate.Verdict.choices)
    sentence = serializers.CharField()


class EffectRangeSerializer(serializers.Serializer[Any]):
    """An effect with its interval, at the level of the look. Without an upper end, `effect` and `high` are null."""

    effect = serializers.FloatField(allow_null=True)
    low = serializers.FloatField()
    high = serializers.FloatField(allow_null=True)


class HomogeneitySerializer(serializers.Serializer[Any]):
    """Breslow and Day's test, with Tarone's correction, that all placements have one odds ratio."""

    statistic = serializers.FloatField()
    df = serializers.IntegerField()
    p_value = serializers.FloatField()


class CheckSerializer(serializers.Serializer[Any]):
    """One comparison looked at in other ways, as for a single look."""

    treated = serializers.CharField()
    control = serializers.CharField()
    exact_p = serializers.FloatField(allow_null=True)
    tipping = serializers.CharField(allow_blank=True)
    without = serializers.CharField(allow_blank=True, help_text="Leaving out one placement: lowest and highest.")
    design_effect = serializers.FloatField(
        allow_null=True, help_text="By what factor strata or clusters changed the variance; a later plan can use it."
    )
    one_network = serializers.CharField(
        allow_blank=True,
        help_text="How far one network could have moved it, and how many it would take to turn the answer.",
    )
    difference = EffectRangeSerializer(allow_null=True, help_text="That of the plan, to read the others beside it.")
    ratio = EffectRangeSerializer(allow_null=True, help_text="The treated rate over the control rate.")
    lift = EffectRangeSerializer(allow_null=True, help_text="The ratio less 1.")
    homogeneity = HomogeneitySerializer(
        allow_null=True, help_text="Do the placements agree? Null unless all counts show."
    )
    after_stopping = EffectRangeSerializer(
        allow_null=True, help_text="At a planned look: the median-unbiased difference if the campaign ended there."
    )
    odds_within_days = EffectRangeSerializer(
        allow_null=True, help_text="The odds ratio by an additive logit of placement and day."
    )
    odds_within_weekdays = EffectRangeSerializer(
        allow_null=True, help_text="The odds ratio by an additive logit of placement and weekday."
    )
    by_clusters = EffectRangeSerializer(
        allow_null=True, help_text="Where a place shows one message at a time: the difference with periods as clusters."
    )


class ChanceSerializer(serializers.Serializer[Any]):
    """The posterior chance that an arm is the best, and what choosing it loses on average, as shares."""

    name = serializers.CharField()
    best = serializers.FloatField()
    loss = serializers.FloatField()


class PooledSerializer(serializers.Serializer[Any]):
    """One comparison pooled by random effects, as shares."""

    name = serializers.CharField()
    campaigns = serializers.IntegerField()
    effect = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    next_low = serializers.FloatField()
    next_high = serializers.FloatField()


class AnalysisSerializer(serializers.Serializer[Any]):
    """One recorded look. The primary outcome comes first among the estimates."""

    look = serializers.IntegerField()
    shown_look = serializers.IntegerField(
        help_text="The look whose numbers these are: an earlier one while too few people came since."
    )
    note = serializers.CharField(allow_blank=True, help_text="Why some numbers are hidden, or are those of that look.")
    made_at = serializers.DateTimeField()
    plan_fingerprint = serializers.CharField()
    outcome = serializers.CharField(help_text="The primary outcome.")
    level = serializers.FloatField()
    smallest_difference = serializers.FloatField()
    from_day = serializers.DateField(allow_null=True)
    to_day = serializers.DateField(allow_null=True)
    monitoring = serializers.ChoiceField(choices=AnalysisPlan.Monitoring.choices)
    information = serializers.FloatField(
        allow_null=True, help_text="People counted so far, as a share of those planned."
    )
    embargoed = serializers.BooleanField(help_text="Before the first planned look: the data's health only.")
    exploratory = serializers.BooleanField(help_text="A look that the plan does not hold.")
    exception = serializers.CharField(allow_blank=True, help_text="Who looked before the first planned look, and why.")
    deviations = DeviationSerializer(many=True, help_text="Also those recorded after this look.")
    sentence = serializers.CharField(help_text="The one sentence that heads the results page.")
    sample_ratio = SampleRatioSerializer()
    reach_p = serializers.FloatField(allow_null=True, help_text="Do sent messages reach the screen equally often?")
    omnibus = OmnibusSerializer(allow_null=True)
    estimates = OutcomeEstimatesSerializer(many=True)
    factorial = ContrastSerializer(many=True, help_text="Where the arms form victim x user.")
    guardrails_crossed = serializers.ListField(child=serializers.CharField())
    checks = CheckSerializer(many=True, help_text="Other methods on the same counts; no verdict rests on them.")
    chances = ChanceSerializer(many=True, help_text="Bayesian, flat priors; not a rule for stopping.")
    across_campaigns = PooledSerializer(many=True, help_text="The same questions over several campaigns.")

    def to_representation(self, instance: Analysis) -> dict[str, Any]:
        return super().to_representation(as_values(instance, early=self.context["early"]))


def as_values(analysis: Analysis, *, early: bool) -> dict[str, Any]:
    """Return a stored look as its report shows it. Pass `early=False` for users who may not look early."""
    report = build.build(analysis, early=early)
    omnibus = {
        "statistic": report.omnibus_statistic,
        "df": report.omnibus_df,
        "p_value": report.omnibus_p,
        "method": report.omnibus_method,
    }
    return {
        "look": report.look,
        "shown_look": report.shown_look,
        "note": report.note,
        "made_at": report.made_at,
        "plan_fingerprint": report.plan_fingerprint,
        "outcome": report.primary.outcome.key,
        "level": report.level,
        "smallest_difference": report.smallest_difference,
        "from_day": report.from_day,
        "to_day": report.to_day,
        "monitoring": report.monitoring,
        "information": report.information,
        "embargoed": report.embargoed,
        "exploratory": report.exploratory,
        "exception": report.exception,
        "deviations": [asdict(row) for row in report.deviations],
        "sentence": report.sentence,
        "sample_ratio": {
            "status": report.sample_ratio,
            "p_value": report.sample_ratio_p,
            "method": report.sample_ratio_method,
        },
        "reach_p": report.reach_p,
        "omnibus": None if report.omnibus_p is None else omnibus,
        "estimates": [
            {
                "outcome": block.outcome.key,
                "role": block.role,
                "smallest_difference": block.smallest_difference,
                "arms": [
                    asdict(row) | {"arm": row.key, "interval": _interval(row, report.level)} for row in block.rates
                ],
                "comparisons": [asdict(row) | {"interval": _interval(row, report.level)} for row in block.differences],
                "not_worse": [asdict(row) for row in block.not_worse],
            }
            for block in (report.primary, *report.others)
        ],
        "factorial": [asdict(row) | {"interval": _interval(row, report.level)} for row in report.factorial],
        "guardrails_crossed": list(report.guardrail_pauses),
        "checks": [asdict(row) for row in report.checks],
        "chances": [asdict(row) for row in report.chances],
        "across_campaigns": [asdict(row) for row in report.pooled],
    }


def _interval(
    row: report_rows.RateRow | report_rows.DifferenceRow | report_rows.FactorialRow, level: float
) -> dict[str, float] | None:
    return None if row.low is None or row.high is None else {"low": row.low, "high": row.high, "level": level}


def _looks(request: Request, slug: str, *, early: bool) -> QuerySet[Analysis]:
    """Return the looks that the user may read, without exceptions to the embargo unless the user may make them."""
    campaign = campaign_for(request.user, slug)
    looks = Analysis.objects.filter(embargo_filter(early), campaign=campaign)
    return looks.select_related("campaign__plan").order_by("-look")


class AnalysisList(PaginatedView[Analysis]):
    """Every recorded look at a campaign, the latest first."""

    serializer_class = AnalysisSerializer

    @ApiOperation(tag="results", response_serializer=AnalysisSerializer, many=True, error_statuses=(401, 403, 404))
    def get(self, request: Request, slug: str) -> Response:
        early = may_look_early(request.user)
        return self.paginated_response(_looks(request, slug, early=early), early=early)


class AnalysisDetail(APIView):
    """One recorded look by its number."""

    permission_classes = [HasRole]

    @ApiOperation(tag="results", response_serializer=AnalysisSerializer, error_statuses=(401, 403, 404))
    def get(self, request: Request, slug: str, look: int) -> Response:
        early = may_look_early(request.user)
        analysis = _looks(request, slug, early=early).filter(look=look).first()
        if analysis is None:
            raise exceptions.NotFound("There is no look with this number.")
        return Response(AnalysisSerializer(analysis, context={"early": early}).data)
