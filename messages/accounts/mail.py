"""Send one mail about an account, if the installation has a mail server."""

import logging

from django.conf import settings
from django.core.mail import send_mail

logger = logging.getLogger(__name__)


def send_mail_if_possible(address: str, subject: str, text: str) -> bool:
    """Send a mail; return False if there is no mail server, or if it did not accept the mail."""
    if not settings.EMAIL_HOST:
        return False
    try:
        return bool(send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [address]))
    except OSError as error:
        logger.warning("The mail server did not accept a mail about an account: %s", type(error).__name__)
        return False
