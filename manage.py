#!/usr/bin/env python
"""Run a command of the project: `python manage.py help` lists them."""

import os
import sys

from django.core.management import execute_from_command_line

from campaign.entrypoints.launcher import disable_core_dumps

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "campaign.settings")
    disable_core_dumps()  # some of them read open views or keys
    execute_from_command_line(sys.argv)
