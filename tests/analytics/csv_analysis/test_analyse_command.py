"""`manage.py analyse` on published tables."""

import csv
import json
import os
import subprocess
import sys
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
ROOT = Path(__file__).parents[3]
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
    assert set(told["omnibus"]) == {"statistic", "df", "p_value", "method"}
    assert set(told["sample_ratio"]) == {"p_value", "status", "method"}
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


def test_columns_may_stand_in_any_order_and_others_are_left_out(tmp_path: Path) -> None:
    told = analyse(tmp_path, "\ufeffnote,events, n ,arm\nx,10,100,a\n\ny,20,100,b\n", "--control", "a")
    assert [(arm["arm"], arm["n"], arm["events"]) for arm in told["arms"]] == [("a", 100, 10), ("b", 100, 20)]
    assert told["notes"] == ["Columns left out: note."]


def test_an_empty_arm_is_null_and_not_zero(tmp_path: Path) -> None:
    told = analyse(tmp_path, "arm,n,events\na,0,0\nb,0,0\n", "--control", "a")
    assert told["arms"][0]["rate"] is None
    assert told["comparisons"][0]["effect"] is None


def test_a_margin_says_whether_an_arm_is_shown_to_be_no_worse(tmp_path: Path) -> None:
    """Newcombe 1998, table II, (a): for 56 of 70 against 48 of 80 the interval ends at 0.3382, so the p is 0.025."""
    text = "arm,n,events\na,80,48\nb,70,56\n"
    told = analyse(tmp_path, text, "--control", "a", "--margin", "0.3382", "--lower-is-better")
    assert told["checks"]["pairs"][0]["not_worse_p"] == pytest.approx(0.025, abs=5e-5)
    assert analyse(tmp_path, text, "--control", "a")["checks"]["pairs"][0]["not_worse_p"] is None


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("", ("--control", "a"), "line 1: the column arm is missing"),
        ("arm,n\na,1\n", ("--control", "a"), "the column events is missing"),
        ("arm,n,events\na,1,0\n", ("--control", "a"), "At least two arms"),
        ("arm,n,events\na,1,0\nb,x,0\n", ("--control", "a"), "line 3, column n: “x” is not a whole number"),
        ("arm,n,events\na,1,0\nb,1.5,0\n", ("--control", "a"), "line 3, column n"),
        ("arm,n,events\na,1,2\nb,1,0\n", ("--control", "a"), r"line 2, column events: 2 is greater than n \(1\)"),
        ("arm,n,events\na,1,0\nb,1\n", ("--control", "a"), "line 3: 2 columns, but the header has 3"),
        ("arm,n,events\na,1,0\nb,-1,0\n", ("--control", "a"), "line 3, column n"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "c"), "no arm “c”"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--weights", "1"), "1 numbers for 2 arms"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--weights", "1,-1"), "zero or more"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--weights", "1,nan"), "zero or more"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--weights", "1,0"), "fewer than two arms"),
        ("arm,n,events\na,1,0\nb,1,0\nc,1,0\n", ("--control", "a", "--weights", "0,1,1"), "no arm “a”"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--margin", "2"), "between 0 and 1"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--monitoring", "always-valid"), "--planned-per-arm"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--looks", "0.5"), "must be used together"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--factorial", "a,b,c,d"), "no arm “c”"),
        ("arm,n,events\na,1,0\nb,1,0\n", ("--control", "a", "--factorial", "a,b"), "four different arms"),
        ("arm,n,events,stratum,cluster\na,1,0,x,1\nb,1,0,x,2\n", ("--control", "a"), "Keep only one"),
    ],
)
def test_a_wrong_table_is_named_by_line_and_column(
    tmp_path: Path, text: str, options: tuple[str, ...], says: str
) -> None:
    with pytest.raises(CommandError, match=says):
        analyse(tmp_path, text, *options)


