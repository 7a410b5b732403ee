"""Runs one function of a benchmark in a process of its own, inside an installation, where Django is set up.

`python -m benchmarks.process_runner benchmarks.fold:costs '{"views": 1000}'` prints what the function returns, as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import django

from benchmarks.installation import ROOT


def run(own: Mapping[str, str], function: str, **arguments: object) -> Any:
    """Call `function` ("module:name") in a process of the installation `own`, and return its result."""
    command = [sys.executable, "-m", "benchmarks.process_runner", function, json.dumps(arguments)]
    done = subprocess.run(command, check=True, cwd=ROOT, env=dict(own), stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def main(function: str, arguments: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
    django.setup()
    module, _, name = function.partition(":")
    print(json.dumps(getattr(import_module(module), name)(**json.loads(arguments))))


if __name__ == "__main__":
    main(*sys.argv[1:])
