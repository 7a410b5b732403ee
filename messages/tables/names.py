"""PURE  Which signs of a name nobody sees."""

import re

# What Unicode 16 lists as Default_Ignorable_Code_Point, without what it reserves: soft hyphens, marks of direction,
# joiners, selectors of variants, fillers and tags.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def without_invisible_signs(name: str) -> str:
    """The name as it looks: without signs of no width, and with one blank where there are several of any kind."""
    return " ".join(_INVISIBLE.sub("", name).split())
