"""Statistics on sufficient counts alone: scipy and the standard library, no Django, no clock, no database.

Import the module you need (`from analytics.stats import proportions`); nothing heavy is imported here.
"""

from analytics.stats.values import Counts, Estimate, Interval, Levels, NotEstimable, OpenEstimate

__all__ = ["Counts", "Estimate", "Interval", "Levels", "NotEstimable", "OpenEstimate"]
