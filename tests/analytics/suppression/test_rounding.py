"""Rounding keeps small cells hidden, and says nothing that the verdict does not."""

import pytest

from analytics.suppression.rounding import round_end


@pytest.mark.parametrize(
    ("end", "margin", "rounded"),
    [
        (0.0, 0.02, 0.0),
        (0.0004, 0.02, 0.01),  # above zero, as "better" says
        (-0.0004, 0.02, -0.01),
        (0.0196, 0.02, 0.01),  # inside the margin, as "no meaningful difference" says
        (-0.0196, 0.02, -0.01),
        (0.0204, 0.02, 0.03),
        (0.0196, 0.0, 0.02),
        (0.0451, 0.02, 0.05),
    ],
)
def test_an_end_stays_on_its_side_of_zero_and_of_the_margin(end: float, margin: float, rounded: float) -> None:
    assert round_end(end, 2, margin=margin) == rounded
