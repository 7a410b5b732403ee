"""The application with its clock set back by `REHEARSAL_HOURS_AGO` hours, so that views of a simulation are closed.

Only simulations run it. The production application (campaign.rsgi) has no such switch.
"""

import os
import time

from campaign.rsgi import RsgiApplication
from campaign.serving.application import create_audience_application
from campaign.wsgi import django_application

_SECONDS_AGO = 3600.0 * float(os.environ["REHEARSAL_HOURS_AGO"])

application = RsgiApplication(django_application, create_audience_application(clock=lambda: time.time() - _SECONDS_AGO))
