"""Format what stands beside a difference: ratios, lifts and sizes with their intervals."""

from collections.abc import Sequence

from django.utils.translation import gettext

from analytics import wording
from analytics.report_rows import CrossCheckRow, EffectRange


def ratio_text(found: EffectRange | None) -> str:
    """Format a ratio: "1.33 (1.26 to 1.41)", "above 1.08" where it has no upper end, a dash where there is none."""
    return _text(found, wording.RATIO)


def lift_text(found: EffectRange | None) -> str:
    """Format a relative lift as a percentage: "+33% (+26% to +41%)"."""
    return _text(found, wording.LIFT)


def size_text(found: EffectRange | None, scale: wording.PeopleScale) -> str:
    """Format a difference in people of the scale: "+9.1 (+7.2 to +11.0)"."""
    return _text(found, wording.EffectFormat(decimals=1, factor=scale.base))


def as_people(share: float) -> str:
    """Format a planned share as people: "2 in 100". The base is larger than 100 if the share is below 1%."""
    scale = wording.choose_scale([share]) if 0 < share < 0.01 else wording.PeopleScale(100)
    values = {"number": wording.compact_number(share * scale.base), "people": scale.people}
    return gettext("%(number)s in %(people)s") % values


def not_worse_sentence(
    treated: str, control: str, *, margin: float, p_value: float, level: float, by_one_network: bool = False
) -> str:
    """State whether it is ruled out that an arm is worse by a margin: at half the error, as an interval's one end.

    What one network alone could have ruled out is not.
    """
    template = (
        gettext(
            "We cannot rule out that %(treated)s is worse than %(control)s by %(margin)s or more, because one network "
            "alone could have changed this."
        )
        if by_one_network
        else gettext("We can rule out that %(treated)s is worse than %(control)s by %(margin)s or more.")
        if p_value < (1 - level) / 2
        else gettext("We cannot rule out that %(treated)s is worse than %(control)s by %(margin)s or more.")
    )
    return template % {
        "treated": wording.arm_phrase(treated),
        "control": wording.arm_phrase(control),
        "margin": as_people(margin),
    }


def has_check(rows: Sequence[CrossCheckRow], name: str) -> bool:
    """Whether any comparison has the cross-check of this name."""
    return any(getattr(row, name) is not None for row in rows)


def _text(found: EffectRange | None, written: wording.EffectFormat) -> str:
    return "–" if found is None else written.text(found.effect, found.low, found.high)
