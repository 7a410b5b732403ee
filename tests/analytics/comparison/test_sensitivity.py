"""Cross-checks of a look, ratings in a plan, Dunnett's correction, and pooling over campaigns."""

import numpy as np
import pytest
from django.test import Client
from scipy.stats import brunnermunzel, fisher_exact

from analytics.comparison.compare import compare
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.relative_effects import Range
from analytics.comparison.sensitivity import run_cross_checks
from analytics.looks.evaluate import evaluate
from analytics.models import Estimate
from analytics.results import build
from analytics.stats import Counts, Levels, multiplicity, proportions, strata
from analytics.stats import Estimate as Estimated
from tests import world

COUNTS = {"neutral": (500, 175), "victim": (498, 199), "user": (502, 184), "both": (498, 240)}
RATINGS = {
    "neutral": (90, 60, 40, 30, 20),
    "victim": (60, 60, 60, 40, 30),
    "user": (80, 60, 50, 30, 20),
    "both": (30, 40, 60, 70, 60),
}
ARMS = [ArmCounts(key, Counts(*counts)) for key, counts in COUNTS.items()]


def answers(counts: tuple[int, ...]) -> list[int]:
    return [value for value, count in enumerate(counts, start=1) for _ in range(count)]


class TestChecks:
    def test_the_exact_p_is_scipys(self) -> None:
        (pair,) = run_cross_checks(ARMS, [("both", "neutral")], Rules()).pairs
        # scipy 1.17: fisher_exact([[240, 258], [175, 325]]), called here.
        assert pair.exact_p == pytest.approx(fisher_exact(np.array([[240, 258], [175, 325]])).pvalue, rel=1e-6)

    def test_the_tipping_point_turns_the_answer_and_one_fewer_does_not(self) -> None:
        (pair,) = run_cross_checks(ARMS, [("both", "neutral")], Rules()).pairs
        assert pair.was_significant
        assert pair.tips_at is not None
        for fewer, significant in ((pair.tips_at, False), (pair.tips_at - 1, True)):
            arms = [ArmCounts("both", Counts(498, 240 - fewer)), ARMS[0]]
            estimate = compare(arms, [("both", "neutral")], Rules()).comparisons[0].estimate
            assert isinstance(estimate, Estimated)
            assert estimate.p_value is not None
            assert (estimate.p_value < 0.05) == significant

    def test_the_ratio_and_the_lift_have_koopmans_interval(self) -> None:
        # Fagerland, Lydersen and Laake 2017, chapter 4: 7 of 34 against 1 of 34 is 7.0 (1.2209 to 42.5757).
        (pair,) = run_cross_checks(
            [ArmCounts("a", Counts(34, 7)), ArmCounts("b", Counts(34, 1))], [("a", "b")], Rules()
        ).pairs
        assert pair.ratio is not None
        assert (pair.ratio.effect, pair.ratio.low, pair.ratio.high) == pytest.approx((7.0, 1.2209, 42.5757), abs=5e-5)
        assert pair.lift == Range(6.0, pair.ratio.low - 1, (pair.ratio.high or 0) - 1)
        assert (pair.homogeneity, pair.after_stopping) == (None, None)

    def test_a_ratio_to_nobody_is_open_above(self) -> None:
        arms = [ArmCounts("a", Counts(50, 4)), ArmCounts("b", Counts(50, 0))]
        there, back = run_cross_checks(arms, [("a", "b"), ("b", "a")], Rules()).pairs
        assert there.ratio is not None
        assert (there.ratio.effect, round(there.ratio.low, 3), there.ratio.high) == (None, 1.083, None)
        assert back.ratio is not None
        assert (back.ratio.effect, back.ratio.low) == (0.0, 0.0)

    @pytest.mark.parametrize("rules", [Rules(), Rules(stratified=True)])
    def test_strata_say_whether_they_agree(self, rules: Rules) -> None:
        # Breslow and Day 1980, chapter 4, oesophageal cancer by age: R's metafor prints 9.2993 as rma.mh(...)$TA.
        heavy = [(10, 1), (30, 4), (54, 25), (69, 42), (37, 19), (5, 5)]
        others = [(106, 0), (169, 5), (159, 21), (173, 34), (124, 36), (39, 8)]
        arms = [
            ArmCounts(
                key,
                Counts(sum(n for n, _ in rows), sum(x for _, x in rows)),
                strata={name: Counts(*row) for name, row in zip("abcdef", rows, strict=True)},
            )
            for key, rows in (("heavy", heavy), ("others", others))
        ]
        (pair,) = run_cross_checks(arms, [("heavy", "others")], rules).pairs
        assert pair.homogeneity is not None
        assert (round(pair.homogeneity.statistic, 4), pair.homogeneity.df) == (9.2993, 5)
        assert round(pair.homogeneity.p_value, 4) == 0.0977
        tables = [
            strata.Stratum(treated=Counts(*one), control=Counts(*other))
            for one, other in zip(heavy, others, strict=True)
        ]
        plain = proportions.ratio(treated=arms[0].counts, control=arms[1].counts)
        expected = strata.ratio(tables) if rules.stratified else plain
        assert isinstance(expected, Estimated)
        assert pair.ratio == Range(expected.effect, expected.interval.low, expected.interval.high)

    def test_a_planned_look_says_how_large_the_difference_is_if_it_ended_there(self) -> None:
        rules = Rules(monitoring="group-sequential", planned_per_arm=600, looks=(0.4, 0.83))
        (pair,) = run_cross_checks(ARMS, [("both", "neutral")], rules).pairs
        (row,) = compare(ARMS, [("both", "neutral")], rules).comparisons
        assert isinstance(row.estimate, Estimated)
        assert pair.after_stopping is not None
        assert pair.after_stopping.effect is not None
        assert 0.0 < pair.after_stopping.effect < row.estimate.effect

    def test_the_odds_within_days_allow_for_days_of_one_arm(self) -> None:
        # By hand: the odds ratio is 2.25 on each day, and thrown together (270 * 270) / (730 * 730) = 0.14.
        first = {("", "2026-03-02"): Counts(900, 180), ("", "2026-03-03"): Counts(100, 90)}
        second = {("", "2026-03-02"): Counts(100, 10), ("", "2026-03-03"): Counts(900, 720)}
        arms = [ArmCounts("a", Counts(1000, 270), cells=first), ArmCounts("b", Counts(1000, 730), cells=second)]
        (pair,) = run_cross_checks(arms, [("a", "b")], Rules()).pairs
        for found in (pair.odds_within_days, pair.odds_within_weekdays):
            assert found is not None
            assert found.effect == pytest.approx(2.25)
        (pair,) = run_cross_checks(arms, [("a", "b")], Rules(clusters="crossed")).pairs
        assert pair.odds_within_days is None

    def test_days_that_are_no_dates_have_no_weekdays(self) -> None:
        cells = {("", "1"): Counts(100, 30), ("", "2"): Counts(100, 40)}
        arms = [ArmCounts(key, Counts(200, 70), cells=cells) for key in "ab"]
        (pair,) = run_cross_checks(arms, [("a", "b")], Rules()).pairs
        assert pair.odds_within_days is not None
        assert pair.odds_within_days.effect == pytest.approx(1.0)
        assert pair.odds_within_weekdays is None

    def test_chances_to_be_best_add_up_and_turn_round_for_a_bad_outcome(self) -> None:
        good, bad = (run_cross_checks(ARMS, [], Rules(better=each)).arms for each in ("higher", "lower"))
        assert sum(arm.best for arm in good) == pytest.approx(1.0)
        assert max(good, key=lambda arm: arm.best).arm == "both"
        assert max(bad, key=lambda arm: arm.best).arm == "neutral"

    def test_leaving_out_a_placement_shows_the_two_extremes(self) -> None:
        arms = [
            ArmCounts("a", Counts(300, 150), strata={"x": Counts(100, 60), "y": Counts(100, 50), "z": Counts(100, 40)}),
            ArmCounts("b", Counts(300, 120), strata={"x": Counts(100, 40), "y": Counts(100, 40), "z": Counts(100, 40)}),
        ]
        (pair,) = run_cross_checks(arms, [("a", "b")], Rules()).pairs
        assert pair.lowest is not None
        assert pair.highest is not None
        # By hand: differences 0.2, 0.1, 0; without x (0.1 + 0) / 2, without z (0.2 + 0.1) / 2.
        assert (pair.lowest.stratum, pair.highest.stratum) == ("x", "z")
        assert (pair.lowest.effect, pair.highest.effect) == pytest.approx((0.05, 0.15))


