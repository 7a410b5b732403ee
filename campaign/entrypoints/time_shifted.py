"""The application with its clock set back: only simulations run it, so that their views close without a wait.

`REHEARSAL_HOURS_AGO` says by how much. The production application (campaign.rsgi) has no such switch.
"""

import os
import time

from campaign.rsgi import Door
from campaign.serving.application import mount
from campaign.wsgi import django_application

_SECONDS_AGO = 3600.0 * float(os.environ["REHEARSAL_HOURS_AGO"])

application = Door(django_application, mount(clock=lambda: time.time() - _SECONDS_AGO))
