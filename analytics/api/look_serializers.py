"""Serializers of a look for the staff API. They use the terms of `manage.py analyse --json`."""

from typing import Any

from rest_framework import serializers

from analytics.models import Analysis, Estimate
from campaign.api.views import DeviationSerializer
from campaign.models import AnalysisPlan, PlannedOutcome
from messages.models import Frame


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


class KindDetailsSerializer(serializers.Serializer[Any]):
    """How texts of a kind were compared, how they differ, and what would help. Shares; null where not known."""

    design = serializers.ChoiceField(choices=["matched", "nested"])
    texts = serializers.IntegerField(help_text="Texts of the treated arm; with matched sets, sets.")
    control_texts = serializers.IntegerField()
    decided_by = serializers.ChoiceField(
        choices=["t", "sign-flip", "welch", "banerjee"],
        help_text="The test that p_value is of; “banerjee” where the arms have unequal numbers of texts.",
    )
    weight = serializers.FloatField(help_text="This answer’s share of the error of all looks.")
    sign_flip_p = serializers.FloatField(allow_null=True)
    smallest_sign_flip_p = serializers.FloatField(allow_null=True, help_text="The smallest that so many sets can give.")
    spread = serializers.FloatField(
        allow_null=True, help_text="Standard deviation between sets’ differences, or between texts of one arm."
    )
    spread_low = serializers.FloatField(allow_null=True)
    spread_high = serializers.FloatField(allow_null=True)
    next_low = serializers.FloatField(allow_null=True, help_text="Where the difference in one more set would begin.")
    next_high = serializers.FloatField(allow_null=True)
    helps = serializers.ChoiceField(choices=["people", "texts", "both", "neither"], allow_blank=True)
    people_factor = serializers.FloatField(
        allow_null=True, help_text="How many times the people of now would tell, with these texts."
    )
    more_texts = serializers.IntegerField(
        allow_null=True, help_text="How many texts would tell, each with as many people as now."
    )


class KindSerializer(ComparisonSerializer):
    """The same comparison for texts of this kind, of which those shown are a sample. Its sentence gives both."""

    differing = serializers.CharField(allow_blank=True)
    details = KindDetailsSerializer(allow_null=True)


class TextResultSerializer(serializers.Serializer[Any]):
    """One text of an arm, drawn towards the others of its arm. `next` is where one more like them would lie."""

    arm = serializers.CharField()
    text = serializers.CharField()
    n = serializers.IntegerField(allow_null=True)
    events = serializers.IntegerField(allow_null=True)
    rate = serializers.FloatField(allow_null=True)
    interval = IntervalSerializer(allow_null=True)


class OutcomeEstimatesSerializer(serializers.Serializer[Any]):
    outcome = serializers.CharField()
    role = serializers.ChoiceField(choices=[*PlannedOutcome.Role.choices, ("exploratory", "Exploratory")])
    smallest_difference = serializers.FloatField(allow_null=True, help_text="As a share; less would change nothing.")
    arms = ArmRateSerializer(many=True)
    comparisons = ComparisonSerializer(many=True)
    not_worse = NotWorseSerializer(many=True, help_text="Of a guardrail with a margin.")
    kinds = KindSerializer(
        many=True, help_text="Where arms have several texts: what holds for texts of their kind. The verdict is theirs."
    )
    texts = TextResultSerializer(many=True, help_text="Each text, if all counts by text may be shown.")


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
        allow_blank=True,
        help_text="What p is of: pearson, exact or always-valid; texts: of the texts of an arm, without p. Empty: not "
        "on record.",
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


class LookSerializer(serializers.Serializer[Any]):
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
    factorial_kinds = ContrastSerializer(many=True, help_text="The same for texts of their kind.")
    guardrails_crossed = serializers.ListField(child=serializers.CharField())
    checks = CheckSerializer(many=True, help_text="Other methods on the same counts; no verdict rests on them.")
    chances = ChanceSerializer(many=True, help_text="Bayesian, flat priors; not a rule for stopping.")
    across_campaigns = PooledSerializer(many=True, help_text="The same questions over several campaigns.")