def test_an_unquoted_separator_of_thousands_is_refused_and_a_quoted_one_is_read(tmp_path: Path) -> None:
    """20,015 people and 310 events were read as 15 events of 20 people."""
    with pytest.raises(CommandError, match="line 2: 4 columns, but the header has 3"):
        analyse(tmp_path, "arm,n,events\ncontrol,20,015,310\nb,20,014,402\n", "--control", "control")
    text = 'arm,n,events\ncontrol,"20,015",310\nb,"20,014",402\n'
    (row,) = analyse(tmp_path, text, "--control", "control")["comparisons"]
    # Miettinen and Nurminen's interval and p by mpmath, 30 digits, from the score statistic itself.
    assert round(row["effect"], 7) == 0.0045976
    assert (round(row["interval"]["low"], 7), round(row["interval"]["high"], 7)) == (0.0020131, 0.0072045)
    assert round(row["p_value"], 8) == 0.00050225


def test_an_open_quotation_mark_swallows_no_arms(tmp_path: Path) -> None:
    rows = ["a,1000,100,ok", 'b,1000,120,"see below', "c,1000,170,ok", "d,1000,180,ok"]
    with pytest.raises(CommandError, match="line 3, column note"):
        analyse(tmp_path, "\n".join(["arm,n,events,note", *rows]), "--control", "a")
    rows[1] += '"'
    told = analyse(tmp_path, "\n".join(["arm,n,events,note", *rows]), "--control", "a")
    found = {row["treated"]: row for row in told["comparisons"] if row["control"] == "a"}
    # The same, by mpmath.
    for arm, effect, low, high in (("c", 0.07, 0.0403, 0.1001), ("d", 0.08, 0.0499, 0.1105)):
        interval = found[arm]["interval"]
        assert [round(value, 4) for value in (found[arm]["effect"], interval["low"], interval["high"])] == [
            effect,
            low,
            high,
        ]


def test_an_arm_of_weight_0_is_left_out_by_name(tmp_path: Path) -> None:
    text = "arm,n,events\na,1000,100\nstopped,3,1\nb,1000,140\n"
    told = analyse(tmp_path, text, "--control", "a", "--weights", "1,0,1")
    assert [arm["arm"] for arm in told["arms"]] == ["a", "b"]
    assert told["notes"] == ["“stopped” has weight 0 and is left out."]
    assert told["sample_ratio"]["status"] == "ok"


def test_the_control_is_found_however_its_accents_are_written(tmp_path: Path) -> None:
    told = analyse(tmp_path, "arm,n,events\ncafé,1000,100\nb,1000,140\n", "--control", "cafe\u0301")
    assert told["comparisons"][0]["control"] == "café"


@pytest.mark.parametrize(
    "name",
    [
        "[us] prospecting",
        "control [/a]",
        "video:on:x",
        "[bold]",
        "\\[x]",
        "{x}",
        "%s",
        "a" * 150,
        "مرحبا",
        "可愛い",
        "a  b",
    ],
)
def test_names_stand_in_the_terminal_as_they_stand_in_the_file(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"arm,n,events\n{name},1000,100\nb,1000,140\n", encoding="utf-8")
    call_command("analyse", str(path), "--control", name)
    printed = capsys.readouterr().out
    first_column = "".join(line.split("│")[1].strip() for line in printed.splitlines() if line.startswith("│"))
    assert first_column.startswith(f"{name}b")
    assert f"“{name}”" in printed.replace("\n", "")


def test_what_turns_the_direction_of_a_line_does_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("arm,n,events\na\u202eb,1000,100\nb,1000,140\n", encoding="utf-8")
    call_command("analyse", str(path), "--control", "b")
    assert "\u202e" not in (printed := capsys.readouterr().out)
    assert "a\ufffdb" in printed


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


# Events of 40 people in each of 20 and 20 households, assigned whole.
HOUSEHOLDS = {
    "a": (10, 0, 40, 0, 0, 0, 10, 0, 0, 0, 0, 40, 40, 0, 0, 0, 40, 0, 0, 0),
    "b": (0, 40, 0, 10, 0, 10, 40, 40, 10, 0, 40, 10, 0, 10, 40, 0, 0, 0, 10, 40),
}


