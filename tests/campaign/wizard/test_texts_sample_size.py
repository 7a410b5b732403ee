"""People and texts: how many of both a plan with several texts takes, and what the page says of it."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
import pytest
from django.test import Client

from analytics.stats import Counts, Estimate, NotEstimable, proportions
from analytics.stats.texts import looks, matched, nested, sizing
from analytics.stats.texts.values import text_means
from campaign.lifecycle.frozen_plan import plan_content
from campaign.models import AnalysisPlan
from campaign.wizard.sample_size import (
    LAST_LOOK_WEIGHT,
    MoreTextsNeeded,
    SampleSize,
    SampleSizeInputs,
    compute_sample_size,
    fewest_texts,
    needed_people,
    people_by_texts,
    people_for_these_texts,
)
from campaign.wizard.texts_in_words import describe_texts, describe_too_few_texts
from tests import world
from tests.campaign.wizard.test_views import answer, at, page, text

SETS = SampleSizeInputs(
    expected_rate=0.4,
    smallest_difference=0.08,
    weights=(1, 1),
    per_day=500,
    text_design="matched",
    texts=5,
    text_spread=0.02,
)


def sized(question: SampleSizeInputs) -> SampleSize:
    found = compute_sample_size(question)
    assert isinstance(found, SampleSize)
    return found


class TestHowMany:
    def test_sets_take_what_sizing_says_for_the_worse_of_up_and_down(self) -> None:
        plan: dict[str, Any] = {"control": 0.4, "texts": 5, "spread": 0.02}
        per_text = [sizing.people_needed(difference=gain, **plan) for gain in (0.08, -0.08)]
        assert sized(SETS).needed == max(5 * 2 * n for n in per_text if isinstance(n, int))

    def test_different_texts_take_more_where_what_a_set_has_in_common_cancels(self) -> None:
        sets_alike, texts_apart = replace(SETS, text_spread=0.01), replace(SETS, text_spread=0.03, text_design="nested")
        assert needed_people(texts_apart) > 1.5 * needed_people(sets_alike)

    def test_never_fewer_than_these_very_texts_take(self) -> None:
        alike = replace(SETS, text_spread=0.0, texts=12)
        assert needed_people(alike) >= people_for_these_texts(alike)

    def test_unequal_shares_take_as_many_as_give_the_same_error(self) -> None:
        equal, unequal = needed_people(SETS), needed_people(replace(SETS, weights=(1, 3)))
        # 1/N (pq/s + pq/t) with s, t = 1/4, 3/4 instead of 1/2, 1/2, and nearly equal pq: a third more.
        assert unequal / equal == pytest.approx(4 / 3, abs=0.02)

    def test_what_people_have_in_common_changes_them_by_its_factor(self) -> None:
        assert needed_people(replace(SETS, design_effect=1.5)) == pytest.approx(1.5 * needed_people(SETS), abs=2)

    @pytest.mark.parametrize("monitoring", ["group-sequential", "always-valid"])
    def test_with_several_looks_the_last_has_four_fifths_of_the_error(self, monitoring: str) -> None:
        assert looks.planned_look_weight(look=4, looks=4) == LAST_LOOK_WEIGHT
        point = looks.last_checkpoint(1.0)
        assert point is not None
        assert point.weight == LAST_LOOK_WEIGHT
        few = replace(SETS, texts=3, text_spread=0.005)
        stricter = replace(few, level=1 - LAST_LOOK_WEIGHT * 0.05)
        assert needed_people(replace(few, monitoring=monitoring)) == needed_people(stricter) > needed_people(few)

    def test_few_sets_that_differ_are_never_enough_and_the_number_is_for_these_texts_alone(self) -> None:
        few = replace(SETS, texts=3, text_spread=0.05)
        with pytest.raises(MoreTextsNeeded):
            needed_people(few)
        size = sized(few)
        assert size.is_for_these_texts_alone
        assert size.needed == ceil(people_for_these_texts(few) / 2) * 2
        assert size.detectable_difference is not None
        assert size.detectable_difference > 0.15

    def test_too_few_sets_say_how_many_would_be_enough(self) -> None:
        few = replace(SETS, texts=3, text_spread=0.05)
        more = fewest_texts(few)
        assert more is not None
        with pytest.raises(MoreTextsNeeded):
            needed_people(replace(few, texts=more.texts - 1))
        people = needed_people(replace(few, texts=more.texts))
        assert f"With {more.texts} sets, {people:,} people in total would be enough." in describe_too_few_texts(
            sized(few), few
        )

    def test_where_even_twelve_sets_are_too_few_none_are_named(self) -> None:
        far_apart = replace(SETS, texts=3, text_spread=0.2)
        assert fewest_texts(far_apart) is None
        assert "would be enough" not in describe_too_few_texts(sized(far_apart), far_apart)

    @pytest.mark.parametrize("design", ["matched", "nested"])
    def test_the_number_has_the_power_that_was_asked_for(self, design: Any) -> None:
        """For both answers at once, in simulated trials of real people and texts."""
        question = replace(SETS, text_design=design, expected_rate=0.45)  # up and down take nearly as many
        people, found, trials = needed_people(question) // (2 * 5), 0, 300
        source, own = np.random.default_rng(3), 0.02 / (2**0.5 if design == "matched" else 1)
        for _ in range(trials):
            arms = [
                [Counts(people, int(source.binomial(people, rate + source.normal(0, own)))) for _ in range(5)]
                for rate in (0.53, 0.45)
            ]
            means = text_means(arms)
            assert not isinstance(means, NotEstimable)
            method = matched.difference if design == "matched" else nested.difference
            kind = method(treated=means[0], control=means[1])
            these = proportions.difference(
                treated=Counts(people * 5, sum(text.events for text in arms[0])),
                control=Counts(people * 5, sum(text.events for text in arms[1])),
            )
            assert isinstance(kind, Estimate)
            assert isinstance(these, Estimate)
            found += 0.0 not in looks.no_surer_than(these, kind).interval
        assert found / trials == pytest.approx(0.8, abs=0.07)  # standard error 0.023


class TestTheTable:
    def test_more_sets_beat_more_people(self) -> None:
        rows = {row.texts: row.people for row in people_by_texts(SETS, counts=(2, 4, 8), spreads=(0.0, 0.03))}
        assert rows[2][1] is None  # 3 apart: never enough
        assert rows[4][1] is not None
        assert rows[8][1] is not None
        assert rows[8][1] < rows[4][1] / 2

    def test_it_names_the_spreads_and_the_planned_row(self) -> None:
        table = describe_texts(sized(SETS), SETS)
        assert table is not None
        assert table.spreads == ("by 0", "by 1", "by 2", "by 3")
        assert [row.texts for row in table.rows if row.is_planned] == ["5 sets"]
        assert table.rows[0].people[1:] == ("never", "never", "never")
        many = describe_texts(sized(SETS), replace(SETS, smallest_difference=0.01))
        assert many is not None
        assert many.rows[0].people[0] == "over 1,000,000"

    def test_a_number_of_texts_of_ones_own_has_its_row(self) -> None:
        question = replace(SETS, texts=7)
        table = describe_texts(sized(question), question)
        assert table is not None
        assert [row.texts.split()[0] for row in table.rows] == ["2", "3", "4", "5", "7", "8", "12"]

    def test_unequal_numbers_take_more_than_as_many_of_the_fewer(self) -> None:
        equal = replace(SETS, text_design="nested", texts=3)
        unequal = replace(equal, pairs=((1, 1),), text_pairs=((3, 4),))
        assert needed_people(unequal) > 2 * needed_people(equal)
        table = describe_texts(sized(unequal), unequal)
        assert table is not None
        assert [row.texts for row in table.rows if row.is_planned] == ["3 to 4 texts"]

    def test_too_few_unequal_texts_are_told_how_many_each_would_do(self) -> None:
        unequal = replace(SETS, text_design="nested", texts=2, pairs=((1, 1),), text_pairs=((2, 8),))
        told = describe_too_few_texts(sized(unequal), unequal)
        assert "With 2 to 8 texts that differ by 2 in 100" in told
        assert "texts for each message" in told

    def test_one_text_each_has_no_table(self) -> None:
        question = replace(SETS, text_design="", texts=1)
        assert describe_texts(sized(question), question) is None


@pytest.mark.django_db
class TestThePage:
    @pytest.fixture
    def manager(self, client: Client) -> Client:
        world.sign_in(client, world.person("mara", "manager"))
        return client

    def draft(self, **options: Any) -> AnalysisPlan:
        plan = {"expected_rate": 0.4, "smallest_difference": 0.1, "planned_per_arm": 0}
        place = world.placement(expected_per_day=500)
        return AnalysisPlan.objects.get(
            campaign=world.draft(at=place, arms={"neutral": 1, "victim": 1}, plan=plan, **options)
        )

    def test_it_asks_by_how_much_texts_differ_and_suggests_three(self, manager: Client) -> None:
        self.draft(texts=4, design="matched")
        html = page(manager, at("length"))
        assert "How many out of 100 may the difference vary by between sets?" in html
        assert 'name="spread" value="3"' in html
        assert "four sets of 1,000 people tell you more than one of 4,000" in html
        assert '<tr class="planned"><th scope="row">4 sets <span class="tag">planned</span></th>' in html

    def test_different_texts_are_asked_of_in_their_words(self, manager: Client) -> None:
        self.draft(texts=4)
        assert "How many out of 100 may the texts of one message differ by?" in page(manager, at("length"))

    def test_unequal_numbers_have_their_row_and_every_page_asks_for_equal_ones(self, manager: Client) -> None:
        plan = self.draft(texts=4)
        plan.campaign.arms.get(key="victim").texts.get(position=3).delete()
        html = page(manager, at("length"))
        assert '<tr class="planned"><th scope="row">3 to 4 texts <span class="tag">planned</span></th>' in html
        for step in ("texts", "words"):
            assert "“Victim” has 3 texts and “Neutral” has 4." in page(manager, at(step))

    def test_one_text_each_is_not_asked(self, manager: Client) -> None:
        self.draft()
        html = page(manager, at("length"))
        assert 'name="spread"' not in html
        assert "no number of people is enough for messages of this kind" not in html

    def test_it_says_how_many_verdicts_wait_because_of_one_network(self, manager: Client) -> None:
        self.draft(texts=4, design="matched")
        assert "about half of the verdicts on messages of this kind" in page(manager, at("length"))

    def test_with_one_text_each_fewer_verdicts_wait(self, manager: Client) -> None:
        self.draft()
        assert "about one in four verdicts. With half as many people" in page(manager, at("length"))

    def test_the_number_that_is_planned_is_for_both_answers(self, manager: Client) -> None:
        plan = self.draft(texts=4, design="matched")
        answer(manager, "length", planned="", spread="2")
        plan.refresh_from_db()
        question = replace(SETS, smallest_difference=0.1, texts=4)
        assert plan.planned_people == sized(question).needed > people_for_these_texts(question)
        assert plan.text_spread == 0.02
        assert plan_content(plan)["text_spread"] == 0.02

    def test_left_empty_it_is_three_and_stands_in_the_plan(self, manager: Client) -> None:
        plan = self.draft(texts=4, design="matched")
        answer(manager, "length", planned="900", spread="")
        assert plan_content(plan)["text_spread"] == 0.03
        plan.refresh_from_db()
        assert plan.text_spread == 0.03

    @pytest.mark.parametrize(
        ("typed", "said"), [("x", "Enter a number, such as 3"), ("-1", "0 or more"), ("60", "50 or")]
    )
    def test_an_error_stands_beside_it_and_what_was_typed_stays(self, manager: Client, typed: str, said: str) -> None:
        self.draft(texts=4, design="matched")
        html = text(answer(manager, "length", spread=typed))
        assert said in html.partition('id="id_spread_error"')[2].partition("</p>")[0]
        assert f'name="spread" value="{typed}"' in html

    def test_too_few_sets_are_said_on_the_page_and_before_sending(self, manager: Client) -> None:
        plan = self.draft(texts=2, design="matched")
        said = "With 2 sets that differ by 3 in 100, no number of people is enough"
        assert said in page(manager, at("length"))
        answer(manager, "length", planned="", spread="3")
        plan.refresh_from_db()
        assert plan.planned_people == sized(replace(SETS, smallest_difference=0.1, texts=2, text_spread=0.03)).needed
        assert said in page(manager, "/campaigns/pilot/plan-it/")

    def test_a_rating_is_not_sized_by_texts(self, manager: Client) -> None:
        world.draft(texts=2, design="matched", outcome="rating")
        assert 'name="spread"' not in page(manager, at("length"))
