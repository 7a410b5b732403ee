import pytest

from analytics.stats import Counts, NotEstimable
from analytics.stats.texts.values import Measured, Ratings, TextMeans, text_means, text_means_in_strata, within_sets


def known(value: object) -> TextMeans:
    assert isinstance(value, tuple), value
    return value


def test_the_variance_of_a_rate_is_pooled_over_the_texts_of_its_arm() -> None:
    # By hand: (10 x 0.4 x 0.6 + 20 x 0.1 x 0.9) / (9 + 19) = 4.2/28 = 0.15 between people.
    (arm,) = known(text_means([[Counts(10, 4), Counts(20, 2)]]))
    assert [text.value for text in arm] == [0.4, 0.1]
    assert [text.variance for text in arm] == pytest.approx([0.015, 0.0075])


def test_a_text_that_nobody_acted_on_is_not_taken_for_certain() -> None:
    ((without, _),) = known(text_means([[Counts(100, 0), Counts(100, 4)]]))
    assert without.value == 0.0
    assert without.variance > 0.0


def test_ratings_of_zero_and_one_are_the_counts() -> None:
    counts = [[Counts(10, 4), Counts(20, 2)], [Counts(12, 5), Counts(9, 1)]]
    ratings = [[Ratings(c.n, c.events, c.events) for c in arm] for arm in counts]
    for ours, theirs in zip(known(text_means(ratings)), known(text_means(counts)), strict=True):
        assert [t.value for t in ours] == pytest.approx([t.value for t in theirs])
        assert [t.variance for t in ours] == pytest.approx([t.variance for t in theirs])


def test_ratings_give_the_variance_of_their_scores() -> None:
    # 1, 2, 4, 5 and 3, 3, 5, 5: means 3 and 4, squared distances 10 and 4, so 14/6 between people.
    (arm,) = known(text_means([[Ratings(4, 12, 46), Ratings(4, 16, 68)]]))
    assert [text.value for text in arm] == [3.0, 4.0]
    assert [text.variance for text in arm] == pytest.approx([14 / 24, 14 / 24])


def test_strata_of_equal_mix_give_the_plain_mean() -> None:
    inside = known(text_means_in_strata([[[Counts(10, 1), Counts(10, 3)]], [[Counts(30, 15), Counts(30, 18)]]]))
    assert [text.value for text in inside[0]] == pytest.approx([16 / 40, 21 / 40])


def test_a_text_shown_mostly_in_an_eager_stratum_gains_nothing_by_it() -> None:
    # Both texts have 10% in one stratum and 50% in the other, at different mixes of people.
    inside = known(text_means_in_strata([[[Counts(90, 9), Counts(10, 1)]], [[Counts(10, 5), Counts(90, 45)]]]))
    assert [text.value for text in inside[0]] == pytest.approx([0.3, 0.3])


def test_a_stratum_that_lacks_a_text_is_left_out() -> None:
    alone = [[Counts(10, 1), Counts(10, 3)]]
    assert text_means_in_strata([alone, [[Counts(5, 5), Counts(0, 0)]]]) == text_means_in_strata([alone])


@pytest.mark.parametrize(
    "strata",
    [
        [[[Counts(10, 1), Counts(0, 0)]]],
        [[[Counts(5, 1), Counts(0, 0)]], [[Counts(0, 0), Counts(5, 1)]]],
        [[[Counts(1, 1), Counts(1, 0)]]],
    ],
    ids=["an unseen text", "no shared stratum", "one person a text"],
)
def test_what_cannot_be_estimated_says_why(strata: list[list[list[Counts]]]) -> None:
    assert isinstance(text_means_in_strata(strata), NotEstimable)


def test_impossible_sums_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot have the sum"):
        Ratings(2, 10.0, 1.0)
    with pytest.raises(ValueError, match="the same texts"):
        text_means_in_strata([[[Counts(1, 0)]], [[Counts(1, 0), Counts(1, 0)]]])


def test_ratings_add_up() -> None:
    assert Ratings(1, 2.0, 4.0) + Ratings(2, 4.0, 10.0) == Ratings(3, 6.0, 14.0)


def test_a_contrast_within_sets_takes_one_text_of_each_arm() -> None:
    arms = [[Measured(0.5, 0.01), Measured(0.6, 0.02)], [Measured(0.4, 0.03), Measured(0.3, 0.04)]]
    found = within_sets(arms, (1.0, -1.0))
    assert [each.value for each in found] == pytest.approx([0.1, 0.3])
    assert [each.variance for each in found] == pytest.approx([0.04, 0.06])
    with pytest.raises(ValueError, match="as many weights"):
        within_sets(arms, (1.0,))