class TestDunnett:
    def test_the_intervals_are_simultaneous(self) -> None:
        pairs = [(key, "neutral") for key in ("victim", "user", "both")]
        found = compare(ARMS, pairs, Rules(correction="dunnett")).comparisons
        alone = multiplicity.dunnett([arm.counts for arm in ARMS[1:]], control=ARMS[0].counts)
        assert [row.estimate for row in found] == alone
        assert [row.verdict for row in found] == ["cannot-tell-yet", "cannot-tell-yet", "better"]

    @pytest.mark.parametrize("other", [{"monitoring": "always-valid", "planned_per_arm": 9}, {"stratified": True}])
    def test_it_is_for_one_look_at_plain_counts(self, other: dict[str, object]) -> None:
        with pytest.raises(ValueError, match="one look"):
            Rules(correction="dunnett", **other)  # type: ignore[arg-type]

    @pytest.mark.django_db
    def test_a_plan_can_ask_for_it(self) -> None:
        pairs = [[key, "neutral"] for key in ("victim", "user", "both")]
        campaign = world.launched(pairs=pairs, plan={"correction": "dunnett"})
        world.tally(campaign, COUNTS)
        found = evaluate(campaign, now=world.NOON).estimates.filter(kind="difference", outcome="turned_back")
        assert {row.p_value == row.p_adjusted for row in found} == {True}


