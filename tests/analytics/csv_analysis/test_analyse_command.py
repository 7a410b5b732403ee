"""`manage.py analyse` on published tables."""

import csv
import json
from collections import defaultdict
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

# Karlan and List 2007, table 2A, panel A.
KARLAN_LIST = "arm,n,events\ncontrol,16687,298\nmatch_1to1,11133,231\nmatch_2to1,11134,252\nmatch_3to1,11129,253\n"
# Gerber, Green and Larimer 2008, table 2: 29.7, 31.5, 32.2, 34.5 and 37.8 percent voted.
GERBER_GREEN_LARIMER = (
    "arm,n,events\nControl,191243,56730\nCivic Duty,38218,12021\nHawthorne,38204,12316\nSelf,38218,13191\n"
    "Neighbors,38201,14438\n"
)
DATA = Path(__file__).parents[4] / "shared" / "data"


def analyse(tmp_path: Path, text: str, *options: str) -> Any:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    out = StringIO()
    call_command("analyse", str(path), *options, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_karlan_and_list_is_told_as_published(tmp_path: Path) -> None:
    told = analyse(tmp_path, KARLAN_LIST, "--control", "control", "--weights", "3,2,2,2")
    # Pearson's chi-square without correction: scipy.stats.chi2_contingency gives 10.9930, df 3, p 0.01178.
    assert round(told["omnibus"]["statistic"], 3) == 10.993
    assert told["omnibus"]["df"] == 3
    assert round(told["omnibus"]["p_value"], 4) == 0.0118
    assert told["sample_ratio"]["status"] == "ok"
    better = [(row["treated"], row["control"]) for row in told["comparisons"] if row["verdict"] == "better"]
    assert better == [("match_2to1", "control"), ("match_3to1", "control")]


def test_all_four_mailings_beat_the_control(tmp_path: Path) -> None:
    told = analyse(tmp_path, GERBER_GREEN_LARIMER, "--control", "Control", "--weights", "5,1,1,1,1")
    rows = {(row["treated"], row["control"]): row for row in told["comparisons"]}
    against_control = [row for (_, control), row in rows.items() if control == "Control"]
    assert [row["verdict"] for row in against_control] == ["better"] * 4
    # The paper: Neighbors adds 8.1 percentage points.
    assert round(100 * rows[("Neighbors", "Control")]["effect"], 1) == 8.1


def test_the_contract_of_the_json(tmp_path: Path) -> None:
    told = analyse(tmp_path, KARLAN_LIST, "--control", "control")
    assert set(told) == {"version", "rules", "arms", "omnibus", "sample_ratio", "comparisons"}
    assert set(told["arms"][0]) == {"arm", "n", "events", "rate", "interval"}
    assert set(told["arms"][0]["interval"]) == {"low", "high", "level"}
    assert set(told["omnibus"]) == {"statistic", "df", "p_value"}
    assert set(told["sample_ratio"]) == {"p_value", "status"}
    assert set(told["comparisons"][0]) == {
        "treated", "control", "effect", "interval", "p_value", "p_adjusted", "verdict", "sentence",
        "method", "reason", "more_per_arm", "more_per_arm_range", "held",
    }  # fmt: skip


def test_equal_weights_on_an_unequal_split_raise_the_alarm(tmp_path: Path) -> None:
    told = analyse(tmp_path, KARLAN_LIST, "--control", "control")
    assert told["sample_ratio"]["status"] == "alarm"
    assert {row["verdict"] for row in told["comparisons"]} == {"withheld"}


def test_a_margin_allows_no_meaningful_difference(tmp_path: Path) -> None:
    text = "arm,n,events\na,100000,50000\nb,100000,50010\n"
    (row,) = analyse(tmp_path, text, "--control", "a", "--margin", "0.01")["comparisons"]
    assert row["verdict"] == "no-meaningful-difference"
    (row,) = analyse(tmp_path, text, "--control", "a")["comparisons"]
    assert row["verdict"] == "cannot-tell-yet"


def test_columns_may_stand_in_any_order_and_others_are_ignored(tmp_path: Path) -> None:
    told = analyse(tmp_path, "\ufeffnote,events, n ,arm\nx,10,100,a\n\ny,20,100,b\n", "--control", "a")
    assert [(arm["arm"], arm["n"], arm["events"]) for arm in told["arms"]] == [("a", 100, 10), ("b", 100, 20)]


def test_an_empty_arm_is_null_and_not_zero(tmp_path: Path) -> None:
    told = analyse(tmp_path, "arm,n,events\na,0,0\nb,0,0\n", "--control", "a")
    assert told["arms"][0]["rate"] is None
    assert told["comparisons"][0]["effect"] is None


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("", ("--control", "a"), "line 1: the column arm is missing"),
        ("arm,n\na,1\n", ("--control", "a"), "the column events is missing"),
        ("arm,n,events\na,1,0\n", ("--control", "a"), "fewer than two arms"),
        ("arm,n,events\na,1,0\nb,x,0\n", ("--control", "a"), "line 3, column n: “x” is not a whole number"),
        ("arm,n,events\na,1,0\nb,1.5,0\n", ("--control", "a"), "line 3, column n"),
        ("arm,n,events\na,1,2\nb,1,0\n", ("--control", "a"), "line 2, column events: 2 is more than n, 1"),
        ("arm,n,events\na,1,0\na,1,0\n", ("--control", "a"), "line 3, column arm: “a” stands twice"),
        ("arm,n,events\na,1,0\nb,1\n", ("--control", "a"), "line 3: 2 columns where the header has 3"),
        ("arm,n,events\na,1,0\nb,-1,0\n", ("--control", "a"), "line 3, column n"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "c"), "no arm “c”"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--weights", "1"), "1 numbers for 2 arms"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--weights", "1,0"), "above zero"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--margin", "2"), "between 0 and 1"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--monitoring", "always-valid"), "--planned-per-arm"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--looks", "0.5"), "goes with"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--factorial", "a,b,c,d"), "no arm “c”"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--factorial", "a,b"), "four different arms"),
        ("arm,n,events,stratum,cluster\na,1,0,x,1\nb,1,0,x,2\n", ("--control", "a"), "choose one"),
    ],
)
def test_a_wrong_table_is_named_by_line_and_column(
    tmp_path: Path, text: str, options: tuple[str, ...], says: str
) -> None:
    with pytest.raises(CommandError, match=says):
        analyse(tmp_path, text, *options)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("analyse", str(tmp_path / "nowhere.csv"), "--control", "a")


