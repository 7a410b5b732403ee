"""Correct an estimate that was chosen because it was large."""

from math import exp, isfinite, sqrt

from analytics.stats.values import Estimate, NotEstimable

# Weights and standard deviations of the signal-to-noise ratio over trials of the Cochrane database.
_WEIGHTS = (0.32, 0.31, 0.30, 0.07)
_SPREADS = (0.61, 1.42, 2.16, 5.64)


def corrected_effect(estimate: Estimate | NotEstimable) -> float | NotEstimable:
    """How large is an effect likely to be, if we look at it because its estimate stood out?

    Formula: the mean of the true effect given the estimate y with standard error s, where the signal-to-noise ratio
    (true effect / s) has as prior a mixture of four normal distributions with mean 0, weights p = 0.32, 0.31, 0.30,
    0.07 and standard deviations t = 0.61, 1.42, 2.16, 5.64. With z = y / s it is y times the sum of q t^2 / (t^2 + 1),
    q in proportion to p exp(-z^2 / (2 (t^2 + 1))) / sqrt(t^2 + 1), and the q add to 1.

    Source: van Zwet, Schwab and Senn 2021, Statistics in Medicine 40:6107, for the method and the prior, which they
    estimated from 23,551 trials of the Cochrane database; van Zwet and Gelman 2022, The American Statistician 76:1, for
    such priors in general. Both are about medicine; for messages no such collection exists yet.

    Not for: a verdict or a report, which keep the planned estimate. An effect is not chosen because it is large if a
    campaign had one question and its answer is acted on whatever it is.

    The effect keeps its sign and comes nearer to 0: the more, the less sure it is. NotEstimable: an estimate without a
    finite standard error.

    An estimate that is just significant, 1.96 standard errors from 0, is corrected to about two thirds:

    >>> from analytics.stats import Interval
    >>> just = Estimate(1.96, Interval(0.0, 3.92, 0.95), 0.05, "z", standard_error=1.0)
    >>> round(corrected_effect(just) / just.effect, 2)
    0.63
    """
    if isinstance(estimate, NotEstimable):
        return estimate
    error = estimate.standard_error
    if error is None or not (isfinite(error) and error > 0.0):
        return NotEstimable("The estimate has no standard error, so we do not know how much of it may be chance.")
    z = estimate.effect / error
    # Relative to the widest part, so that no exponential vanishes with all the others.
    widest = max(_SPREADS) ** 2 + 1.0
    chances = [
        weight * exp(-z * z / 2.0 * (1.0 / (t * t + 1.0) - 1.0 / widest)) / sqrt(t * t + 1.0)
        for weight, t in zip(_WEIGHTS, _SPREADS, strict=True)
    ]
    kept = sum(q * t * t / (t * t + 1.0) for q, t in zip(chances, _SPREADS, strict=True)) / sum(chances)
    return estimate.effect * kept
