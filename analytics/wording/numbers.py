"""Numbers in the reader's language, with as many decimals as it takes to say nothing that the number does not.

No number but zero is shown as zero, no share but all as all, and no end of an interval on the far side of a bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import ceil

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext

_MOST_DECIMALS = 9
_BASES = (100, 1_000, 10_000, 100_000, 1_000_000)
_USUAL_ALPHAS = (0.1, 0.05, 0.025, 0.01, 0.005)
EQUAL = 1e-9
"""Numbers that differ by less are equal but for the rounding of the machine."""


def decimals_needed(values: Sequence[float], *, least: int, bounds: Sequence[float] = (0.0,)) -> int:
    """The fewest decimals at which different values differ, and each lies on its side of each bound.

    >>> decimals_needed([0.12, 1.44], least=0), decimals_needed([-1.96, 1.2], least=0, bounds=[-2.0, 0.0, 2.0])
    (1, 2)
    """
    for decimals in range(least, _MOST_DECIMALS):
        shown = [round(value, decimals) for value in values]
        if len(set(shown)) == len({round(value, _MOST_DECIMALS) for value in values}) and all(
            _side(after, bound) == _side(before, bound)
            for before, after in zip(values, shown, strict=True)
            for bound in bounds
        ):
            return decimals
    return _MOST_DECIMALS


def _side(value: float, bound: float) -> int:
    return (value > bound + EQUAL) - (value < bound - EQUAL)


def number(value: float, decimals: int = 0) -> str:
    """Format a number in the reader's language with a true minus sign: 1234.5 is "1,234.5" or "1 234,5"."""
    return _localize(f"{round(value, decimals) + 0.0:.{decimals}f}")


def compact_number(value: float) -> str:
    """Format a number to six figures without trailing zeros: 2.0 is "2"."""
    return _localize(f"{Decimal(f'{value:.6g}'):f}")


def _localize(text: str) -> str:
    return _localize_in(get_language(), text)


@lru_cache(maxsize=8192)  # a page of results writes a thousand numbers, most of them several times
def _localize_in(language: str | None, text: str) -> str:
    """Write a number in the language that is active; `language` tells equal numbers in several languages apart."""
    return number_format(text, use_l10n=True, force_grouping=True).replace("-", "−")


def signed_number(value: float, decimals: int) -> str:
    """Format a number with its sign, a plus included; what rounds to zero is +0."""
    shown = round(value, decimals) + 0.0
    return ("+" if shown >= 0 else "") + number(shown, decimals)


def percent(share: float) -> str:
    """Format a share: 0.95 is "95%", 0.975 "97.5%", 0.9996 "99.96%"."""
    value = round(share * 100, 10)
    decimals = decimals_needed([value], least=0, bounds=[0.0, 100.0])
    return gettext("%(number)s%%") % {"number": number(value, decimals)}


def chance_text(chance: float) -> str:
    """Format a chance: "62%"; near none or certain, say only on which side: "below 1%", "above 99%"."""
    if chance < 0.01:
        return gettext("below %(number)s") % {"number": percent(0.01)}
    if chance > 0.99:
        return gettext("above %(number)s") % {"number": percent(0.99)}
    return percent(round(chance, 2))


def level_text(level: float) -> str:
    """Format the level of an interval exactly: 0.975 is "97.5%"."""
    return gettext("%(number)s%%") % {"number": compact_number(level * 100)}


def range_text(low: str, high: str) -> str:
    """Format the ends of an interval: "6 to 12"."""
    return gettext("%(low)s to %(high)s") % {"low": low, "high": high}


def interval_in(low: float, high: float, *, decimals: int, signed: bool = False, bounds: Sequence[float] = ()) -> str:
    """Format an interval, with more decimals where its ends would coincide, lose their sign or reach a bound."""
    needed = decimals_needed([low, high], least=decimals, bounds=[0.0, *bounds])
    return range_text(*(signed_number(end, needed) if signed else number(end, needed) for end in (low, high)))


@dataclass(frozen=True, slots=True)
class EffectFormat:
    """How an effect and its interval are written: multiplied, signed, and not rounded to `none`, that is no effect."""

    decimals: int
    factor: float = 1.0
    signed: bool = True
    none: float = 0.0
    is_percent: bool = False

    def text(self, effect: float | None, low: float, high: float | None) -> str:
        """Format an effect: "+9.1 (+7.2 to +11.0)", or "above 1.08" where it has no upper end."""
        scaled = [value * self.factor for value in (low, effect, high) if value is not None]
        needed = decimals_needed(scaled, least=self.decimals, bounds=[self.none * self.factor])
        written = [self._write(value, needed) for value in scaled]
        if effect is None or high is None:
            return gettext("above %(number)s") % {"number": written[0]}
        return gettext("%(effect)s (%(interval)s)") % {
            "effect": written[1],
            "interval": range_text(written[0], written[2]),
        }

    def _write(self, value: float, decimals: int) -> str:
        text = signed_number(value, decimals) if self.signed else number(value, decimals)
        return gettext("%(number)s%%") % {"number": text} if self.is_percent else text


