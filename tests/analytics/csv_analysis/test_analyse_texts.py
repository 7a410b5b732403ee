"""`manage.py analyse` answers for texts of a kind where a table has a column text or set."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.analytics.csv_analysis.test_analyse_command import KARLAN_LIST, analyse

# Four sets, 8, 5, 6 and 9 points apart, of 1,000 people each.
RATES = {"control": (400, 450, 380, 480), "appeal": (480, 500, 440, 570)}
SETS = "arm,set,n,events\n" + "".join(
    f"{arm},set {number},1000,{events}\n" for arm, texts in RATES.items() for number, events in enumerate(texts, 1)
)
TEXTS = SETS.replace("set,n", "text,n")


def test_a_column_set_compares_within_matched_sets(tmp_path: Path) -> None:
    told = analyse(tmp_path, SETS, "--control", "control")
    (row,) = told["kinds"]["comparisons"]
    # 7 +- t(3) sqrt(10/3)/2 points: matched.difference.
    assert (row["effect"], row["interval"]["low"], row["interval"]["high"]) == pytest.approx(
        (0.07, 0.0409, 0.0991), abs=1e-4
    )
    assert (row["verdict"], row["method"], row["details"]["texts"]) == ("better", "t over sets", 4)
    assert row["sentence"] == "For messages of this kind: 7 more in 100 (4 to 10)."


def test_a_column_text_compares_texts_of_each_arm_s_own(tmp_path: Path) -> None:
    told = analyse(tmp_path, TEXTS, "--control", "control")
    (row,) = told["kinds"]["comparisons"]
    assert (told["comparisons"][0]["verdict"], row["verdict"]) == ("better", "cannot-tell-yet")
    assert row["method"] == "welch over texts"
    assert "More texts would help" in row["sentence"]
    assert [(each["arm"], each["text"]) for each in told["kinds"]["texts"]][:5] == [
        *(("control", f"set {number}") for number in (1, 2, 3, 4)),
        ("control", "next"),
    ]


def test_without_such_a_column_nothing_is_said_of_a_kind(tmp_path: Path) -> None:
    assert "kinds" not in analyse(tmp_path, KARLAN_LIST, "--control", "control")


def test_strata_are_brought_to_one_mix(tmp_path: Path) -> None:
    rows = [line.split(",") for line in SETS.splitlines()[1:]]
    table = "arm,set,stratum,n,events\n" + "".join(
        f"{arm},{name},{place},500,{int(events) // 2}\n" for arm, name, _, events in rows for place in ("a", "b")
    )
    (row,) = analyse(tmp_path, table, "--control", "control")["kinds"]["comparisons"]
    assert row["effect"] == pytest.approx(0.07)


def test_the_factorial_is_answered_for_the_kind_too(tmp_path: Path) -> None:
    rates = {"neither": (400, 420, 380), "first": (450, 490, 440), "second": (420, 440, 400), "both": (500, 530, 470)}
    table = "arm,set,n,events\n" + "".join(
        f"{arm},{number},1000,{events}\n" for arm, texts in rates.items() for number, events in enumerate(texts)
    )
    told = analyse(tmp_path, table, "--control", "neither", "--factorial", "neither,first,second,both")
    assert {row["term"]: round(row["effect"], 4) for row in told["kinds"]["factorial"]} == {
        "first": 0.07,
        "second": 0.03,
        "interaction": 0.02,
        "both_minus_first": 0.04,
    }


def test_before_a_quarter_of_the_planned_units_the_kind_is_not_judged(tmp_path: Path) -> None:
    options = ("--control", "control", "--monitoring", "always-valid", "--planned-per-arm")
    early = analyse(tmp_path, SETS, *options, "40000")["kinds"]
    assert (early["comparisons"], early["note"]) == (
        [],
        "Texts of this kind are judged from a quarter of the planned units on.",
    )
    assert analyse(tmp_path, SETS, *options, "4000")["kinds"]["weight"] == 0.8


def test_a_set_that_lacks_an_arm_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="The set “set 4” has no row for the arm “appeal”"):
        analyse(tmp_path, SETS.replace("appeal,set 4,1000,570\n", ""), "--control", "control")


def test_a_column_that_names_a_thousand_texts_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"{arm},{number},100,{40 + number % 7}\n" for arm in ("a", "b") for number in range(1000))
    with pytest.raises(CommandError, match="more than 200 texts"):
        analyse(tmp_path, f"arm,text,n,events\n{rows}", "--control", "a")
