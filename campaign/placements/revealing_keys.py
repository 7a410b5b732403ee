"""PURE  Does a placement's key tell what the page is about? It stands in the address and in the browser's history."""

_REVEALING = (
    *("abuse", "csam", "deep", "desnud", "explicit", "fake", "fals", "intim", "leak", "naked", "ncii", "nsfw", "nud"),
    *("porn", "revenge", "sex", "strip", "undress", "victim", "xxx"),
)


def revealing_parts(key: str) -> list[str]:
    """The parts of a key that begin with a revealing word.

    >>> revealing_parts("essex-nudify-page")
    ['nudify']
    """
    return [part for part in key.replace("_", "-").split("-") if part.startswith(_REVEALING)]
