"""The words by which an attacker tells the arms apart."""


def words_of(headline: str, body: str) -> str:
    """Name a message by all of its words: those of one set have one headline."""
    return f"{headline} {body}"