def households(*, days: int) -> str:
    """The table of the households, each with its people spread evenly over some days."""
    rows = [
        f"{arm},{arm}{number},{day},{40 // days},{events // days}"
        for arm, counts in HOUSEHOLDS.items()
        for number, events in enumerate(counts)
        for day in range(days)
    ]
    return "\n".join(["arm,cluster,day,n,events", *rows])


@pytest.mark.parametrize("days", [1, 10])
def test_a_household_of_another_day_is_no_new_household(tmp_path: Path, days: int) -> None:
    told = analyse(tmp_path, households(days=days), "--control", "a")
    (row,) = told["comparisons"]
    # From the matrices of Bell and McCaffrey 2002, as R's clubSandwich has them: standard error 0.13254, df 38. With
    # each day a cluster of its own it was 0.0695 to 0.2305, p 0.0003, "better".
    assert row["effect"] == pytest.approx(0.15)
    assert (row["interval"]["low"], row["interval"]["high"]) == pytest.approx((-0.1183, 0.4183), abs=5e-5)
    assert row["p_value"] == pytest.approx(0.265, abs=5e-4)
    assert (row["verdict"], told["rules"]["clusters"]) == ("cannot-tell-yet", "nested")


def test_clusters_that_saw_every_arm_are_compared_within_themselves(tmp_path: Path) -> None:
    # By hand: per day 5, 1 and 3 more of 10, so 0.3 with the error sqrt(3/2 * 8/900) = 0.1155, df 2, p 0.1217.
    rows = [f"{arm},{day},10,{x}" for arm, xs in (("t", (6, 4, 8)), ("c", (1, 3, 5))) for day, x in enumerate(xs)]
    told = analyse(tmp_path, "\n".join(["arm,cluster,n,events", *rows]), "--control", "c")
    (row,) = told["comparisons"]
    assert (round(row["effect"], 6), round(row["p_value"], 4)) == (0.3, 0.1217)
    assert (told["rules"]["estimator"], told["rules"]["clusters"]) == ("clustered", "crossed")


@pytest.mark.parametrize(
    ("text", "says"),
    [(households(days=10), "40 clusters, each in one arm (nested)"),
     ("arm,cluster,n,events\na,d1,30,5\na,d2,40,9\nb,d1,31,9\nb,d2,38,11\n", "2 clusters that saw every arm (crossed)"),
     ("arm,stratum,n,events\na,x,30,5\na,y,40,9\nb,x,31,9\nb,y,38,11\n", "Differences are calculated within strata")],
)  # fmt: skip
def test_the_tables_say_what_was_assigned_and_show_nothing_that_ignores_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    call_command("analyse", str(path), "--control", "a")
    told = " ".join(capsys.readouterr().out.split())
    assert says in told
    assert "All arms at once" not in told
    assert "Chance to be best" not in told


def test_clusters_of_neither_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="1 of 3 clusters lack an arm, such as “d3”"):
        analyse(
            tmp_path,
            "arm,cluster,n,events\na,d1,30,5\na,d2,40,9\nb,d1,31,9\nb,d2,38,11\nb,d3,80,20\n",
            "--control",
            "a",
        )


