"""Hash passwords by Argon2id with little memory, so that many sign-ins at once fit into a small server."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """19 MiB, two passes and one lane: the minimum of OWASP's Password Storage Cheat Sheet."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
