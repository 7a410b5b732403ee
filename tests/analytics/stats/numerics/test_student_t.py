import pytest
from scipy.stats import nct, t

from analytics.stats.numerics.student_t import critical_t, two_sided_power


@pytest.mark.parametrize("df", [1.0, 1.3, 2.0, 3.0, 5.7, 11.0, 22.0])
@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.01, 1e-4])
def test_critical_values_are_those_of_scipy(df: float, alpha: float) -> None:
    assert critical_t(alpha, df) == pytest.approx(t.ppf(1 - alpha / 2, df), rel=1e-5)


@pytest.mark.parametrize("df", [1.0, 1.3, 2.0, 3.0, 5.7, 11.0, 22.0])
@pytest.mark.parametrize("shift", [0.0, 1.0, 3.0, 6.0])
def test_power_is_that_of_the_noncentral_t_of_scipy(df: float, shift: float) -> None:
    critical = t.ppf(0.975, df)
    theirs = nct.sf(critical, df, shift) + nct.cdf(-critical, df, shift)
    assert two_sided_power(critical, df=df, shift=shift) == pytest.approx(theirs, abs=2e-4)
