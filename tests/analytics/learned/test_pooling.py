"""Comparisons that match are averaged whatever came out of them, and others say why they are not."""

from __future__ import annotations

import pytest

from analytics.learned.pooling import Contrast, _network_move, matching
from analytics.learned.record import forget_result
from analytics.learned.wording import known_so_far
from analytics.models import PooledComparison
from analytics.stats import Counts, meta, proportions
from tests.analytics.learned.closed_campaigns import BACKFIRE, BETTER, NOTHING, WIDE, learned
from tests.row_cache import building_anew

pytestmark = pytest.mark.django_db
BOTH = Contrast("turned_back", "both", "neutral", "view")


def pooled(contrast: Contrast = BOTH) -> PooledComparison:
    return PooledComparison.objects.get(**contrast._asdict())


def paragraph(contrast: Contrast = BOTH) -> str:
    return known_so_far(pooled(contrast), matching(contrast)).paragraph


def test_one_campaign_has_no_average_and_says_so() -> None:
    learned()
    assert pooled().effect is None
    assert pooled().people == 5012 + 4981
    assert paragraph().startswith("1 campaign with 9,993 people has compared this. Their verdicts: better 1.")
    assert "With fewer than two there is no average." in paragraph()
    assert "A second campaign with the same outcome" in paragraph()


def test_several_are_averaged_from_their_counts() -> None:
    for slug, counts in (("better", BETTER), ("nothing", NOTHING), ("backfire", BACKFIRE)):
        learned(slug, counts, plan=WIDE)
    differences = [
        proportions.difference(treated=Counts(*each["both"]), control=Counts(*each["neutral"]), method="wald")
        for each in (BETTER, NOTHING, BACKFIRE)
    ]
    expected = meta.random_effects(differences, never_narrower=True)
    assert isinstance(expected, meta.PooledEstimate)
    found = pooled()
    assert (found.effect, found.low, found.high) == pytest.approx(
        (expected.effect, expected.interval.low, expected.interval.high)
    )
    assert (found.next_low, found.next_high) == pytest.approx((expected.prediction.low, expected.prediction.high))
    assert found.campaigns == 3


def test_what_found_nothing_and_what_backfired_is_counted_and_told() -> None:
    for slug, counts in (("better", BETTER), ("nothing", NOTHING), ("backfire", BACKFIRE)):
        learned(slug, counts, plan=WIDE)
    told = paragraph()
    assert "3 campaigns with 99,993 people in all have compared this." in told
    for verdict in ("better 1", "no meaningful difference 1", "worse 1"):
        assert verdict in told
    assert "So we cannot tell yet whether it makes a difference on average." in told
    assert "That may be none, or the opposite." in told
    assert "The campaigns differ by more than chance explains" in told
    assert "a single one more can change this" in told


def test_campaigns_that_agree_say_that_it_works() -> None:
    for number in range(5):
        learned(f"better-{number}", {key: (n + number, had) for key, (n, had) in BETTER.items()})
    told = paragraph()
    assert "of 100 people 9 more turned back than with the control" in told
    assert "So it works better on average." in told
    assert "Several campaigns with the opposite result would change this" in told


def test_what_one_network_could_have_done_in_each_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each differs by 9 of 100, and one network can have moved each by 9 as well."""
    monkeypatch.setattr("analytics.looks.evaluate.views_of_one_network", lambda *_: 650)
    with building_anew():
        for number in range(5):
            learned(f"better-{number}", {key: (n + number, had) for key, (n, had) in BETTER.items()})
    told = paragraph()
    assert "One network that came to all of these campaigns could have caused that" in told
    assert "works better" not in told
    assert "More campaigns like these would change this." in told


def test_of_whom_nothing_is_known_of_networks_a_quarter_of_the_interval_is_taken() -> None:
    for number in range(2):
        learned(f"better-{number}", {key: (n + number, had) for key, (n, had) in BETTER.items()})
    (first, second) = members = matching(BOTH)
    for each in members:
        each.network_move = None
    widths = [each.high - each.low for each in (first, second) if each.high and each.low]
    assert _network_move(members, between=0.0) == pytest.approx(sum(widths) / 8, rel=1e-3)


def test_campaigns_that_agree_say_that_it_backfires() -> None:
    for number in range(5):
        learned(f"worse-{number}", {key: (n + number, had) for key, (n, had) in BACKFIRE.items()})
    assert "So it backfires on average." in paragraph()


def test_other_designs_and_outcomes_are_not_averaged_with_it() -> None:
    learned("plain")
    learned("strata", plan={"strata": "placement"})
    learned("sessions", unit="session")
    learned("leaving", outcome="left")
    assert pooled().campaigns == 1
    assert pooled(BOTH._replace(design="session")).campaigns == 1
    assert not PooledComparison.objects.filter(design="placement").exists()


def test_two_messages_of_one_appeal_are_not_averaged() -> None:
    result = learned(
        arms={"neutral": 1, "others": 1, "another": 1},
        counts={"neutral": (5000, 1500), "others": (5000, 1600), "another": (5000, 1700)},
    )
    assert set(result.comparisons.values_list("not_pooled", flat=True)) == {"frames"}
    assert not PooledComparison.objects.exists()


def test_a_result_that_is_removed_leaves_the_average() -> None:
    learned("one")
    two = learned("two", NOTHING)
    assert pooled().campaigns == 2
    forget_result(two)
    assert (pooled().campaigns, pooled().effect) == (1, None)
    forget_result(matching(BOTH)[0].result)
    assert not PooledComparison.objects.exists()
