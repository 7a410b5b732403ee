"""Every example in a docstring of the statistics runs, and prints what it says."""

import doctest
import importlib
import pkgutil

import pytest

import analytics.stats
import campaign.assignment.arm_hash

MODULES = sorted(f"analytics.stats.{module.name}" for module in pkgutil.iter_modules(analytics.stats.__path__))
PUBLIC = [
    *("bayes", "clusters", "equivalence", "factorial", "meta", "multiplicity", "omnibus"),
    *("ordinal", "power", "proportions", "robustness", "sample_ratio", "sequential", "strata"),
]


@pytest.mark.parametrize("name", [*MODULES, campaign.assignment.__name__])
def test_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_function_has_an_example(name: str) -> None:
    module = importlib.import_module(f"analytics.stats.{name}")
    public = [
        value
        for key, value in vars(module).items()
        if callable(value) and not key.startswith("_") and not isinstance(value, type)
        if getattr(value, "__module__", "") == module.__name__
    ]
    assert public
    assert [function.__name__ for function in public if ">>>" not in (function.__doc__ or "")] == []
