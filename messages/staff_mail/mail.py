"""Send one mail to a person, if the installation has a mail server."""

import logging

from django.conf import settings
from django.core.mail import send_mail

logger = logging.getLogger(__name__)


def is_mail_possible() -> bool:
    """Whether mails leave this site; on a site for this machine alone they are printed in its terminal instead."""
    return bool(settings.EMAIL_HOST) or settings.MAIL_IS_PRINTED


def send_mail_if_possible(address: str, subject: str, text: str, *, may_print: bool = False) -> bool:
    """Send a mail; return False if there is no mail server, or if it did not accept the mail.

    With `may_print`, the terminal will do where mails are printed: for what the reader of the terminal may know.
    """
    if not (settings.EMAIL_HOST or (may_print and settings.MAIL_IS_PRINTED)):
        return False
    try:
        return bool(send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [address]))
    except OSError as error:
        logger.warning("The mail server did not accept a mail to a person: %s", type(error).__name__)
        return False
