"""The template tag of the switch for results by e-mail, for the account page, whose app may not import this one."""

from django import template
from django.contrib.auth.models import AbstractUser

from analytics.models import ResultMail
from messages.roles import STAFF_ROLES, has_role
from messages.staff_mail.mail import is_mail_possible

register = template.Library()


@register.simple_tag
def result_mail_state(user: AbstractUser) -> str:
    """Return "on" or "off"; "no address" or "no mail" where none could be sent, and "" for who may not read results."""
    if not has_role(user, *STAFF_ROLES):
        return ""
    if not is_mail_possible():
        return "no mail"
    if not user.email:
        return "no address"
    return "on" if ResultMail.objects.filter(person=user.pk).exists() else "off"
