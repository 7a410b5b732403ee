"""Read results of Second Thought, from a file or from its API, into pandas or polars.

    >>> from second_thought import read_file, Site  # doctest: +SKIP
    >>> look = read_file("pilot-look-4-bundle.zip")  # doctest: +SKIP
    >>> look.pandas("estimates")  # doctest: +SKIP

A number that is missing in a table is hidden because it is small, or there is none.
"""

from second_thought.api import ApiError, Site
from second_thought.files import Look, UnreadableFile, read_bytes, read_file

__all__ = ["ApiError", "Look", "Site", "UnreadableFile", "read_bytes", "read_file"]
