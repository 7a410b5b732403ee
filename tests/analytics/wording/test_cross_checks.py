"""Each p-value stands beside the method that it is of."""

from analytics import wording
from analytics.stats import omnibus, sample_ratio
from analytics.stats.values import Counts
from analytics.wording import PeopleScale


def omnibus_of(*arms: Counts) -> str:
    test = omnibus.chi_square(arms)
    assert isinstance(test, omnibus.Omnibus)
    return wording.omnibus_sentence(test.statistic, test.df, test.p_value, method=test.method)


def test_chi_square_stands_beside_its_own_p_value() -> None:
    """Karlan and List 2007: 10.993, df 3, p 0.0118."""
    karlan_list = (Counts(16687, 298), Counts(11133, 231), Counts(11134, 252), Counts(11129, 253))
    assert omnibus_of(*karlan_list) == "chi-square 10.993 with 3 degrees of freedom, p 0.0118"


def test_an_exact_p_value_is_not_that_of_chi_square() -> None:
    """The audit: "chi-square 10.349, df 2, p .0041", where chi-square gives .0057 and p was Freeman and Halton's."""
    exact = "p 0.0041 by Freeman and Halton’s exact test, because an expected count is small"
    assert wording.omnibus_sentence(10.349, 2, 0.0041, method="fisher-freeman-halton") == exact
    assert "chi-square" not in omnibus_of(Counts(40, 8), Counts(40, 1), Counts(40, 1))
    many = omnibus_of(*[Counts(100_000, 10)] * 12, Counts(40, 1))
    assert "on simulated tables" in many


def test_a_tiny_p_value_is_not_zero() -> None:
    assert omnibus_of(Counts(1000, 100), Counts(1000, 500)).endswith("p below 0.0001")


def test_a_method_that_is_not_on_record_is_not_guessed() -> None:
    assert wording.omnibus_sentence(10.3, 2, 0.0041, method="") == "p 0.0041, by a method that is not on record"


def test_the_check_of_the_split_has_a_name_for_each_method() -> None:
    found = [
        sample_ratio.goodness_of_fit([500, 520], [1, 1]),
        sample_ratio.goodness_of_fit([3, 4], [1, 1]),
        sample_ratio.always_valid([500, 520], [1, 1]),
    ]
    told = [wording.split_test_sentence(each.method) for each in found if isinstance(each, sample_ratio.SampleRatio)]
    assert ["chi-square" in told[0], "exact" in told[1], "Lindon" in told[2]] == [True, True, True]
    assert wording.split_test_sentence("") == ""


def test_one_network_moves_a_difference_by_no_more_than_is_said() -> None:
    scale = PeopleScale(100)
    assert "at most 2.8 of 100" in wording.one_network_sentence(0.0271, None, scale)
    assert "at most 0.04 of 100" in wording.one_network_sentence(0.0004, None, scale)
