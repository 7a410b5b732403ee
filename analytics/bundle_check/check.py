"""Check a bundle as a whole: hashes and signature, plan and words, tables, and every number that follows."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isclose
from typing import Any

from analytics.bundle_check.archive import Bundle, UnreadableBundle
from analytics.bundle_check.numbers import Value, results_of
from analytics.bundle_check.recompute import numbers_that_follow
from analytics.bundle_check.tables import differences_of_tables
from analytics.export.bundle_contents import FORMAT, FORMAT_VERSION
from campaign.lifecycle.frozen_plan import canonical_json, fingerprint_of

# Versions of scipy differ in the last digits of what they search for.
_RELATIVE, _ABSOLUTE = 1e-6, 1e-9
# What reading values of another form raises; RuntimeError is a generator that found nothing, or endless nesting.
_OF_ANOTHER_FORM = (LookupError, TypeError, ValueError, AttributeError, StopIteration, ArithmeticError, RuntimeError)


@dataclass(frozen=True, slots=True)
class BundleReport:
    """What a check found: how many numbers follow, and by name the `others`, which cannot be worked out."""

    campaign: str
    plan_fingerprint: str
    fingerprint: str
    files: int
    looks: int
    following: int
    others: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.faults


def check_bundle(bundle: Bundle) -> BundleReport:
    """Check everything that a bundle says; raise UnreadableBundle if it is not of the known form."""
    try:
        return _check(bundle)
    except _OF_ANOTHER_FORM as error:
        raise UnreadableBundle(f"This version cannot read its files: {type(error).__name__}.") from None


def _check(bundle: Bundle) -> BundleReport:
    versions = bundle.json("versions.json")
    if (versions["format"], versions["format_version"]) != (FORMAT, FORMAT_VERSION):
        raise UnreadableBundle("This program does not know its version.")
    plan, assignment = bundle.json("plan.json"), bundle.json("assignment.json")
    fingerprint = hashlib.sha256(bundle.files["plan.json"]).hexdigest()
    listed = bundle.json("looks.json")
    looks = [bundle.json(each["file"]) for each in listed if each["file"]]
    faults = [
        *_plan_faults(bundle, plan, assignment, looks, fingerprint),
        *differences_of_tables(bundle.files, looks[-1]),
    ]
    following, others = 0, list[str]()
    for look in looks:
        stored = results_of(look)
        found = numbers_that_follow(plan, looks, look, ever_paused=assignment["ever_paused"])
        for name, value in stored.items():
            where = f"look {look['look']}: {name}"
            if name not in found:
                others.append(where)
            elif _agrees(value, found[name]):
                following += 1
            else:
                faults.append(f"{where} is {value}, but its counts give {found[name]}")
    return BundleReport(
        campaign=plan["campaign"],
        plan_fingerprint=fingerprint,
        fingerprint=bundle.fingerprint,
        files=len(bundle.files),
        looks=len(looks),
        following=following,
        others=tuple(others),
        faults=tuple(faults),
    )


def _agrees(stored: Value, found: Value) -> bool:
    if isinstance(stored, int | float) and isinstance(found, int | float):
        return isclose(stored, found, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    return stored == found


def _plan_faults(
    bundle: Bundle, plan: Mapping[str, Any], assignment: Mapping[str, Any], looks: list[Any], fingerprint: str
) -> Iterator[str]:
    """What does not agree with the frozen plan: looks, words, and the seed."""
    for look in looks:
        if look["plan"] != fingerprint or look["campaign"] != plan["campaign"]:
            yield f"look {look['look']} belongs to another plan"
    digests = {
        (arm["arm"], text["text"], locale): digest
        for arm in plan["arms"]
        for text in (arm, *arm.get("further_texts", ()))
        for locale, digest in text["languages"].items()
    }
    shown = {
        (each["arm"], each["text"], each["covered"]["locale"]): fingerprint_of(canonical_json(each["covered"]))
        for each in bundle.json("messages.json")
    }
    if shown != digests:
        yield "the messages do not match the plan"
    seed = assignment["seed"]
    if assignment["seed_sha256"] != plan["salt_sha256"]:
        yield "the seed does not match the plan"
    if seed is not None and hashlib.sha256(seed.encode()).hexdigest() != plan["salt_sha256"]:
        yield "the seed does not match the plan"