@pytest.mark.django_db
class TestRatings:
    def test_a_rating_can_be_the_primary_outcome(self) -> None:
        campaign = world.launched(outcome="rating", plan={"smallest_difference": 0.05})
        world.tally(campaign, COUNTS)
        world.add_ratings(campaign, RATINGS)
        analysis = evaluate(campaign, now=world.NOON)
        row = analysis.estimates.get(outcome="rating", kind="difference", treated__key="both", control__key="neutral")
        theirs = brunnermunzel(answers(RATINGS["both"]), answers(RATINGS["neutral"]))
        # scipy 1.17: brunnermunzel(both, neutral).pvalue, called here; the chance counted over all pairs.
        higher = sum((a > b) + (a == b) / 2 for a in answers(RATINGS["both"]) for b in answers(RATINGS["neutral"]))
        assert row.effect == pytest.approx(higher / (260 * 240) - 0.5)
        assert row.p_value == pytest.approx(theirs.pvalue, rel=1e-6)
        assert row.verdict == "better"
        assert not analysis.estimates.filter(kind=Estimate.Kind.FACTORIAL).exists()
        told = build.build(analysis)
        assert "of 100 pairs" in told.sentence
        assert told.primary.rates[0].events == 240
        assert told.primary.rates[0].rate == pytest.approx(sum(answers(RATINGS["neutral"])) / 240)

    def test_a_rating_that_must_hold_at_every_look_waits_for_enough_answers(self) -> None:
        given = {"a": Levels([0, 1, 0, 1, 28]), "b": Levels([28, 1, 0, 1, 0])}
        arms = [ArmCounts(key, Counts(99, 30), levels=levels) for key, levels in given.items()]
        rules = Rules(ordered=True, monitoring="always-valid", planned_per_arm=1000)
        (row,) = compare(arms, [("a", "b")], rules).comparisons
        assert (row.verdict, "50 answers" in row.hold_reason) == ("cannot-tell-yet", True)

    def test_the_page_shows_means_and_pairs(self, client: Client) -> None:
        campaign = world.launched(outcome="rating")
        world.tally(campaign, COUNTS)
        world.add_ratings(campaign, RATINGS)
        evaluate(campaign, now=world.NOON)
        world.sign_in(client, world.person("ana", "analyst"))
        page = client.get("/campaigns/pilot/results/").content.decode()
        assert "of 100 pairs" in page
        assert "3.35" in page  # by hand: (30 + 80 + 180 + 280 + 300) / 260 = 3.346


@pytest.mark.django_db
class TestPooled:
    def test_one_campaign_is_not_pooled(self) -> None:
        campaign = world.launched()
        world.tally(campaign, COUNTS)
        assert build.build(evaluate(campaign, now=world.NOON)).pooled == ()

    @pytest.mark.slow
    def test_the_same_question_in_two_campaigns_is(self) -> None:
        for slug in ("pilot", "second"):
            campaign = world.launched(slug, at=world.placement(slug))
            world.tally(campaign, COUNTS)
            analysis = evaluate(campaign, now=world.NOON)
        rows = {row.name: row for row in build.build(analysis).pooled}
        # Twice the same campaign: the plain difference, by hand 240/498 - 175/500.
        both = rows["Both harms, against the neutral text"]
        assert both.campaigns == 2
        assert both.effect == pytest.approx(240 / 498 - 175 / 500)
        assert both.low < both.effect < both.high

    @pytest.mark.slow
    def test_a_broken_split_or_an_embargoed_campaign_is_left_out(self) -> None:
        broken = COUNTS | {"both": (50, 40)}
        for slug, counts, planned in (("pilot", COUNTS, 100), ("broken", broken, 100), ("early", COUNTS, 10**6)):
            campaign = world.launched(slug, at=world.placement(slug), plan={"planned_per_arm": planned})
            world.tally(campaign, counts)
            evaluate(campaign, now=world.NOON)
        first = type(campaign).objects.get(slug="pilot")
        assert build.build(evaluate(first, now=world.NOON)).pooled == ()

    @pytest.mark.slow
    @pytest.mark.parametrize("plan", [{"strata": "placement"}, {"clusters": "placement-day"}])
    def test_a_campaign_of_strata_or_clusters_is_left_out(self, plan: dict[str, object]) -> None:
        for slug, more in (("pilot", {}), ("grouped", plan)):
            campaign = world.launched(slug, at=world.placement(slug), plan={"planned_per_arm": 100} | more)
            world.tally(campaign, COUNTS)
            assert build.build(evaluate(campaign, now=world.NOON)).pooled == ()
        first = type(campaign).objects.get(slug="pilot")
        assert build.build(evaluate(first, now=world.NOON)).pooled == ()


def test_every_check_is_told_in_the_report() -> None:
    from analytics.wording import tipping_sentence

    assert "1 person had" in tipping_sentence(1, was_significant=True)
    assert "no longer" not in tipping_sentence(3, was_significant=False)
    assert "No change" in tipping_sentence(None, was_significant=True)
