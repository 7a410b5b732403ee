"""Loaded before the settings: tests keep all they write in a directory of their own, on plain HTTP."""

import atexit
import os
import shutil
import tempfile

from hypothesis import settings

_directory = tempfile.mkdtemp(prefix="second-thought-tests-")
atexit.register(shutil.rmtree, _directory, ignore_errors=True)
os.environ["DATA_DIRECTORY"] = _directory
os.environ["LOCAL_HTTP"] = "1"
for _name in ("DATABASE_URL", "AUDIENCE_DATABASE_URL", "KEY_DIRECTORY", "SECRET_KEY", "DEBUG", "ALLOWED_HOSTS"):
    os.environ.pop(_name, None)

# Generated cases are the same in every run, and no test is timed: a noisy machine turns nothing red.
# To search further: python -m pytest --hypothesis-profile=search
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("search", derandomize=False, deadline=None, max_examples=2_000)
settings.load_profile("steady")
