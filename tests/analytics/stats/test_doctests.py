"""Every example in a docstring of the pure modules runs and prints what it says."""

import doctest
import importlib
import pkgutil

import pytest

import analytics.disclosure.daily_counts
import analytics.stats
import campaign.assignment.arm_hash
import campaign.assignment.periods

MODULES = [
    *sorted(module.name for module in pkgutil.walk_packages(analytics.stats.__path__, "analytics.stats.")),
    analytics.disclosure.daily_counts.__name__,
    campaign.assignment.arm_hash.__name__,
    campaign.assignment.periods.__name__,
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
