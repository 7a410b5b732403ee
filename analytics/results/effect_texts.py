"""Format what stands beside a difference: ratios, lifts and sizes with their intervals."""

from collections.abc import Callable, Sequence

from django.utils.translation import gettext

from analytics import wording
from analytics.report_rows import CrossCheckRow, EffectRange


def ratio_text(found: EffectRange | None) -> str:
    """Format a ratio: "1.33 (1.26 to 1.41)", "above 1.08" where it has no upper end, a dash where there is none."""
    return _text(found, lambda ratio: wording.number(ratio, 2))


def lift_text(found: EffectRange | None) -> str:
    """Format a relative lift as a percentage: "+33% (+26% to +41%)"."""
    return _text(found, lambda share: gettext("%(number)s%%") % {"number": wording.signed_number(100 * share, 0)})


def size_text(found: EffectRange | None, scale: wording.PeopleScale) -> str:
    """Format a difference in people of the scale: "+9.1 (+7.2 to +11.0)"."""
    return _text(found, scale.signed)


def has_check(rows: Sequence[CrossCheckRow], name: str) -> bool:
    """Whether any comparison has the cross-check of this name."""
    return any(getattr(row, name) is not None for row in rows)


def _text(found: EffectRange | None, written: Callable[[float], str]) -> str:
    if found is None:
        return "–"
    if found.effect is None or found.high is None:
        return gettext("above %(number)s") % {"number": written(found.low)}
    return gettext("%(effect)s (%(interval)s)") % {
        "effect": written(found.effect),
        "interval": wording.range_text(written(found.low), written(found.high)),
    }
