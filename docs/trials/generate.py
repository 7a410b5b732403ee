"""Runs the product's statistics on real published trials and writes the pages beside this file.

python docs/trials/generate.py DIRECTORY   (the directory of the CSV files; they are not in the repository)
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from analytics.comparison.compare import all_pairs, check_sample_ratio, compare  # noqa: E402
from analytics.comparison.inputs import ArmCounts, Rules  # noqa: E402
from analytics.stats import Counts, Estimate, clusters, proportions, sample_ratio, sequential  # noqa: E402

AGAIN = "\nWritten by `python docs/trials/generate.py DIRECTORY`, where the directory holds the trial's CSV file.\n"


def rows(directory: Path, name: str) -> list[dict[str, str]]:
    with (directory / name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def known(estimate: object) -> Estimate:
    assert isinstance(estimate, Estimate)
    return estimate


def mailings(directory: Path) -> str:
    """Voters were counted, households were assigned: the unit decides."""
    households: dict[str, list[Counts]] = defaultdict(list)
    for row in rows(directory, "gerber_green_larimer_2008_households.csv"):
        one = Counts(n=int(row["size"]), events=int(row["votes"]))
        households[row["arm"]] += [one] * int(row["households"])
    totals = {
        arm: Counts(n=sum(one.n for one in many), events=sum(one.events for one in many))
        for arm, many in households.items()
    }
    lines = [
        "# Mailings: the unit decides",
        "",
        "Gerber, Green and Larimer 2008, *American Political Science Review* 102:33. Four mailings and a control, 344,084 voters. Households were",
        "assigned, voters were counted. Counts summed from the rows packaged with `grf-labs/maq` (MIT).",
        "",
        "**Does it matter whether one analyses voters or households?**",
        "",
        "| comparison | difference | p by voter | p by household | design effect |",
        "|---|---|---|---|---|",
    ]
    pairs = [(arm, "Control") for arm in ("Civic Duty", "Hawthorne", "Self", "Neighbors")] + [
        ("Hawthorne", "Civic Duty")
    ]
    for treated, control in pairs:
        voters = known(proportions.difference(treated=totals[treated], control=totals[control]))
        house = clusters.difference(treated=households[treated], control=households[control])
        assert isinstance(house, clusters.ClusterEstimate)
        lines.append(
            f"| {treated} − {control} | {100 * voters.effect:+.2f} | {_p(voters)} | {_p(house)} | {house.design_effect:.2f} |"
        )
    return "\n".join(
        [
            *lines,
            "",
            "By voter: Miettinen and Nurminen. By household: CR2 (Bell and McCaffrey), the default of `clusters.difference`.",
            "",
            "**Read.** All four mailings brought more people to vote, whichever way one counts. That Hawthorne beat Civic Duty is a claim only",
            "if voters of one household are taken for strangers; by household, the unit that was assigned, it is not.",
            AGAIN,
        ]
    )


def _p(estimate: Estimate) -> str:
    assert estimate.p_value is not None
    return "below 0.001" if estimate.p_value < 0.001 else f"{estimate.p_value:.3f}"


def stopping(directory: Path) -> str:
    """Two-arm tests watched over time: which early wins last?"""
    tests: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows(directory, "asos_checkpoints.csv"):
        tests[row["experiment_id"]].append(row)
    lines = [
        "# Stopping: early wins that vanish",
        "",
        "Six real two-arm tests of the ASOS Digital Experiments Dataset, watched over time (CC BY 4.0: Liu, Cardoso, Couturier and McCoy 2021,",
        "arXiv 2111.10198).",
        "",
        "**Which uncorrected wins vanish, and does a confidence sequence claim any of those?**",
        "",
        "| test | looks | days with p below 0.05 | p at the end | uncorrected | confidence sequence |",
        "|---|---|---|---|---|---|",
    ]
    vanished = claimed = 0
    for name, looks in tests.items():
        looks.sort(key=lambda row: float(row["days"]))
        arms = [
            (Counts(int(row["n_t"]), int(row["x_t"])), Counts(int(row["n_c"]), int(row["x_c"])), float(row["days"]))
            for row in looks
        ]
        planned = arms[-1][0].n + arms[-1][1].n
        p = [known(proportions.difference(treated=t, control=c)).p_value or 0.0 for t, c, _ in arms]
        sequence = [known(sequential.confidence_sequence(treated=t, control=c, n_planned=planned)) for t, c, _ in arms]
        wins, says = sum(value < 0.05 for value in p), any(0.0 not in found.interval for found in sequence)
        gone = wins > 0 and p[-1] >= 0.05
        vanished, claimed = vanished + gone, claimed + (gone and says)
        told = "vanishes" if gone else "lasts" if wins else "none"
        lines.append(
            f"| {name} | {len(p)} | {wins} | {p[-1]:.3f} | {told} | {'claims a difference' if says else 'claims nothing'} |"
        )
    return "\n".join(
        [
            *lines,
            "",
            "Uncorrected: Miettinen and Nurminen at every checkpoint. The confidence sequence is tuned to the size at the end.",
            "",
            f"**Read.** In {vanished} of {len(tests)} tests an uncorrected win showed on the way and was gone at the end. The confidence sequence",
            f"claimed {claimed} of those.",
            AGAIN,
        ]
    )


def headlines(directory: Path) -> str:
    """Four-arm headline tests: winners before and after the correction, and splits that were broken."""
    plain = corrected = alarms = 0
    sound = _headline_tests(directory, "upworthy_4arm.csv")
    for arms in sound:
        keys = [arm.key for arm in arms]
        for correction in ("none", "holm"):
            look = compare(arms, all_pairs(keys, keys[0]), Rules(correction=correction))
            found = any(row.verdict in ("better", "worse") for row in look.comparisons)
            plain, corrected = plain + (found and correction == "none"), corrected + (found and correction == "holm")
    broken = _headline_tests(directory, "upworthy_4arm_broken_split.csv")
    for arms in broken:
        ratio = check_sample_ratio(arms, Rules())
        alarms += isinstance(ratio, sample_ratio.SampleRatio) and ratio.status == "alarm"
    return "\n".join(
        [
            "# Headlines: many pairs, and broken splits",
            "",
            "Four-arm headline tests of the Upworthy Research Archive (CC BY 4.0: Matias, Munger, Aubin Le Quere and Ebersole 2021, *Scientific",
            "Data*, doi 10.1038/s41597-021-00934-7): 150 with sound splits, 30 from the months when a web cache broke the random split.",
            "",
            "| | tests | |",
            "|---|---|---|",
            f"| some pair differs, uncorrected | {plain} of {len(sound)} | {plain / len(sound):.0%} |",
            f"| some pair differs, after Holm over all six pairs | {corrected} of {len(sound)} | {corrected / len(sound):.0%} |",
            f"| sample-ratio alarm where the split was broken | {alarms} of {len(broken)} | {alarms / len(broken):.0%} |",
            "",
            f"**Read.** Without a correction {plain - corrected} more tests would have had a winner. Every broken split was noticed, and no verdict",
            "would have been given.",
            AGAIN,
        ]
    )


def _headline_tests(directory: Path, name: str) -> list[list[ArmCounts]]:
    tests: dict[str, list[ArmCounts]] = defaultdict(list)
    for row in rows(directory, name):
        tests[row["test_id"]].append(ArmCounts(row["arm"], Counts(int(row["impressions"]), int(row["clicks"]))))
    return list(tests.values())


PAGES = {"mailings.md": mailings, "stopping.md": stopping, "headlines.md": headlines}

if __name__ == "__main__":
    for page, write in PAGES.items():
        (HERE / page).write_text(write(Path(sys.argv[1])), encoding="utf-8")
