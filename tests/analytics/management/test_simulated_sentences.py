"""The section about sentences counts each rule, and what is false of the truth."""

import re

from analytics.management.simulated_sentences import sentences_section


def test_what_is_said_of_known_rates_is_rarely_false() -> None:
    lines = sentences_section(160)
    rows = [line for line in lines if re.match(r"\| [\d,; ]+(in 100)? \|", line)]
    assert [row.split(" | ")[0] for row in rows] == [
        *("| 0 in 100", "| 1 in 100", "| 2 in 100", "| 5 in 100"),
        *("| 5, 5; 10", "| 3, 3; 3", "| 7, 7; 10", "| 5, 5; 14", "| 1, 1; 1"),
    ]
    false = [float(share) for row in rows for share in re.findall(r"false ([\d.]+)%", row)]
    assert max(false, default=0.0) < 8  # 120 comparisons or 40 campaigns of a kind, of 2.5% at most
