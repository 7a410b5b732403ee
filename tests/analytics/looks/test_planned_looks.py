"""Looks under a plan: embargo, planned looks, always-valid intervals, exceptions and the factorial."""

from datetime import date

import pytest

from analytics.comparison.compare import compare
from analytics.comparison.factorial import factorial_contrasts
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.verdict import too_few_events_reason
from analytics.looks.evaluate import NotEvaluable, evaluate
from analytics.models import Analysis, Tally
from analytics.results import build
from analytics.stats import Counts, Estimate, exact_sequence, sample_ratio, strata
from analytics.stats.sequential import confidence_sequence
from campaign.models import Campaign, ServedCount
from tests import world
from tests.analytics.stats.test_sample_ratio import answer

pytestmark = pytest.mark.slow

COUNTS = {"neutral": (5012, 1754), "victim": (4987, 1996), "user": (5020, 1841), "both": (4981, 2198)}


def running(**plan: object) -> Campaign:
    campaign = world.launched(plan=plan)
    world.tally(campaign, COUNTS)
    return campaign


def grow(campaign: Campaign, factor: int) -> None:
    for row in Tally.objects.filter(arm__campaign=campaign):
        Tally.objects.filter(pk=row.pk).update(count=row.count * factor)


@pytest.mark.django_db
class TestEmbargo:
    def test_before_the_first_planned_look_only_health_is_recorded(self) -> None:
        analysis = evaluate(running(planned_per_arm=100_000), now=world.NOON)
        assert (analysis.embargoed, analysis.sample_ratio, analysis.omnibus_p) == (True, "ok", None)
        assert set(analysis.estimates.values_list("kind", "events", "effect")) == {("rate", None, None)}
        report = build.build(analysis)
        assert "too early" in report.sentence
        assert report.people == 20_000
        assert report.primary.differences == ()

    def test_an_exception_is_on_the_record_and_exploratory(self) -> None:
        analysis = evaluate(running(planned_per_arm=100_000), now=world.NOON, embargo_exception="Ana: a funder asked.")
        assert (analysis.embargoed, analysis.exploratory, analysis.exception) == (False, True, "Ana: a funder asked.")
        assert analysis.estimates.filter(kind="difference").exists()

    def test_an_exception_that_its_column_cannot_hold_is_refused_in_words(self) -> None:
        with pytest.raises(NotEvaluable, match="300 characters"):
            evaluate(running(planned_per_arm=100_000), now=world.NOON, embargo_exception="x" * 301)

    def test_at_the_first_planned_look_the_estimates_show(self) -> None:
        analysis = evaluate(running(planned_per_arm=5000, monitoring="always-valid", looks=[0.5, 1]), now=world.NOON)
        assert (analysis.embargoed, analysis.exploratory) == (False, False)


