"""The WSGI application: the audience surface in front, Django behind it."""

import os
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "campaign.settings")
django_application = get_wsgi_application()


def __getattr__(name: str) -> "WSGIApplication":
    """`application`, mounted when a server asks for it: importing this module starts no threads."""
    if name != "application":
        raise AttributeError(name)
    from campaign.audience import mount

    application = globals()["application"] = mount(django_application)
    return application