def test_a_factorial_takes_no_strata(tmp_path: Path) -> None:
    text = "arm,stratum,n,events\n" + "".join(f"{arm},{s},9,3\n" for arm in "nvub" for s in "xy")
    with pytest.raises(CommandError, match="cannot be used with strata"):
        analyse(tmp_path, text, "--control", "n", "--factorial", "n,v,u,b")


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder with the trial of 2008 is not here")
@pytest.mark.slow
def test_mailings_are_judged_by_households(tmp_path: Path) -> None:
    # Gerber, Green and Larimer 2008 assigned households. Hawthorne against Civic Duty is p .020 if voters are counted,
    # and .062 by household.
    lines, voters = ["arm,cluster,n,events"], {"Civic Duty": [0, 0], "Hawthorne": [0, 0]}
    with (DATA / "gerber_green_larimer_2008_households.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["arm"] in voters:
                size, votes = int(row["size"]), int(row["votes"])
                for number in range(int(row["households"])):
                    lines.append(f"{row['arm']},{row['arm']} {size} {votes} {number},{size},{votes}")
                voters[row["arm"]][0] += size * int(row["households"])
                voters[row["arm"]][1] += votes * int(row["households"])
    told = analyse(tmp_path, "\n".join(lines), "--control", "Civic Duty")
    assert told["rules"]["clusters"] == "nested"
    assert round(told["comparisons"][0]["p_value"], 3) == 0.062
    text = "arm,n,events\n" + "".join(f"{arm},{n},{x}\n" for arm, (n, x) in voters.items())
    assert round(analyse(tmp_path, text, "--control", "Civic Duty")["comparisons"][0]["p_value"], 3) == 0.020


def test_days_say_when_a_verdict_was_first_reached(tmp_path: Path) -> None:
    lines = [f"{arm},{day},1000,{events}" for day in range(1, 13) for arm, events in (("a", 400), ("b", 460))]
    text = "\n".join(["arm,day,n,events", *lines])
    told = analyse(tmp_path, text, "--control", "a", "--monitoring", "always-valid", "--planned-per-arm", "12000")
    (row,) = told["comparisons"]
    assert row["verdict"] == "better"
    assert 2 <= int(row["first_said"]) <= 12


ALWAYS = ("--control", "a", "--monitoring", "always-valid", "--planned-per-arm", "20000")


def by_day(events: dict[int, int]) -> str:
    """A table of 1,000 people an arm and day: 400 events a day in the control, and these in the other arm."""
    lines = [f"{arm},{day},1000,{count}" for day in events for arm, count in (("a", 400), ("b", events[day]))]
    return "\n".join(["arm,day,n,events", *lines])


def test_the_first_day_is_that_of_the_verdict_said_now(tmp_path: Path) -> None:
    """Better from day 2 on; then 330 a day, and "worse" of all days so far is said on day 10 for the first time."""
    events = dict.fromkeys(range(1, 4), 480) | dict.fromkeys(range(4, 21), 330)
    so_far = {day: {each: events[each] for each in events if each <= day} for day in events}
    told = {day: analyse(tmp_path, by_day(so_far[day]), *ALWAYS)["comparisons"][0] for day in (2, 6, 9, 10, 20)}
    assert {day: (row["verdict"], row["first_said"]) for day, row in told.items()} == {
        2: ("better", "2"),
        6: ("cannot-tell-yet", None),
        9: ("cannot-tell-yet", None),
        10: ("worse", "10"),
        20: ("worse", "10"),
    }


def test_days_that_cannot_tell_do_not_interrupt_a_verdict_and_another_verdict_does(tmp_path: Path) -> None:
    lead = dict.fromkeys(range(1, 4), 480)
    paused = analyse(tmp_path, by_day(lead | {4: 200} | dict.fromkeys(range(5, 12), 480)), *ALWAYS)
    turned = analyse(
        tmp_path, by_day(lead | dict.fromkeys(range(4, 12), 330) | dict.fromkeys(range(12, 50), 480)), *ALWAYS
    )
    assert [told["comparisons"][0]["verdict"] for told in (paused, turned)] == ["better", "better"]
    assert paused["comparisons"][0]["first_said"] == "2"
    assert int(turned["comparisons"][0]["first_said"]) > 12


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


@pytest.mark.process
def test_it_needs_no_place_to_write_and_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(KARLAN_LIST, encoding="utf-8")
    places = {f"{name}_DIRECTORY": str(tmp_path / name.lower()) for name in ("DATA", "KEY", "SPOOL")}
    environment = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"} | places
    command = [
        sys.executable,
        "manage.py",
        "analyse",
        str(path),
        "--control",
        "control",
        "--weights",
        "3,2,2,2",
        "--json",
    ]
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(found.stdout)["sample_ratio"]["status"] == "ok"
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.csv"]


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
