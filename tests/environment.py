"""Loaded before the settings: tests keep all they write in a directory of their own, on plain HTTP."""

import atexit
import os
import shutil
import tempfile

_directory = tempfile.mkdtemp(prefix="second-thought-tests-")
atexit.register(shutil.rmtree, _directory, ignore_errors=True)
os.environ["DATA_DIRECTORY"] = _directory
os.environ["LOCAL_HTTP"] = "1"
for _name in ("DATABASE_URL", "AUDIENCE_DATABASE_URL", "KEY_DIRECTORY", "SECRET_KEY", "DEBUG", "ALLOWED_HOSTS"):
    os.environ.pop(_name, None)
