"""Conditions that hold times to whole days and hours."""

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Round
from django.db.models.lookups import Exact, IsNull

# Upper bound for hours since 1970: high enough for a thousand years, and below any count of minutes.
MAX_HOURS = 10_000_000


def hour_is_whole(field: str) -> Q:
    """Condition that a field holds whole hours since 1970: SQLite stores fractions and text in integer columns."""
    return Q(**{f"{field}__lt": MAX_HOURS}) & Q(Exact(Round(field), F(field)))


def day_is_whole(field: str) -> Q:
    """Condition that a field holds a date without a time: SQLite stores both in date columns."""
    date = Func(F(field), function="DATE", output_field=models.DateField())
    return Q(IsNull(date, False)) & Q(Exact(date, F(field)))
