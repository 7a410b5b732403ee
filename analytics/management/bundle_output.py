"""Say what the check of a bundle found, as `manage.py analyse --bundle` does."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

from analytics.bundle_check.check import BundleReport


class BundleVerdict(NamedTuple):
    """Whether a bundle holds, in one line."""

    holds: bool
    sentence: str


def verdict(report: BundleReport, *, expected_fingerprint: str | None) -> BundleVerdict:
    """Judge a bundle, and whose signature it has if the reader names a fingerprint."""
    if report.faults:
        return BundleVerdict(
            False, f"The check failed: {len(report.faults)} of its statements are wrong. {report.faults[0]}."
        )
    if expected_fingerprint is not None and _digits(expected_fingerprint) != _digits(report.fingerprint):
        return BundleVerdict(False, f"The check failed: it is signed by another key, {report.fingerprint}.")
    signer = "as expected" if expected_fingerprint else f"by the key {report.fingerprint}"
    return BundleVerdict(
        True,
        f"The check passed: {report.files} files are as signed ({signer}), {report.following} numbers follow from its "
        f"counts, and {len(report.others)} cannot be calculated from them.",
    )


def details(report: BundleReport) -> Iterator[str]:
    """Yield what was checked, each fault, and the numbers that cannot be worked out, grouped."""
    yield f"Campaign {report.campaign}, plan {report.plan_fingerprint}, looks: {report.looks}."
    yield from (f"Wrong: {fault}." for fault in report.faults)
    for group, count in Counter(map(_group_of, report.others)).items():
        yield f"Cannot be calculated from released counts: {group} ({count})."


def as_dict(report: BundleReport) -> dict[str, Any]:
    """Build the JSON of `analyse --bundle --json`."""
    return {"version": 1, "holds": report.holds, **asdict(report)}


def _group_of(name: str) -> str:
    """A number's name without its last part, which says which end of an interval it is."""
    return name.rpartition("/")[0] or name


def _digits(fingerprint: str) -> str:
    return "".join(fingerprint.split()).lower()
