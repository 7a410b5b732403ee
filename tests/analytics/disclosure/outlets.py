"""The inventory of outlets (analytics/disclosure/outlets.toml): what the code has of them, and what each says."""

from __future__ import annotations

import ast
import io
import tomllib
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction

from analytics import clock_check
from analytics.models import Notice, WorkerStep
from analytics.notifications.delivery import dashboard_url
from analytics.notifications.events import record_notices
from analytics.notifications.wording import email_subject_and_text
from analytics.worker.steps import STEPS
from campaign.models import Campaign
from tests import permissions, world

ROOT = Path(__file__).parents[3]
INVENTORY = ROOT / "analytics" / "disclosure" / "outlets.toml"
APPS = ("analytics", "campaign", "messages")
KINDS = {"counts", "words", "nothing"}
_SENDING_TOOLS = {
    "EmailMessage",
    "EmailMultiAlternatives",
    "send_mail",
    "send_mass_mail",
    "mail_admins",
    "mail_managers",
}
_SENDING_TOOLS |= {"send_request", "urlopen"}
_ASKS_FOR_ITSELF = {"analytics/doctor/probes.py", "messages/public_http.py"}  # an operator's probe; the tool itself
Entry = Mapping[str, str]


def inventory() -> dict[str, dict[str, Entry]]:
    """The whole inventory: section -> name -> what it says."""
    with INVENTORY.open("rb") as stream:
        return tomllib.load(stream)


def outlets_in_the_code() -> dict[str, set[str]]:
    """Every outlet that the code has, by section."""
    commands = (path for app in APPS for path in (ROOT / app / "management" / "commands").glob("*.py"))
    modules = (path for app in APPS for path in (ROOT / app).rglob("*.py"))
    return {
        "audience": {
            route for route in permissions.audience_routes() if not route.startswith(("/static/", "/favicon"))
        },
        "commands": {path.stem for path in commands if path.stem != "__init__"},
        "worker": {step.name for step in STEPS} | {"help links"},
        "notices": set(Notice.Kind.values),
        "senders": {
            name
            for path in modules
            if (name := str(path.relative_to(ROOT))) not in _ASKS_FOR_ITSELF
            if sends_something(path.read_text(encoding="utf-8"))
        },
    }


def sends_something(source: str) -> bool:
    """Whether a module sends a mail or a request."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute | ast.Name)]
    return bool({node.attr if isinstance(node, ast.Attribute) else node.id for node in nodes} & _SENDING_TOOLS)


# Reading


def read_outlets(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What each outlet of the inventory says of a campaign, as far as it can be read."""
    monkeypatch.setattr(clock_check, "current_problem", lambda now: "")  # the tests' clock is not this machine's
    said = {}
    readers = readers_by_name(campaign)
    readers["report ['--json']"] = partial(_command, "report", "--json")
    for name, read in readers.items():
        with transaction.atomic():
            said[name] = read()
            transaction.set_rollback(True)
    return said


def readers_by_name(campaign: Campaign) -> dict[str, Callable[[], str]]:
    """How to read each outlet that can be read; routes of staff are read as pages."""
    steps = {step.name: step for step in STEPS}
    readers: dict[str, Callable[[], str]] = {}
    for section, entries in inventory().items():
        for name in [name for name, entry in entries.items() if "unread" not in entry]:
            if section == "commands":
                readers[name if name != "report" else "report []"] = partial(_command, name)
            elif section == "worker" and name in steps:
                readers[f"worker {name}"] = partial(steps[name].run, world.NOON)
            elif section == "notices":
                readers[f"notice {name}"] = partial(_notices, campaign, name)
    return readers


def _command(name: str, *options: str) -> str:
    output = io.StringIO()
    with redirect_stdout(output):
        call_command(name, "pilot", *options, stdout=output)
    return output.getvalue()


def _notices(campaign: Campaign, kind: str) -> str:
    """The mails and webhooks of a kind; the page that shows them is a route."""
    record_notices(campaign, now=world.NOON)
    found: Iterable[Notice] = Notice.objects.filter(campaign=campaign, kind=kind).order_by("pk")
    return "\n".join("\n".join(email_subject_and_text(each, page_url=dashboard_url(each))) for each in found)


def note_that_all_is_folded() -> None:
    """The watch page shows whole days once the worker has folded them."""
    later = world.NOON.replace(day=world.NOON.day + 1)
    WorkerStep.objects.update_or_create(name="fold", defaults={"began_at": later, "succeeded_at": later})
