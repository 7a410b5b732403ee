"""Reduce a User-Agent header to the names of the browser and the system."""

# The first match counts, because Edge and Opera also name Chrome, and Chrome also names Safari.
_BROWSERS = (("Firefox", "Firefox"), ("Edg", "Edge"), ("OPR", "Opera"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def parse_user_agent(agent: str) -> tuple[str, str]:
    """The browser and the system; empty where unknown.

    >>> parse_user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0")
    ('Firefox', 'Linux')
    >>> parse_user_agent("curl/8.5")
    ('', '')
    """
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    return browser, next((name for mark, name in _SYSTEMS if mark in agent), "")
