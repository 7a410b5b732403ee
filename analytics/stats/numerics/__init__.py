"""Numerical methods that estimators share: score and Wald intervals, exact tables, root finding, quadrature."""
