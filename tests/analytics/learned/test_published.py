"""The published trials: what is printed is quoted, what is reconstructed gives what is printed."""

from __future__ import annotations

import pytest

from analytics.learned.published import PublishedTrial, published_trials

BY_KEY = {trial.key: trial for trial in published_trials()}


def odds_ratio(trial: PublishedTrial, arm: int) -> float:
    """Of doing what is counted, against the first arm."""
    (n0, x0), (n1, x1) = (((each.n or 0), (each.events or 0)) for each in (trial.arms[0], trial.arms[arm]))
    return (x1 / (n1 - x1)) / (x0 / (n0 - x0))


@pytest.mark.parametrize(("arm", "printed"), [(3, 2.64), (4, 2.99)])
def test_the_counts_of_2022_give_the_odds_ratios_of_the_abstract(arm: int, printed: float) -> None:
    # Prichard et al. 2022, abstract: "police can trace IP" OR 2.64, "may be illegal" OR 2.99; control 27% of 100.
    trial = BY_KEY["prichard-2022"]
    assert trial.arms[arm].odds_ratio == printed
    assert odds_ratio(trial, arm) == pytest.approx(printed, abs=0.005)


def test_no_counts_are_made_up_where_the_abstract_has_none() -> None:
    viewer, victim = BY_KEY["prichard-2022"].arms[1:3]
    assert (viewer.events, viewer.of_hundred, victim.events, victim.of_hundred) == (None, None, None, None)


@pytest.mark.parametrize(("arm", "printed", "reconstructed"), [(1, 5.02, 5.01), (2, 4.06, 4.06), (3, 3.05, 3.08)])
def test_the_counts_of_2024_come_near_the_odds_ratios_of_the_abstract(
    arm: int, printed: float, reconstructed: float
) -> None:
    # Prichard et al. 2024, abstract: OR 5.02, 4.06, 3.05; its note on the page says where the counts miss one.
    trial = BY_KEY["prichard-2024"]
    assert trial.arms[arm].odds_ratio == printed
    assert odds_ratio(trial, arm) == pytest.approx(reconstructed, abs=0.005)


def test_the_people_of_each_trial_add_up_to_those_of_its_abstract() -> None:
    sums = {key: sum(arm.n or 0 for arm in trial.arms) for key, trial in BY_KEY.items()}
    assert sums == {"prichard-2022": 419, "prichard-2022-upload": 0, "prichard-2024": 474}
