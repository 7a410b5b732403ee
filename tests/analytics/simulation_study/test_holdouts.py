"""The short, seeded version of a year in use, in `make simulate`."""

import pytest

from analytics.simulation_study.holdouts import use_calls

pytestmark = pytest.mark.slow


def test_fading_is_rarely_said_where_nothing_fades() -> None:
    calls = use_calls(a_month=2_000, holdout=0.1, effect=lambda month: 0.09, months=12, count=200, seed=1)
    assert calls.fades.share < 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5
    assert calls.works.share > 0.9
    assert calls.worse.share == 0.0


def test_fading_is_found_at_a_busy_place() -> None:
    calls = use_calls(
        a_month=50_000, holdout=0.1, effect=lambda month: 0.09 if month < 2 else 0.02, months=4, count=50, seed=1
    )
    assert calls.fades.share > 0.9
