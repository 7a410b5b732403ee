"""PURE  Does a placement's key tell what the page is about? It stands in the address and in the browser's history."""

_TELLING = (
    *("abuse", "csam", "deep", "desnud", "explicit", "fake", "fals", "intim", "leak", "naked", "ncii", "nsfw", "nud"),
    *("porn", "revenge", "sex", "strip", "undress", "victim", "xxx"),
)


def telling_parts(key: str) -> list[str]:
    """The parts of a key that begin with a telling word.

    >>> telling_parts("essex-nudify-page")
    ['nudify']
    """
    return [part for part in key.replace("_", "-").split("-") if part.startswith(_TELLING)]
