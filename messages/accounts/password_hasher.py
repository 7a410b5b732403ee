"""How passwords are hashed: Argon2id with little memory, so that many sign-ins at once do not fill a small server."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """19 MiB, two passes, one lane: the least that OWASP's Password Storage Cheat Sheet accepts."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