@pytest.mark.django_db
class TestLooks:
    def test_a_fixed_plan_has_one_look_and_any_other_is_exploratory(self) -> None:
        campaign = running()
        assert [evaluate(campaign, now=world.NOON).exploratory for _ in range(3)] == [False, True, True]

    def test_a_fixed_plan_tests_its_split_by_chi_square_at_its_one_look_alone(self) -> None:
        """Daily looks before it, and looks after it, allow for being many."""
        campaign = running(planned_per_arm=100_000)
        embargoed, early = (
            evaluate(campaign, now=world.NOON),
            evaluate(campaign, now=world.NOON, embargo_exception="Ana."),
        )
        grow(campaign, 20)
        planned, later = evaluate(campaign, now=world.NOON), evaluate(campaign, now=world.NOON)
        seen = [n for n, _ in COUNTS.values()]
        many = answer(sample_ratio.always_valid(seen, [1] * 4)).p_value
        once = answer(sample_ratio.goodness_of_fit([20 * n for n in seen], [1] * 4)).p_value
        many_more = answer(sample_ratio.always_valid([20 * n for n in seen], [1] * 4)).p_value
        assert [a.sample_ratio_p for a in (embargoed, early, planned, later)] == [many, many, once, many_more]

    def test_an_always_valid_plan_may_be_looked_at_whenever_one_likes(self) -> None:
        campaign = running(monitoring="always-valid", planned_per_arm=5000)
        assert [evaluate(campaign, now=world.NOON).exploratory for _ in range(3)] == [False, False, False]

    def test_a_group_sequential_plan_has_one_look_at_each_point(self) -> None:
        campaign = running(monitoring="group-sequential", planned_per_arm=10_000, looks=[0.5, 1])
        found = [evaluate(campaign, now=world.NOON).exploratory, evaluate(campaign, now=world.NOON).exploratory]
        grow(campaign, 2)
        found.append(evaluate(campaign, now=world.NOON).exploratory)
        assert found == [False, True, False]
        assert list(Analysis.objects.order_by("look").values_list("information", flat=True)) == [0.5, 0.5, 1.0]

    @pytest.mark.slow
    def test_intervals_that_hold_at_every_look_are_wider(self) -> None:
        widths = []
        for number, monitoring in enumerate(("fixed", "group-sequential", "always-valid")):
            campaign = world.launched(
                f"c{number}",
                at=world.placement(f"p{number}"),
                plan={"monitoring": monitoring, "planned_per_arm": 10_000, "looks": [0.5, 1]},
            )
            world.tally(campaign, COUNTS)
            analysis = evaluate(campaign, now=world.NOON, embargo_exception="test" if monitoring == "fixed" else "")
            row = analysis.estimates.filter(kind="difference", outcome="turned_back").first()
            assert row is not None
            assert row.low is not None
            assert row.high is not None
            widths.append(row.high - row.low)
        assert widths == sorted(widths)
        # O'Brien-Fleming at half: z 2.963 (Lan-DeMets, two looks, alpha 0.05) against 1.960.
        assert widths[1] / widths[0] == pytest.approx(2.963 / 1.960, rel=0.01)

    def test_with_unequal_shares_the_only_look_comes_with_the_planned_people_in_all(self) -> None:
        campaign = world.launched(arms={"neutral": 1, "law": 3, "unseen": 0}, plan={"planned_per_arm": 2_088})
        world.tally(campaign, {"neutral": (1_043, 470), "law": (3_132, 1_560)})
        assert evaluate(campaign, now=world.NOON).embargoed  # one of 4,176 is missing
        Tally.objects.filter(arm__key="neutral", outcome="exposed").update(count=1_044)
        look = evaluate(campaign, now=world.NOON)
        assert (look.information, look.embargoed, look.exploratory) == (1.0, False, False)

    def test_an_outcome_beside_the_plan_is_marked_exploratory(self) -> None:
        analysis = evaluate(running(), now=world.NOON, extra_outcomes=["help_self", "annoyed"])
        roles = dict(analysis.estimates.values_list("outcome", "role"))
        assert roles == {"turned_back": "primary", "annoyed": "guardrail", "help_self": "exploratory"}

    def test_an_unknown_outcome_is_refused(self) -> None:
        with pytest.raises(NotEvaluable, match="catalogue"):
            evaluate(running(), now=world.NOON, extra_outcomes=["purchases"])


