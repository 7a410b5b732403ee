"""A look at a campaign whose arms have several texts answers for these texts, and for texts of their kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.comparison.text_mixes import MIXED_TEXTS
from analytics.data_quality.hourly_check import check_data_quality
from analytics.disclosure import gate
from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, Estimate, Release
from analytics.results import build
from analytics.stats.texts import matched, nested
from analytics.stats.texts.values import text_means
from analytics.stats.values import Counts
from campaign.lifecycle import arm_pauses
from campaign.models import Campaign
from messages.roles import MANAGER
from tests import world
from tests.analytics.stats.estimates import estimate_of

pytestmark = pytest.mark.django_db
ARMS = {"neutral": 1, "victim": 1}
# Four sets, 8, 5, 6 and 9 points apart.
NEUTRAL = [(1000, 400), (1000, 450), (1000, 380), (1000, 480)]
VICTIM = [(1000, 480), (1000, 500), (1000, 440), (1000, 570)]
TextCounts = Mapping[str, Sequence[tuple[int, int]]]


def launched(design: str = "matched", *, texts: int = 4, arms: Mapping[str, int] = ARMS, **plan: Any) -> Campaign:
    return world.launched(
        arms=arms,
        texts=texts,
        design=design,
        plan={"planned_per_arm": 4000, "correction": "none", "smallest_difference": 0.01, **plan},
    )


def looked(design: str = "matched", counts: TextCounts | None = None, **plan: Any) -> Analysis:
    campaign = launched(design, **plan)
    world.tally_texts(campaign, counts or {"neutral": NEUTRAL, "victim": VICTIM})
    return evaluate(campaign, now=world.NOON)


def of_kind(analysis: Analysis) -> Estimate:
    return analysis.estimates.get(kind="difference", about="kind", outcome="turned_back")


class TestAfterATextWasStopped:
    """Sets differ in what their texts have in common, so an arm that lost one of them differs by that."""

    def these(self, *stops: tuple[str, int], design: str = "matched") -> tuple[Estimate, Estimate]:
        campaign = launched(design)
        for key, position in stops:
            text = campaign.arms.get(key=key).texts.get(position=position)
            arm_pauses.stop_text(text, reason="It frightens.", now=world.NOON, by=world.person("mara", MANAGER))
        world.tally_texts(campaign, {"neutral": NEUTRAL, "victim": VICTIM})
        analysis = evaluate(campaign, now=world.NOON)
        return analysis.estimates.get(kind="difference", about="these", outcome="turned_back"), of_kind(analysis)

    def test_people_alone_do_not_compare_an_arm_that_lost_it_with_one_that_did_not(self) -> None:
        these, kind = self.these(("victim", 0))
        assert (these.verdict, these.reason) == ("cannot-tell-yet", MIXED_TEXTS.reason)
        assert (these.low is not None and these.low > 0, these.more_per_arm) == (True, None)
        assert kind.verdict == "better"

    def test_nor_where_each_arm_has_texts_of_its_own(self) -> None:
        assert self.these(("neutral", 2), design="nested")[0].verdict == "cannot-tell-yet"

    def test_they_do_if_the_whole_set_was_stopped_on_one_day(self) -> None:
        these, kind = self.these(("victim", 0), ("neutral", 0))
        assert (these.verdict, these.reason, kind.verdict) == ("better", "", "better")


class TestTheSecondAnswer:
    def test_of_matched_sets_is_that_of_their_differences(self) -> None:
        row, arms = of_kind(looked()), text_means([[Counts(*c) for c in arm] for arm in (VICTIM, NEUTRAL)])
        assert isinstance(arms, tuple)
        found = estimate_of(matched.difference(treated=arms[0], control=arms[1]))
        assert (row.effect, row.low, row.high) == pytest.approx((found.effect, found.interval.low, found.interval.high))
        assert row.verdict == "better"
        assert row.texts is not None
        assert (row.texts["design"], row.texts["texts"], row.texts["decided_by"]) == ("matched", 4, "t")
        assert row.texts["smallest_sign_flip_p"] == 0.125

    def test_of_texts_of_their_own_is_that_of_text_means(self) -> None:
        row, arms = of_kind(looked("different")), text_means([[Counts(*c) for c in arm] for arm in (VICTIM, NEUTRAL)])
        assert isinstance(arms, tuple)
        found = estimate_of(nested.difference(treated=arms[0], control=arms[1]))
        assert (row.effect, row.low, row.high) == pytest.approx((found.effect, found.interval.low, found.interval.high))
        assert row.verdict == "cannot-tell-yet"

    def test_stands_beside_that_of_people_which_calls_what_it_does_not(self) -> None:
        analysis = looked("different")
        these = analysis.estimates.get(kind="difference", about="these", outcome="turned_back")
        assert (these.verdict, of_kind(analysis).verdict) == ("better", "cannot-tell-yet")

    def test_says_whether_more_people_or_more_texts_would_help(self) -> None:
        details = of_kind(looked("different")).texts
        assert details is not None
        assert (details["helps"], details["people_factor"], details["more_texts"]) == ("texts", None, 6)
        assert details["spread_low"] < details["spread"] < details["spread_high"]

    def test_is_never_surer_than_that_of_people(self) -> None:
        alike = [(1000, 400 + n) for n in range(4)]
        one_point_more = [(1000, 410 + n + n % 2) for n in range(4)]
        analysis = looked(counts={"neutral": alike, "victim": one_point_more})
        these = analysis.estimates.get(kind="difference", about="these", outcome="turned_back")
        kind = of_kind(analysis)
        assert these.p_value is not None
        assert kind.p_value is not None
        assert kind.p_value >= these.p_value > 0.05
        assert (kind.low, kind.high) == (these.low, these.high)

    def test_holds_for_contrasts_of_the_factorial(self) -> None:
        campaign = world.launched(texts=3, design="matched", plan={"planned_per_arm": 3000, "correction": "none"})
        rates = {
            "neutral": (400, 420, 380),
            "victim": (450, 490, 440),
            "user": (420, 440, 400),
            "both": (500, 530, 470),
        }
        world.tally_texts(campaign, {key: [(1000, events) for events in arm] for key, arm in rates.items()})
        rows = evaluate(campaign, now=world.NOON).estimates.filter(kind="factorial", about="kind")
        assert {row.term: round(row.effect, 4) for row in rows if row.effect is not None} == {
            "victim": 0.07,
            "user": 0.03,
            "interaction": 0.02,
            "both-minus-victim": 0.04,
        }


class TestRatings:
    def test_are_compared_on_the_scale_of_these_texts(self) -> None:
        campaign = world.launched(
            arms=ARMS, texts=2, design="matched", outcome="rating", plan={"planned_per_arm": 1000, "correction": "none"}
        )
        world.tally_texts(campaign, {"neutral": [(1000, 0)] * 2, "victim": [(1000, 0)] * 2})
        answers = {"neutral": [(50, 40, 30, 20, 10), (40, 40, 30, 30, 20)], "victim": [(20, 30, 40, 50, 60)] * 2}
        for key, texts in answers.items():
            world.rate_texts(campaign, {key: texts})
        analysis = evaluate(campaign, now=world.NOON)
        these = analysis.estimates.get(kind="difference", about="these", outcome="rating")
        kind = analysis.estimates.get(kind="difference", about="kind", outcome="rating")
        assert these.effect is not None
        assert kind.effect == pytest.approx(these.effect, abs=0.01)
        rows = analysis.estimates.filter(kind="text", outcome="rating", treated__key="victim")
        assert all(1 <= row.effect <= 5 for row in rows if row.effect is not None)


class TestTexts:
    def test_are_drawn_towards_the_others_of_their_arm(self) -> None:
        rows = looked().estimates.filter(kind="text", outcome="turned_back", treated__key="victim")
        assert [(row.term, row.n, row.events) for row in rows.order_by("position")] == [
            ("1", 1000, 480), ("2", 1000, 500), ("3", 1000, 440), ("4", 1000, 570), ("next", None, None),
        ]  # fmt: skip
        by_term = {row.term: row for row in rows}
        assert 0.44 < (by_term["3"].effect or 0) < 0.4975 < (by_term["4"].effect or 0) < 0.57

    def test_one_text_an_arm_has_neither_rows_nor_queries(self) -> None:
        campaign = world.launched(arms=ARMS, plan={"planned_per_arm": 100})
        world.tally(campaign, {"neutral": (200, 80), "victim": (200, 90)})
        with CaptureQueriesContext(connection) as asked:
            analysis = evaluate(campaign, now=world.NOON)
        assert not [each["sql"] for each in asked if "texttally" in each["sql"] or 'texts_judged_at" >' in each["sql"]]
        assert not analysis.estimates.filter(kind="text").exists()
        assert not analysis.estimates.filter(about="kind").exists()
        assert (analysis.texts_judged_at, analysis.release.texts) == (None, None)


class TestLooks:
    """The error of texts of a kind is shared among a few points; what was said at one stands until the next."""

    def looks(self, shares: Sequence[float], monitoring: str, **plan: Any) -> list[Analysis]:
        campaign = launched(monitoring=monitoring, **plan)
        done, analyses = 0.0, []
        for share in shares:
            part = share - done
            counts = {
                key: [(round(n * part), round(events * part)) for n, events in texts]
                for key, texts in {"neutral": NEUTRAL, "victim": VICTIM}.items()
            }
            world.tally_texts(campaign, counts)
            analyses.append(evaluate(campaign, now=world.NOON))
            done = share
        return analyses

    def test_at_any_time_the_answer_changes_only_at_points(self) -> None:
        looks = self.looks([0.2, 0.3, 0.4, 0.6, 1.0], "always-valid", looks=[0.1, 1.0])
        assert [look.texts_judged_at for look in looks] == [None, 0.25, None, 0.5, 1.0]
        told = [
            [e.effect for e in gate.released_look(look).estimates if e.about == "kind" and e.outcome == "turned_back"]
            for look in looks
        ]
        assert told[0] == []
        assert len(told[1]) == 1
        assert told[2] == told[1]

    def test_at_planned_looks_most_of_the_error_is_for_the_last(self) -> None:
        looks = self.looks([0.5, 0.7, 1.0, 1.2], "group-sequential", looks=[0.5, 1.0])
        assert [look.texts_judged_at for look in looks] == [0.5, None, 1.0, None]
        weights = [of_kind(look).texts for look in (looks[0], looks[2])]
        assert [each["weight"] for each in weights if each] == [pytest.approx(0.2), 0.8]

    def test_a_look_at_the_end_has_all_of_it(self) -> None:
        (look,) = self.looks([1.0], "fixed")
        details = of_kind(look).texts
        assert details is not None
        assert (look.texts_judged_at, details["weight"]) == (1.0, 1.0)

    def test_a_point_whose_answer_could_not_be_shown_is_judged_again(self) -> None:
        campaign = launched(monitoring="always-valid", looks=[0.1, 1.0])
        world.tally_texts(
            campaign, {"neutral": [*NEUTRAL[:3], (1000, 995)], "victim": VICTIM}
        )  # five people of one text did not
        first = evaluate(campaign, now=world.NOON)
        assert (first.texts_judged_at, first.release.texts) == (1.0, None)
        world.tally_texts(campaign, {"neutral": [(500, 200)] * 4, "victim": [(500, 250)] * 4})
        second = evaluate(campaign, now=world.NOON)
        assert (second.texts_judged_at, Release.objects.get(analysis=second).texts is None) == (1.0, False)


class TestTheGate:
    def test_shows_nothing_of_texts_where_a_count_of_one_is_small(self) -> None:
        counts = {"neutral": NEUTRAL, "victim": [*VICTIM[:3], (1000, 6)]}
        look = gate.released_look(looked(counts=counts))
        rows = [e for e in look.estimates if e.about == "kind" or e.kind == "text"]
        assert rows
        assert all((e.effect, e.low, e.n, e.events, e.texts) == (None,) * 5 for e in rows)
        assert {e.verdict for e in rows if e.about == "kind"} == {"cannot-tell-yet"}
        assert any(e.effect for e in look.estimates if e.kind == "difference" and e.about == "these")

    def test_withholds_the_second_verdict_with_a_broken_split(self) -> None:
        counts = {"neutral": NEUTRAL, "victim": [(n // 2, events // 2) for n, events in VICTIM]}
        look = gate.released_look(looked(counts=counts, planned_per_arm=2000))
        assert {e.verdict for e in look.estimates if e.about == "kind"} == {"withheld"}


class TestTextsThatAreNotSeenEquallyOften:
    """They are drawn evenly, so a skew is a fault, as it is with arms."""

    SKEWED: TextCounts = {"neutral": NEUTRAL, "victim": [(1300, 620), *VICTIM[1:3], (700, 400)]}

    def test_break_the_split_although_the_arms_are_even_and_no_verdict_is_given(self) -> None:
        campaign = launched()
        world.tally_texts(campaign, self.SKEWED)
        analysis = evaluate(campaign, now=world.NOON)
        assert (analysis.sample_ratio, analysis.sample_ratio_method, analysis.sample_ratio_p) == (
            "alarm",
            "texts",
            None,
        )
        assert {row.verdict for row in analysis.estimates.filter(kind="difference")} == {"withheld"}
        told = next(item for item in build.build(analysis).quality if item.status == "alarm")
        assert "The texts of a message are assigned equally often" in told.detail

    def test_are_noticed_by_the_hourly_check_once_a_look_told_of_them(self) -> None:
        campaign = launched()
        world.tally_texts(campaign, self.SKEWED)
        assert check_data_quality(campaign, now=world.NOON).split == "unknown"
        evaluate(campaign, now=world.NOON)
        assert check_data_quality(campaign, now=world.NOON).split == "alarm"

    def test_are_sound_where_one_was_stopped_for_a_while(self) -> None:
        campaign = launched()
        world.tally_texts(campaign, self.SKEWED)
        for position in (0, 3):
            text = campaign.arms.get(key="victim").texts.get(position=position)
            arm_pauses.stop_text(text, reason="It frightens.", now=world.NOON, by=world.person("mara"))
        assert evaluate(campaign, now=world.NOON).sample_ratio == "ok"
        assert check_data_quality(campaign, now=world.NOON).split == "ok"

    def test_cost_a_campaign_with_one_text_each_no_query(self) -> None:
        campaign = world.launched(arms=ARMS, plan={"planned_per_arm": 4000})
        world.tally(campaign, {"neutral": (4000, 1600), "victim": (4000, 1900)})
        with CaptureQueriesContext(connection) as asked:
            check_data_quality(campaign, now=world.NOON)
            evaluate(campaign, now=world.NOON)
        assert not [each["sql"] for each in asked if "texttally" in each["sql"]]
