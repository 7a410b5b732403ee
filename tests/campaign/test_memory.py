"""What a web worker leaves out, and that nothing misses it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from campaign import memory

_PROGRAM = """
from campaign.memory import release_free_memory, block_unused_imports
block_unused_imports()
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
import django
django.setup()
from rest_framework import compat
release_free_memory()
print([compat.postgres_fields, compat.pygments_css("default")])
"""


@pytest.mark.process
def test_what_is_never_used_is_not_loaded_and_the_library_does_without() -> None:
    told = subprocess.run([sys.executable, "-c", _PROGRAM], check=True, capture_output=True, text=True).stdout
    assert told == "[None, None]\n"


def test_what_is_loaded_already_stays() -> None:
    before = {name: sys.modules[name] for name in memory.UNUSED_MODULES if sys.modules.get(name)}
    missing = [name for name in memory.UNUSED_MODULES if name not in sys.modules]
    memory.block_unused_imports()
    assert {name: sys.modules[name] for name in before} == before
    for name in missing:
        del sys.modules[name]


_WHOLE_SITE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
import django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
import campaign.wsgi
print([name for name in ("cryptography", "fido2", "nacl") if name in sys.modules])
from messages.accounts import encryption
encryption.decrypt_secret(encryption.encrypt_secret("secret", key=b"k"), key=b"k")
print([name for name in ("cryptography", "fido2", "nacl") if name in sys.modules])
"""


@pytest.mark.process
def test_what_second_factors_need_is_loaded_when_one_is_first_asked_for() -> None:
    told = subprocess.run([sys.executable, "-c", _WHOLE_SITE], check=True, capture_output=True, text=True).stdout
    assert told == "[]\n['nacl']\n"
