"""The words of a search as a request brings it: so many that a person may type them, and no more."""

MAX_LENGTH = 100
MAX_WORDS = 12  # each is looked for by itself


def typed_search(text: str) -> str:
    """The search as the page shows it again."""
    return text.strip()[:MAX_LENGTH]


def search_words(text: str) -> list[str]:
    """The different words of a search, at most MAX_WORDS of them.

    >>> search_words("a picture of a  friend")
    ['a', 'picture', 'of', 'friend']
    """
    return list(dict.fromkeys(text[:MAX_LENGTH].split()))[:MAX_WORDS]
