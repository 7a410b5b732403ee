"""What the tests of estimators share."""

from __future__ import annotations

from analytics.stats.values import Estimate


def estimate_of(value: object) -> Estimate:
    """The value as an estimate; the test fails with the reason if there is none."""
    assert isinstance(value, Estimate), value
    return value
