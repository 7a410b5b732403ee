"""Roles in templates: a link is shown to those whom its page lets in."""

from django import template
from django.contrib.auth.models import AbstractUser, AnonymousUser

from messages.roles import has_role

register = template.Library()


@register.filter
def is_a(user: AbstractUser | AnonymousUser, role: str) -> bool:
    """{% if user|is_a:"manager" %}"""
    return has_role(user, role)
