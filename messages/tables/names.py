"""PURE  How a name looks: which signs nobody sees, and which letters of two alphabets look the same."""

import re
import unicodedata

# What Unicode 16 lists as Default_Ignorable_Code_Point, without what it reserves: soft hyphens, marks of direction,
# joiners, selectors of variants, fillers and tags.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Cyrillic and Greek letters that most fonts draw like a Latin one, and Cyrillic ones like Greek ones: of those in
# Unicode 17's confusables.txt (Technical Standard 39) the letters in use today. What looks alike within one alphabet,
# such as I and l, is not among them.
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456"
    "\u0458\u0455\u04bb\u0501\u051b\u051d\u0475\u04cf"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421"
    "\u0422\u0423\u0425\u0406\u0408\u0405\u051c\u0474\u04c0\u04ae"
    "\u03b1\u03b9\u03bd\u03bf\u03c1\u03c5\u03f2\u03f3"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c"
    "\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03f9"
    "\u0413\u041f\u0424",
    "aeopcyxijshdqwvlABEKMHOPCTYXIJSWVIYaivopucjABEZHIKMNOPTYXC\u0393\u03a0\u03a6",
)


def without_invisible_signs(name: str) -> str:
    """The name as it looks: without signs of no width, and with one blank where there are several of any kind."""
    return " ".join(_INVISIBLE.sub("", name).split())


def look_of(name: str) -> str:
    """The name as it looks, the same for two that nobody can tell apart on a screen."""
    if name.isascii() and "  " not in name:
        return name
    return without_invisible_signs(unicodedata.normalize("NFC", name)).translate(_LOOK_ALIKES)
