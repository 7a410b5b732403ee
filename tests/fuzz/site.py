"""A production server to fuzz, with its data and output in a searchable folder."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from benchmarks.installation import DECIDE, PLACEMENT, ROOT, receipts, serving
from benchmarks.load import drive as load
from campaign.entrypoints.launcher import PRODUCTION_APPLICATION
from tests.demo_installation import copy_demo_installation
from tests.fuzz import wire
from tests.fuzz.marks import MarkFactory
from tests.fuzz.request_filler import RequestFiller

_HOSTED = "quiet-page"
_PREVIEW = f"""
from campaign.models import Arm, Placement
from campaign.serving.preview_links import preview_url
from django.utils import timezone
arm = Arm.objects.all()[0]
print(preview_url(Placement.objects.get(key={_HOSTED!r}), arm, by=arm.campaign.created_by, now=timezone.now()))
"""


@dataclass
class FuzzedSite:
    """A running server, its files, and the filler of requests to it."""

    port: int
    directory: Path
    output: Path
    filler: RequestFiller

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def marks(self) -> MarkFactory:
        return self.filler.marks

    def is_serving(self) -> bool:
        """Whether it still answers a valid request."""
        return load(self.port, repeat(DECIDE, 1), seconds=wire.PATIENCE).replies == 1

    def find_stored_marks(self) -> list[str]:
        """Search the files of the installation and the output of the server for marks."""
        return self.marks.find_in([self.directory, self.output])


@contextmanager
def start_fuzzed_site(folder: Path) -> Iterator[FuzzedSite]:
    """Start a server with the demo campaign in `folder`, and collect real receipts."""
    own = copy_demo_installation(folder)
    preview = _preview(own)
    output = folder / "output"
    with ExitStack() as stack:
        with _redirect_output(output):
            served = stack.enter_context(serving(PRODUCTION_APPLICATION, own))
        wardrobe = RequestFiller(
            placements=(_HOSTED, PLACEMENT),
            receipts=receipts(served.port, 200),
            preview=preview,
            marks=MarkFactory(),
            chance=random.Random(1),
        )
        yield FuzzedSite(served.port, Path(own["DATA_DIRECTORY"]), output, wardrobe)


@contextmanager
def _redirect_output(output: Path) -> Iterator[None]:
    """Redirect the output of processes that are started in this context to a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(number) for number in (1, 2)]
    try:
        with output.open("wb") as file:
            for number in (1, 2):
                os.dup2(file.fileno(), number)
        yield
    finally:
        for number, old in zip((1, 2), kept, strict=True):
            os.dup2(old, number)
            os.close(old)


def _preview(own: Mapping[str, str]) -> str:
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", _PREVIEW]
    said = subprocess.run(command, check=True, cwd=ROOT, env=dict(own), capture_output=True, text=True).stdout
    return said.split("preview=")[1].strip().replace("%3A", ":")