RATIO = EffectFormat(decimals=2, signed=False, none=1.0)
LIFT = EffectFormat(decimals=0, factor=100.0, is_percent=True)
DIFFERENCE_IN_PERCENT = EffectFormat(decimals=2, factor=100.0, is_percent=True)


@dataclass(frozen=True, slots=True)
class PeopleScale:
    """The round number of people that rates refer to: 100, or more for a rare outcome."""

    base: int

    @property
    def people(self) -> str:
        return number(self.base)

    def count(self, share: float) -> str:
        """Format a share as whole people: 0.437 of 100 is "44". Few are not said to be none, nor most to be all."""
        whole = round(share * self.base)
        if whole == 0 and share > 0:
            return gettext("fewer than %(number)s") % {"number": number(1)}
        if whole == self.base and share < 1:
            return gettext("more than %(number)s") % {"number": number(self.base - 1)}
        return number(whole)

    def decimal(self, share: float) -> str:
        """Format a share in people with one decimal, or more where it would be none or all: 0.4372 of 100 is "43.7"."""
        value = share * self.base
        return number(value, decimals_needed([value], least=1, bounds=[0.0, self.base]))

    def signed(self, share: float) -> str:
        """Format a difference with its sign and one decimal, or more where it would be 0: 0.0912 of 100 is "+9.1"."""
        value = share * self.base
        return signed_number(value, decimals_needed([value], least=1))

    def interval(self, low: float, high: float) -> str:
        """Format the interval of a rate in people, with a decimal: "40.1 to 45.0"."""
        return interval_in(low * self.base, high * self.base, decimals=1, bounds=[self.base])

    def signed_interval(self, low: float, high: float) -> str:
        """Format the interval of a difference in people, with signs and a decimal: "+6.1 to +12.0"."""
        return interval_in(low * self.base, high * self.base, decimals=1, signed=True)


def choose_scale(rates: Sequence[float]) -> PeopleScale:
    """Choose 100 people, or more if the largest rate is below 5 of them, or a rate would be rounded to none or all."""
    largest = max((rate for rate in rates if rate > 0), default=1.0)
    for base in _BASES:
        if largest * base >= 5 and all(0 < round(rate * base) < base for rate in rates if 0 < rate < 1):
            return PeopleScale(base)
    return PeopleScale(_BASES[-1])


def interval_text(low: float, high: float, scale: PeopleScale, *, margin: float | None = None) -> str:
    """Format an interval in whole people; with decimals where its ends would coincide, lose a sign or reach a margin.

    An end at the margin itself is shown as it is.
    """
    bounds = [] if margin is None else [-margin * scale.base, margin * scale.base]
    return interval_in(low * scale.base, high * scale.base, decimals=0, bounds=bounds)


def difference_phrase(effect: float, scale: PeopleScale, *, decimals: int = 0) -> str:
    """Format a difference: "9 more", "3 fewer", "less than 1 more"; with more decimals only where it is not none."""
    size = round(abs(effect) * scale.base, decimals)
    if abs(effect) < EQUAL:
        return gettext("as many")
    if not size:
        return gettext("less than 1 more") if effect > 0 else gettext("less than 1 fewer")
    words = gettext("%(number)s more") if effect > 0 else gettext("%(number)s fewer")
    return words % {"number": number(size, decimals)}


def at_most(share: float, scale: PeopleScale) -> str:
    """Format a share in people as an upper bound: rounded up to one decimal, or to the first that is not 0."""
    value = share * scale.base
    decimals = decimals_needed([value], least=1)
    return number(ceil(round(value * 10**decimals, 6)) / 10**decimals, decimals)


def p_value(p: float, decimals: int = 3) -> str:
    """Format a p-value, or say below what it lies: three decimals, or more where it would be 5% and is not.

    >>> p_value(0.0123), p_value(0.0496), p_value(0.0002), p_value(0.00001, 4)
    ('0.012', '0.0496', 'below 0.001', 'below 0.0001')
    """
    least = 10.0**-decimals
    if p < least:
        return gettext("below %(number)s") % {"number": number(least, decimals)}
    return number(p, decimals_needed([p], least=decimals, bounds=_USUAL_ALPHAS))


def coarse_count(value: int, least: int) -> str:
    """Format a count for a log or a terminal, to one figure: exact ones beside each other disclose a small one."""
    if value < least:
        return hidden_count_text(least) if value else number(value)
    return f"about {number(to_one_figure(value))}"


def hidden_count_text(least: int) -> str:
    """Text in place of a suppressed count."""
    return gettext("fewer than %(least)s") % {"least": least}


def count_text(value: int | None, least: int) -> str:
    """Format a count with thousands separators, or the text in place of a suppressed one."""
    return hidden_count_text(least) if value is None else number(value)


def to_one_figure(value: float) -> int:
    """Round to one significant figure: 37 to 40, 1,234 to 1,000."""
    whole = max(round(value), 1)
    step: int = 10 ** (len(str(whole)) - 1)
    return round(whole / step) * step


def to_two_figures(value: int) -> int:
    """Round a sample size up to two figures, because it is a plan and not a measurement."""
    step: int = 10 ** max(len(str(value)) - 2, 0)
    return ceil(value / step) * step