def test_strata_are_compared_within_themselves(tmp_path: Path) -> None:
    # Simpson's paradox by hand: b is 10 points better in each stratum, and worse when they are thrown together.
    text = "arm,stratum,n,events\na,x,100,10\na,y,900,810\nb,x,900,180\nb,y,100,100\n"
    (row,) = analyse(tmp_path, text, "--control", "a")["comparisons"]
    assert round(row["effect"], 6) == 0.1
    assert row["method"].startswith("mantel-haenszel")


def test_clusters_are_the_unit_that_was_assigned(tmp_path: Path) -> None:
    # The example in clusters.difference, worked by hand there: effect 0.2, standard error 0.1528, df 2.27.
    lines = [
        f"{arm},{number},10,{events}" for number, (arm, events) in enumerate(zip("tttcc", (6, 2, 4, 1, 3), strict=True))
    ]
    told = analyse(tmp_path, "\n".join(["arm,cluster,n,events", *lines]), "--control", "c", "--weights", "3,2")
    (row,) = told["comparisons"]
    assert (round(row["effect"], 6), row["verdict"], told["rules"]["estimator"]) == (
        0.2,
        "cannot-tell-yet",
        "clustered",
    )


def test_days_say_when_a_verdict_was_first_reached(tmp_path: Path) -> None:
    lines = [f"{arm},{day},1000,{events}" for day in range(1, 13) for arm, events in (("a", 400), ("b", 460))]
    text = "\n".join(["arm,day,n,events", *lines])
    told = analyse(tmp_path, text, "--control", "a", "--monitoring", "always-valid", "--planned-per-arm", "12000")
    (row,) = told["comparisons"]
    assert row["verdict"] == "better"
    assert 2 <= int(row["first_said"]) <= 12


def test_the_factorial_on_request(tmp_path: Path) -> None:
    # 20, 30, 25 and 45 of 100, as in factorial.two_by_two: 0.15, 0.1, 0.1 and 0.45 - 0.30.
    text = "arm,n,events\nn,100,20\nv,100,30\nu,100,25\nb,100,45\n"
    terms = analyse(tmp_path, text, "--control", "n", "--factorial", "n,v,u,b")["factorial"]
    assert {term["term"]: round(term["effect"], 6) for term in terms} == {
        "first": 0.15,
        "second": 0.1,
        "interaction": 0.1,
        "both_minus_first": 0.15,
    }


def test_a_group_sequential_look_names_its_looks(tmp_path: Path) -> None:
    options = ("--monitoring", "group-sequential", "--planned-per-arm", "33374", "--looks", "0.25,0.5")
    told = analyse(tmp_path, KARLAN_LIST, "--control", "control", "--weights", "3,2,2,2", *options)
    assert told["rules"]["looks"] == [0.25, 0.5]
    assert {row["verdict"] for row in told["comparisons"]} == {"cannot-tell-yet"}


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder with the Upworthy archive is not here")
def test_every_upworthy_test_with_a_broken_split_raises_the_alarm(tmp_path: Path) -> None:
    tests: dict[str, list[str]] = defaultdict(list)
    with (DATA / "upworthy_4arm_broken_split.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            tests[row["test_id"]].append(f"{row['arm']},{row['impressions']},{row['clicks']}")
    assert len(tests) == 30
    for rows in tests.values():
        told = analyse(tmp_path, "\n".join(["arm,n,events", *rows]), "--control", rows[0].split(",")[0])
        assert told["sample_ratio"]["status"] == "alarm"
        assert {comparison["verdict"] for comparison in told["comparisons"]} == {"withheld"}