@pytest.mark.django_db
class TestEstimators:
    def test_a_plan_with_strata_compares_within_placements(self) -> None:
        analysis = evaluate(running(strata="placement"), now=world.NOON)
        row = analysis.estimates.filter(kind="difference", outcome="turned_back").first()
        assert row is not None
        assert "mantel-haenszel" in row.method

    def test_the_design_effect_of_strata_is_told_for_the_next_plan(self) -> None:
        campaign = world.launched(plan={"strata": "placement"}, places=["second"])
        world.tally(campaign, {key: (n, n // 20) for key, (n, _) in COUNTS.items()})
        other = campaign.placements.order_by("pk")[1]
        for arm in campaign.arms.all():
            common = {"day": date(2026, 3, 1), "arm": arm, "placement": other, "locale": "en"}
            Tally.objects.create(**common, outcome="exposed", count=5_000)
            Tally.objects.create(**common, outcome="turned_back", count=3_000)
            ServedCount.objects.create(**common, count=5_000)
        report = build.build(evaluate(campaign, now=world.NOON))
        # Placements of 5% and 60%: 34% of the variance lies between them, and cancels.
        assert "took 0.66 times as many people" in report.design_effect_sentence

    def test_a_plan_with_clusters_needs_more_than_one(self) -> None:
        analysis = evaluate(running(clusters="placement-day"), now=world.NOON)
        row = analysis.estimates.filter(kind="difference", outcome="turned_back").first()
        assert row is not None
        assert (row.effect, row.verdict) == (None, "cannot-tell-yet")
        assert row.reason

    def test_placement_days_that_saw_both_messages_are_compared_within_themselves(self) -> None:
        campaign = world.launched(plan={"clusters": "placement-day", "planned_per_arm": 1000})
        for day, base in enumerate((100, 250, 330, 180), start=1):
            for arm, more in (("neutral", 0), ("victim", 31 + day), ("user", 2 * day), ("both", 40 - 3 * day)):
                rows = {"day": date(2026, 3, day), "arm": campaign.arms.get(key=arm), "locale": "en"}
                rows["placement"] = campaign.placements.get()
                Tally.objects.create(**rows, outcome="exposed", count=500)
                Tally.objects.create(**rows, outcome="turned_back", count=base + more)
                ServedCount.objects.create(**rows, count=500)
        analysis = evaluate(campaign, now=world.NOON)
        row = analysis.estimates.get(kind="difference", outcome="turned_back", treated__key="victim", position=0)
        # By hand: 32, 33, 34 and 35 more of 500, mean 33.5/500, error sqrt(sum of squares 5/3 / 4) / 500, t with 3.
        assert row.effect == pytest.approx(33.5 / 500)
        assert row.low is not None
        assert row.high is not None
        assert (row.high - row.low) / 2 == pytest.approx(3.182446 * (5 / 3 / 4) ** 0.5 / 500)
        assert (row.method, row.verdict) == ("cr2", "better")
        rate = analysis.estimates.get(kind="rate", outcome="turned_back", treated__key="victim")
        assert rate.method == "wilson, clustered"
        told = build.build(analysis)
        assert (told.omnibus_p, told.chances, told.pooled) == (None, (), ())
        assert {check.exact_p for check in told.checks} == {None}
        assert not any("Compared within" in row.sentence for row in told.primary.differences)
        assert {row.term for row in told.factorial} == {"victim", "user", "interaction", "both-minus-victim"}

    def test_four_arms_that_form_the_factorial_are_analysed_as_one(self) -> None:
        told = build.build(evaluate(running(), now=world.NOON))
        found = {row.term: row for row in told.factorial}
        # By hand: victim ((.4002 - .3500) + (.4413 - .3667)) / 2; interaction the difference of the two brackets.
        rates = {row.key: row.rate or 0.0 for row in told.primary.rates}
        victim = (rates["victim"] - rates["neutral"] + rates["both"] - rates["user"]) / 2
        interaction = rates["both"] - rates["user"] - rates["victim"] + rates["neutral"]
        assert found["victim"].effect == pytest.approx(victim)
        assert found["interaction"].effect == pytest.approx(interaction)
        assert found["victim"].verdict == "better"
        assert "cannot tell yet" in found["interaction"].sentence

    def test_other_arms_are_no_factorial(self) -> None:
        campaign = world.launched(arms={"neutral": 1, "law": 1})
        world.tally(campaign, {"neutral": (500, 100), "law": (500, 120)})
        assert build.build(evaluate(campaign, now=world.NOON)).factorial == ()


RARE = {"a": Counts(100_000, 3), "b": Counts(100_000, 40)}


@pytest.mark.parametrize("monitoring", ["always-valid", "group-sequential"])
def test_a_verdict_on_a_rare_outcome_has_an_exact_interval_that_holds_at_every_look(monitoring: str) -> None:
    rules = Rules(monitoring=monitoring, planned_per_arm=100_000, looks=(0.5,))  # type: ignore[arg-type]
    (row,) = compare([ArmCounts(key, counts) for key, counts in RARE.items()], [("b", "a")], rules).comparisons
    assert (row.verdict, row.hold_reason) == ("better", "")
    assert row.estimate == exact_sequence.difference(treated=RARE["b"], control=RARE["a"])


def test_a_verdict_on_a_rare_outcome_over_strata_has_one_too() -> None:
    parts = {"a": (Counts(60_000, 2), Counts(40_000, 1)), "b": (Counts(61_000, 24), Counts(39_000, 16))}
    arms = [ArmCounts(key, one + other, strata={"p": one, "q": other}) for key, (one, other) in parts.items()]
    rules = Rules(monitoring="always-valid", planned_per_arm=100_000, stratified=True)
    (row,) = compare(arms, [("b", "a")], rules).comparisons
    tables = [strata.Stratum(treated, control) for control, treated in zip(*parts.values(), strict=True)]
    assert row.estimate == exact_sequence.stratified_difference(tables)
    assert (row.verdict, row.hold_reason) == ("better", "")


def test_a_contrast_of_a_rare_outcome_has_one_too() -> None:
    counts = {"neutral": RARE["a"], "victim": RARE["b"], "user": Counts(99_000, 5), "both": Counts(98_000, 44)}
    arms = {frame: ArmCounts(frame, each) for frame, each in counts.items()}
    rules = Rules(monitoring="always-valid", planned_per_arm=100_000)
    found = {term.name: term for term in factorial_contrasts(**arms, rules=rules, withheld=False)}
    assert found["victim"].estimate == exact_sequence.contrast(list(counts.values()), (-0.5, 0.5, -0.5, 0.5))
    assert (found["victim"].verdict, found["victim"].hold_reason) == ("better", "")
    assert found["interaction"].verdict == "cannot-tell-yet"


def test_a_verdict_over_clusters_that_must_hold_at_every_look_waits_for_events() -> None:
    rare = [ArmCounts(key, counts, clusters={"p": counts, "q": counts}) for key, counts in RARE.items()]
    rules = Rules(monitoring="always-valid", planned_per_arm=100_000, clusters="crossed")
    (row,) = compare(rare, [("b", "a")], rules).comparisons
    assert row.verdict == "cannot-tell-yet"
    assert "10 people" in row.hold_reason
    assert too_few_events_reason([arm.counts for arm in rare], Rules()) == ""


def test_an_always_valid_interval_is_narrowest_at_the_planned_people_of_its_pair() -> None:
    """A pair of 1:3 has all the people of the plan, whatever a third arm of weight 0 has."""
    arms = [
        ArmCounts("a", Counts(1_000, 400), 1),
        ArmCounts("b", Counts(3_000, 1_300), 3),
        ArmCounts("c", Counts(0, 0), 0),
    ]
    rules = Rules(monitoring="always-valid", planned_per_arm=4_000)
    (row,) = compare(arms, [("b", "a")], rules).comparisons
    expected = confidence_sequence(treated=Counts(3_000, 1_300), control=Counts(1_000, 400), n_planned=8_000)
    assert isinstance(row.estimate, Estimate)
    assert isinstance(expected, Estimate)
    found, wanted = row.estimate.interval, expected.interval
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))


def test_a_broken_split_is_seen_under_every_monitoring() -> None:
    arms = [ArmCounts("a", Counts(10_000, 100)), ArmCounts("b", Counts(12_000, 100))]
    for rules in (Rules(), Rules(monitoring="always-valid", planned_per_arm=10_000)):
        assert compare(arms, [("b", "a")], rules).withheld


def test_a_paused_arm_stands_outside_the_split() -> None:
    arms = [ArmCounts("a", Counts(10_000, 500)), ArmCounts("b", Counts(10_000, 500))]
    assert not compare([*arms, ArmCounts("c", Counts(2_000, 90), was_paused=True)], [("c", "a")], Rules()).withheld
    assert compare([*arms, ArmCounts("c", Counts(2_000, 90))], [("c", "a")], Rules()).withheld


def test_equal_sums_have_no_interaction() -> None:
    cells = {"neutral": 4000, "victim": 4500, "user": 4300, "both": 4800}
    arms = {key: ArmCounts(key, Counts(100_000, events)) for key, events in cells.items()}
    terms = {
        term.name: term for term in factorial_contrasts(**arms, rules=Rules(smallest_difference=0.01), withheld=False)
    }
    assert isinstance(terms["interaction"].estimate, Estimate)
    assert terms["interaction"].estimate.effect == pytest.approx(0.0, abs=1e-12)
    assert terms["interaction"].verdict == "no-meaningful-difference"
