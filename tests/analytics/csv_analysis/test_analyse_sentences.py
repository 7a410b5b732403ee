"""What `manage.py analyse` prints is what the table says. The examples are those that an audit found to say more."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from tests.analytics.csv_analysis.test_analyse_command import analyse


def printed(capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, *options: str) -> str:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    call_command("analyse", str(path), *options)
    return " ".join(capsys.readouterr().out.split())


def test_few_are_not_none(tmp_path: Path) -> None:
    """The audit: "0 of 100 had the outcome", beside "better", for 25 of 10,000."""
    table = "arm,n,events\ncontrol,10000,700\nmessage,10000,25\n"
    (row,) = analyse(tmp_path, table, "--control", "control", "--lower-is-better")["comparisons"]
    assert row["verdict"] == "better"
    assert row["sentence"].startswith("Of 1,000 in “message”, 2 had the outcome; 68 fewer than with “control”")


def test_most_are_not_all(tmp_path: Path) -> None:
    """The audit: "100 of 100" for 999 of 1,000."""
    table = "arm,n,events\ncontrol,1000,900\nmessage,1000,999\n"
    (row,) = analyse(tmp_path, table, "--control", "control")["comparisons"]
    assert row["sentence"].startswith("Of 1,000 in “message”, 999 had the outcome; 99 more than with “control”")


def test_no_interval_is_nothing_to_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The audit: "0.00% to 0.00%"."""
    told = printed(capsys, tmp_path, "arm,n,events\na,9000000,20\nb,9000000,90\n", "--control", "a")
    assert "0.00% to 0.00%" not in told
    assert "0.0001% to 0.0003%" in told


def test_no_p_value_is_zero(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The audit: p printed as 0.0000."""
    told = printed(capsys, tmp_path, "arm,n,events\na,1000,100\nb,1000,500\n", "--control", "a")
    assert "0.0000" not in told
    assert "with 1 degree of freedom, p below 0.0001" in told


def test_an_exact_p_value_names_its_method(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The audit: "chi-square 10.349, df 2, p .0041", where p was Freeman and Halton's."""
    table = "arm,n,events\na,40,1\nb,40,1\nc,40,8\n"
    told = printed(capsys, tmp_path, table, "--control", "a")
    assert "chi-square" not in told
    assert "All arms at once: p 0.0069 by Freeman and Halton’s exact test" in told
    assert analyse(tmp_path, table, "--control", "a")["omnibus"]["method"] == "fisher-freeman-halton"
    assert analyse(tmp_path, table, "--control", "a")["sample_ratio"]["method"] == "pearson"


def test_one_question_that_waits_for_events_is_not_several(tmp_path: Path) -> None:
    """The audit: "not surely enough among several questions" was said where there is one and the events are too few."""
    rows = [f"{arm},{g},200,{events}" for g in range(30) for arm, events in (("a", int(g == 0)), ("b", 30 + g % 3))]
    table = "arm,cluster,n,events\n" + "\n".join(rows) + "\n"
    options = ("--monitoring", "always-valid", "--planned-per-arm", "6000")
    (row,) = analyse(tmp_path, table, "--control", "a", *options)["comparisons"]
    assert row["verdict"] == "cannot-tell-yet"
    assert "several questions" not in row["sentence"]
    assert (
        "but the evidence is not strong enough. We cannot tell yet. Each message needs at least 10" in row["sentence"]
    )


def test_a_difference_within_strata_is_not_told_as_that_of_all(tmp_path: Path) -> None:
    """In each stratum ten of 100 more, and over both together fewer, because the easy one has few of the message."""
    table = "arm,stratum,n,events\na,easy,9000,5400\nb,easy,1000,700\na,hard,1000,100\nb,hard,9000,1800\n"
    (row,) = analyse(tmp_path, table, "--control", "a")["comparisons"]
    assert row["verdict"] == "better"
    assert row["sentence"].startswith("Of 100 in “b”, 25 had the outcome; 10 more than with “a”")
    assert row["sentence"].endswith("This is the comparison within strata. For all people together it is 30 fewer.")


def test_where_neither_is_better_nothing_is_called_better_or_worse(tmp_path: Path) -> None:
    table = "arm,n,events\na,1000,100\nb,1000,200\nc,1000,40\n"
    told = analyse(tmp_path, table, "--control", "a", "--neither-is-better")
    assert [row["verdict"] for row in told["comparisons"]] == ["higher", "lower", "lower"]
    assert not any("worse" in row["sentence"] for row in told["comparisons"])
    assert told["rules"]["better"] == "none"
    assert told.get("checks", {}).get("arms", []) == []


def test_a_broken_split_is_named_as_the_reason(tmp_path: Path) -> None:
    (row,) = analyse(tmp_path, "arm,n,events\na,1000,100\nb,2000,200\n", "--control", "a")["comparisons"]
    assert row["sentence"] == "The comparison of “b” with “a” is withheld because the sample ratio is at alarm."
