"""Render a template of templates/pdf with values, in a process that has none of our secrets."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

TIMEOUT = 30  # seconds; a document takes less than one
_SCRIPT = Path(__file__).with_name("typeset.py")


class PdfNotRendered(Exception):
    """The process that renders the PDF failed."""


def render_pdf(template: str, values: Mapping[str, Any]) -> bytes:
    """Return a document as PDF; the same values give the same bytes. Raises PdfNotRendered."""
    try:
        return typeset_apart(template, json.dumps(values))
    except (OSError, subprocess.SubprocessError) as error:
        log.error("Rendering the PDF %s failed: %s", template, type(error).__name__)
        raise PdfNotRendered from None


def typeset_apart(template: str, values: str) -> bytes:
    """Set a document in a process of its own, which is told nothing but the document."""
    process = subprocess.run(
        [sys.executable, "-I", str(_SCRIPT), template],
        input=values.encode(),
        capture_output=True,
        timeout=TIMEOUT,
        check=True,
        env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
    )
    return process.stdout
