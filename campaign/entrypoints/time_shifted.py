"""The application with its clock set back by `REHEARSAL_HOURS_AGO` hours. Only simulations run it."""

import os
import time

from campaign.rsgi import RsgiApplication
from campaign.serving.application import create_audience_application
from campaign.wsgi import django_application

_SECONDS_AGO = 3600.0 * float(os.environ["REHEARSAL_HOURS_AGO"])

application = RsgiApplication(django_application, create_audience_application(clock=lambda: time.time() - _SECONDS_AGO))
